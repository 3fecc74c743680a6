"""The stories of sharing and of attributes, told by those who may do just that: a RAM user with a narrow policy, and
whoever assumed a role with the same one. With the Tea SDKs, the classic SDK and oss2.

usage: story_identities.py DISK OTHER_ACCOUNT OTHER_KEY OTHER_SECRET
Prints the image and the keys as JSON, for a story in another language to go on with.
"""

import json
import sys

import oss2
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_ram20150501 import models as ram
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_sts20150401 import models as sts
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient

import common

disk, other_account, other_key, other_secret = sys.argv[1:]
REGION, ECS_VERSION = common.REGION, "2014-05-26"


def config(key, secret, token=None):
    return Config(
        access_key_id=key,
        access_key_secret=secret,
        security_token=token,
        region_id=REGION,
        endpoint=common.ENDPOINT,
        protocol="http",
    )


def imported():
    """The owner's image."""
    bucket = oss2.Bucket(oss2.AuthV4(common.KEY, common.SECRET), common.OSS, "identities", region=REGION)
    bucket.create_bucket()
    oss2.resumable_upload(bucket, "disk.raw", disk, multipart_threshold=1 << 20, part_size=8 << 20)
    common.ensure_roles()
    owner = Ecs(config(common.KEY, common.SECRET))
    mapping = ecs.ImportImageRequestDiskDeviceMapping(ossbucket=bucket.bucket_name, ossobject="disk.raw")
    request = ecs.ImportImageRequest(region_id=REGION, image_name="theirs", disk_device_mapping=[mapping])
    image = owner.import_image(request).body.image_id
    common.until("the import", lambda: seen_by(owner, image))
    return image


def seen_by(client, image):
    found = client.describe_images(ecs.DescribeImagesRequest(region_id=REGION, image_id=image)).body.images.image
    return found[0] if found else None


def allow(verbs, resources):
    return {"Effect": "Allow", "Action": verbs, "Resource": resources}


def document(*statements):
    return json.dumps({"Version": "1", "Statement": list(statements)})


def people(image):
    """Makes the user, whose policy allows three things with one image, and the role, which may also write an object."""
    client = Ram(config(common.KEY, common.SECRET))
    account = common.common_request(common.classic_client(), "2015-04-01", "GetCallerIdentity")["AccountId"]
    of_image = f"acs:ecs:{REGION}:{account}:image/{image}"
    verbs = ["ecs:ModifyImageAttribute", "ecs:ModifyImageSharePermission", "ecs:DescribeImageSharePermission"]
    narrow = [allow("ecs:DescribeImages", "*"), allow(verbs, of_image)]
    role = f"acs:ram::{account}:role/sharer"
    upload = allow("oss:PutObject", "acs:oss:*:*:identities/from-role/*")
    for name, statements in {
        "shares-one-image": narrow,
        "assumes": [allow("sts:AssumeRole", f"acs:ram::{account}:role/sharer")],
        "uploads": [upload],
    }.items():
        client.create_policy(ram.CreatePolicyRequest(policy_name=name, policy_document=document(*statements)))
    client.create_user(ram.CreateUserRequest(user_name="sharon"))
    key = client.create_access_key(ram.CreateAccessKeyRequest(user_name="sharon")).body.access_key
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"RAM": [f"acs:ram::{account}:user/sharon"]}}
    client.create_role(ram.CreateRoleRequest(role_name="sharer", assume_role_policy_document=document(trust)))
    for name in ("shares-one-image", "assumes"):
        attach = ram.AttachPolicyToUserRequest(policy_type="Custom", policy_name=name, user_name="sharon")
        client.attach_policy_to_user(attach)
    for name in ("shares-one-image", "uploads"):
        attach = ram.AttachPolicyToRoleRequest(policy_type="Custom", policy_name=name, role_name="sharer")
        client.attach_policy_to_role(attach)
    return (key.access_key_id, key.access_key_secret), role


def assume(key, role, **more):
    request = sts.AssumeRoleRequest(role_arn=role, role_session_name="story", duration_seconds=900, **more)
    body = Sts(config(*key)).assume_role(request).body
    assert body.assumed_role_user.arn.endswith(":role/sharer/story"), body
    given = body.credentials
    temporary = (given.access_key_id, given.access_key_secret, given.security_token)
    who = Sts(config(*temporary)).get_caller_identity().body
    assert who.identity_type == "AssumedRoleUser" and who.arn.endswith(":assumed-role/sharer/story"), who
    return temporary


def forbidden(call, request, verb, kind):
    """The SDK's own exception, and what it was told of the reason."""
    from alibabacloud_tea_openapi.exceptions import ClientException

    try:
        call(request)
    except ClientException as error:
        detail = error.access_denied_detail
        assert (error.status_code, error.code) == (403, "Forbidden.RAM"), error
        assert (detail["AuthAction"], detail["AuthPrincipalType"]) == (verb, kind), detail
        assert detail["NoPermissionType"] == "ImplicitDeny", detail
        return
    raise AssertionError(f"{verb} was allowed")


def refused(call, request, code):
    try:
        call(request)
    except Exception as error:
        assert error.code == code, error
        return
    raise AssertionError(f"{code} was expected")


def with_tea(image, key, kind):
    client, reader = Ecs(config(*key)), Ecs(config(other_key, other_secret))

    def sharing(**change):
        return ecs.ModifyImageSharePermissionRequest(region_id=REGION, image_id=image, **change)

    def attribute(**change):
        return ecs.ModifyImageAttributeRequest(region_id=REGION, image_id=image, **change)

    client.modify_image_attribute(attribute(description=f"told by {kind}", image_family="web"))
    shown = seen_by(client, image)
    assert (shown.description, shown.image_family) == (f"told by {kind}", "web"), shown
    refused(client.modify_image_attribute, attribute(image_name="x"), "InvalidImageName.Malformed")
    assert seen_by(reader, image) is None
    client.modify_image_share_permission(sharing(add_account=[other_account]))
    permission = ecs.DescribeImageSharePermissionRequest(region_id=REGION, image_id=image)
    accounts = client.describe_image_share_permission(permission).body.accounts.account
    assert [account.aliyun_id for account in accounts] == [other_account], accounts
    assert seen_by(reader, image).image_owner_alias == "others"
    refused(client.modify_image_attribute, attribute(status="Deprecated"), "ImageUseShared")
    client.modify_image_share_permission(sharing(remove_account=[other_account]))
    assert seen_by(reader, image) is None
    # What the policy does not name: another action, and the same action with another image.
    forbidden(client.delete_image, ecs.DeleteImageRequest(region_id=REGION, image_id=image), "ecs:DeleteImage", kind)
    other = ecs.ModifyImageAttributeRequest(region_id=REGION, image_id="m-another", description="another")
    forbidden(client.modify_image_attribute, other, "ecs:ModifyImageAttribute", kind)


def with_classic(image, client):
    def call(action, **params):
        return common.common_request(client, ECS_VERSION, action, RegionId=REGION, **params)

    def code_of(action, **params):
        try:
            call(action, **params)
        except ServerException as error:
            return error.get_http_status(), error.get_error_code()
        raise AssertionError("the call succeeded")

    call("ModifyImageAttribute", ImageId=image, Description="classic")
    assert call("DescribeImages", ImageId=image)["Images"]["Image"][0]["Description"] == "classic"
    call("ModifyImageSharePermission", ImageId=image, **{"AddAccount.1": other_account})
    assert call("DescribeImageSharePermission", ImageId=image)["TotalCount"] == 1
    call("ModifyImageSharePermission", ImageId=image, **{"RemoveAccount.1": other_account})
    assert code_of("DeleteImage", ImageId=image) == (403, "Forbidden.RAM")
    assert code_of("CopyImage", ImageId=image, DestinationRegionId=REGION) == (403, "Forbidden.RAM")


def with_oss(user, role):
    """The role writes below its prefix and nowhere else; the user writes nowhere."""

    def denied(auth, key):
        try:
            oss2.Bucket(auth, common.OSS, "identities", region=REGION).put_object(key, b"x")
        except oss2.exceptions.AccessDenied:
            return
        raise AssertionError(f"{key} was written")

    owner = oss2.Bucket(oss2.AuthV4(common.KEY, common.SECRET), common.OSS, "identities", region=REGION)
    for version in (oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_4):
        auth = oss2.StsAuth(*role, auth_version=version)
        bucket = oss2.Bucket(auth, common.OSS, "identities", region=REGION)
        name = f"from-role/{version}"
        bucket.put_object(name, b"bytes of the role")
        assert owner.get_object(name).read() == b"bytes of the role"
        denied(auth, "elsewhere")
    denied(oss2.AuthV4(*user), "from-role/user")


def main():
    image = imported()
    user, arn = people(image)
    role = assume(user, arn)
    with_tea(image, user, "SubUser")
    with_tea(image, role, "AssumedRoleUser")
    with_classic(image, AcsClient(*user, REGION))
    with_classic(image, AcsClient(region_id=REGION, credential=StsTokenCredential(*role)))
    with_oss(user, role)
    # A session that may do less than its role.
    less = assume(user, arn, policy=document(allow("ecs:DescribeImages", "*")))
    client = Ecs(config(*less))
    assert seen_by(client, image)
    change = ecs.ModifyImageAttributeRequest(region_id=REGION, image_id=image, description="more")
    forbidden(client.modify_image_attribute, change, "ecs:ModifyImageAttribute", "AssumedRoleUser")
    print(json.dumps({"image": image, "user": user, "role": role}))


main()
