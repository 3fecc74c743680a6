"""The story of an image that changes its attributes and its readers, told with the Tea SDK by two accounts.

usage: story_sharing.py DISK OTHER_ACCOUNT OTHER_KEY OTHER_SECRET
Prints the ids of the image and of the other account's server.
"""

import sys

import oss2
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config

import common

disk, other_account, other_key, other_secret = sys.argv[1:]
REGION = common.REGION


def client_of(key, secret):
    return Client(
        Config(
            access_key_id=key,
            access_key_secret=secret,
            region_id=REGION,
            endpoint=common.ENDPOINT,
            protocol="http",
        )
    )


owner, reader = client_of(common.KEY, common.SECRET), client_of(other_key, other_secret)


def refused(call, request, code, status):
    try:
        call(request)
    except Exception as error:
        found = (error.code, error.data.get("statusCode") if getattr(error, "data", None) else status)
        assert found == (code, status), (found, code, status)
        return
    raise AssertionError(f"{code} was expected")


bucket = oss2.Bucket(oss2.AuthV4(common.KEY, common.SECRET), common.OSS, "story-sharing", region=REGION)
bucket.create_bucket()
oss2.resumable_upload(bucket, "disk.raw", disk, multipart_threshold=1 << 20, part_size=8 << 20)
common.ensure_roles()


def imported(name):
    mapping = models.ImportImageRequestDiskDeviceMapping(ossbucket=bucket.bucket_name, ossobject="disk.raw")
    request = models.ImportImageRequest(region_id=REGION, image_name=name, disk_device_mapping=[mapping])
    made = owner.import_image(request).body.image_id
    common.until("the import", lambda: seen_by(owner, made))
    return made


def seen_by(client, image, **more):
    request = models.DescribeImagesRequest(region_id=REGION, image_id=image, **more)
    found = client.describe_images(request).body.images.image
    return found[0] if found else None


def modify(image, **changes):
    return models.ModifyImageAttributeRequest(region_id=REGION, image_id=image, **changes)


def sharing(image, **change):
    return models.ModifyImageSharePermissionRequest(region_id=REGION, image_id=image, **change)


# Attributes, and a family that rolls back.
old, image = imported("old"), imported("new")
for member in (old, image):
    owner.modify_image_attribute(modify(member, image_family="web", description="of the family"))
features = models.ModifyImageAttributeRequestFeatures(nvme_support="supported", imds_support="v2")
owner.modify_image_attribute(modify(image, image_name="newest", license_type="BYOL", features=features))
shown = seen_by(owner, image)
assert (shown.image_name, shown.image_family, shown.description) == ("newest", "web", "of the family"), shown
assert (shown.features.nvme_support, shown.features.imds_support) == ("supported", "v2"), shown
back = models.ModifyImageAttributeRequestFeatures(imds_support="v1")
refused(
    owner.modify_image_attribute,
    modify(image, features=back),
    "InvalidOperation.FeaturesImdsSupportNotMatch",
    403,
)
refused(owner.modify_image_attribute, modify(image, image_name="old"), "InvalidImageName.Duplicated", 400)


def newest():
    request = models.DescribeImageFromFamilyRequest(region_id=REGION, image_family="web")
    return owner.describe_image_from_family(request).body.image.image_id


assert newest() == image
owner.modify_image_attribute(modify(image, status="Deprecated"))
assert newest() == old
owner.modify_image_attribute(modify(image, status="Available"))
assert newest() == image

# Shared, used, and taken back.
refused(reader.modify_image_attribute, modify(image, image_name="theirs"), "InvalidImageId.NotFound", 404)
owner.modify_image_share_permission(sharing(image, add_account=[other_account]))
request = models.DescribeImageSharePermissionRequest(region_id=REGION, image_id=image)
accounts = owner.describe_image_share_permission(request).body.accounts.account
assert [account.aliyun_id for account in accounts] == [other_account]
assert seen_by(reader, image).image_owner_alias == "others"
refused(owner.modify_image_attribute, modify(image, status="Deprecated"), "ImageUseShared", 403)
refused(reader.modify_image_share_permission, sharing(image, add_account=["1"]), "InvalidImageId.NotFound", 404)
group = reader.create_security_group(models.CreateSecurityGroupRequest(region_id=REGION)).body.security_group_id
launch = models.RunInstancesRequest(
    region_id=REGION, image_id=image, instance_type="ecs.t5-lc1m1.small", security_group_id=group
)
server = reader.run_instances(launch).body.instance_id_sets.instance_id_set[0]


def status_is(wanted):
    request = models.DescribeInstanceAttributeRequest(instance_id=server)
    return reader.describe_instance_attribute(request).body.status == wanted


common.until("the launch", lambda: status_is("Running"))
reader.stop_instance(models.StopInstanceRequest(instance_id=server, force_stop=True))
common.until("the stop", lambda: status_is("Stopped"))
disks = reader.describe_disks(models.DescribeDisksRequest(region_id=REGION, instance_id=server)).body.disks.disk
anew = models.ReInitDiskRequest(disk_id=disks[0].disk_id)
reader.re_init_disk(anew)
owner.modify_image_share_permission(sharing(image, remove_account=[other_account]))
assert seen_by(reader, image) is None
refused(reader.run_instances, launch, "InvalidImageId.NotFound", 404)
refused(reader.re_init_disk, anew, "SharedImageDeleted", 403)

# Everybody's, for a time.
owner.modify_image_share_permission(sharing(image, is_public=True))
public = {"is_public": True, "image_owner_alias": "others"}
assert seen_by(reader, image, **public).is_public is True
assert seen_by(reader, image, image_owner_id=int(other_account), **public) is None
reader.re_init_disk(anew)
copy = models.CopyImageRequest(region_id=REGION, image_id=image, destination_region_id=REGION)
refused(reader.copy_image, copy, "OperationDenied.CommunityImage", 400)
refused(
    reader.modify_image_attribute,
    modify(image, image_name="theirs"),
    "InvalidOperation.PublicImageUnsupported",
    403,
)
delete = models.DeleteImageRequest(region_id=REGION, image_id=image, force=True)
refused(owner.delete_image, delete, "ImageIsPublic", 403)
owner.modify_image_share_permission(sharing(image, is_public=False))
refused(owner.modify_image_share_permission, sharing(image, is_public=False), "Image.NotPublic", 403)
print(image, server)
