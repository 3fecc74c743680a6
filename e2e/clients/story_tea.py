"""The story with oss2 and the Tea SDK (alibabacloud-ecs20140526): upload, import, watch, export, download, delete.

usage: story_tea.py acs3|v1 NAME DISK OUT
Prints the image's id; OUT is the exported QCOW2.
"""

import sys

import oss2
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

import common

signature, name, disk, out = sys.argv[1:]

auth = oss2.Auth(common.KEY, common.SECRET) if signature == "v1" else oss2.AuthV4(common.KEY, common.SECRET)
bucket = oss2.Bucket(auth, common.OSS, f"story-{name}", region=common.REGION)
bucket.create_bucket()
# Multipart, as the client does for large files.
oss2.resumable_upload(bucket, "disks/disk.img", disk, multipart_threshold=1 << 20, part_size=8 << 20)

config = Config(
    access_key_id=common.KEY,
    access_key_secret=common.SECRET,
    region_id=common.REGION,
    endpoint=common.ENDPOINT,
    protocol="http",
)
if signature == "v1":
    config.signature_algorithm = "v2"
client = Client(config)


def code_of(call, *args):
    try:
        call(*args)
    except Exception as error:
        return error.code
    raise AssertionError("the call succeeded")


mapping = models.ImportImageRequestDiskDeviceMapping(ossbucket=bucket.bucket_name, ossobject="disks/disk.img")
request = models.ImportImageRequest(
    region_id=common.REGION,
    image_name=name,
    description="gold image *~ 镜像 (v1)/a+b&c=d",
    disk_device_mapping=[mapping],
    tag=[models.ImportImageRequestTag(key="team", value="core infra")],
    client_token=f"token-{name}",
)
common.ensure_roles()

dry = models.ImportImageRequest(**{**request.__dict__, "dry_run": True, "client_token": None})
assert code_of(client.import_image, dry) == "DRYRUN.SUCCESS"

imported = client.import_image(request).body
assert imported.image_id.startswith("m-") and imported.region_id == common.REGION
assert client.import_image(request).body.image_id == imported.image_id, "the same token, the same image"


def image(status="ALL"):
    found = client.describe_images(
        models.DescribeImagesRequest(region_id=common.REGION, image_id=imported.image_id, status=status)
    ).body
    return found.images.image[0] if found.images.image else None


def finished():
    task = client.describe_task_attribute(
        models.DescribeTaskAttributeRequest(region_id=common.REGION, task_id=imported.task_id)
    ).body
    assert task.task_status in ("Processing", "Finished"), task
    return task if task.task_status == "Finished" else None


assert image() is not None, "an image is there from the moment its id is returned"
task = common.until("the import", finished)
assert task.task_process == "100%" and task.success_count == 1
done = image("Available")
assert done.usable is True and done.progress == "100%" and done.description == request.description
assert done.tags.tag[0].tag_key == "team" and done.tags.tag[0].tag_value == "core infra"
mapping = done.disk_device_mappings.disk_device_mapping[0]
assert mapping.import_ossbucket == bucket.bucket_name and mapping.device == "/dev/xvda"
tasks = client.describe_tasks(models.DescribeTasksRequest(region_id=common.REGION, task_ids=imported.task_id)).body
assert tasks.total_count == 1 and tasks.task_set.task[0].resource_id == imported.image_id

tagged = models.TagResourcesRequest(
    region_id=common.REGION,
    resource_type="image",
    resource_id=[imported.image_id],
    tag=[models.TagResourcesRequestTag(key="env", value="")],
)
client.tag_resources(tagged)
listed = client.list_tag_resources(
    models.ListTagResourcesRequest(
        region_id=common.REGION, resource_type="image", resource_id=[imported.image_id]
    )
).body
assert {t.tag_key for t in listed.tag_resources.tag_resource} == {"team", "env"}
regions = client.describe_regions(models.DescribeRegionsRequest()).body
assert common.REGION in [region.region_id for region in regions.regions.region]

exported = client.export_image(
    models.ExportImageRequest(
        region_id=common.REGION,
        image_id=imported.image_id,
        ossbucket=bucket.bucket_name,
        ossprefix="out",
        image_format="qcow2",
    )
).body


def written():
    task = client.describe_task_attribute(
        models.DescribeTaskAttributeRequest(region_id=common.REGION, task_id=exported.task_id)
    ).body
    assert task.task_status in ("Processing", "Finished"), task
    return task if task.task_status == "Finished" else None


task = common.until("the export", written)
related = task.operation_progress_set.operation_progress[0].related_item_set.related_item
key = {item.name: item.value for item in related}["OSSObject"]
assert key == f"out_{imported.image_id}_system.qcow2"
oss2.resumable_download(bucket, key, out)

missing = models.DeleteImageRequest(region_id=common.REGION, image_id="m-nothing")
assert code_of(client.delete_image, missing) == "InvalidImageId.NotFound"
bucket.delete_object(key)
bucket.delete_object("disks/disk.img")
bucket.delete_bucket()
print(imported.image_id)
