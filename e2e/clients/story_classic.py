"""The story with alibabacloud-oss-v2 and the classic SDK (aliyun-python-sdk-ecs), and a cancellation.

usage: story_classic.py NAME DISK OUT
"""

import json
import sys

import alibabacloud_oss_v2 as oss
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526 import (
    CancelTaskRequest,
    DeleteImageRequest,
    DescribeImagesRequest,
    DescribeTaskAttributeRequest,
    DescribeTasksRequest,
    ExportImageRequest,
    ImportImageRequest,
)

import common

name, disk, out = sys.argv[1:]
config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider(common.KEY, common.SECRET)
config.region = common.REGION
config.endpoint = common.OSS
bucket = f"classic-{name}"
store = oss.Client(config)
store.put_bucket(oss.PutBucketRequest(bucket=bucket))
store.uploader(part_size=8 << 20).upload_file(oss.PutObjectRequest(bucket=bucket, key="disk.img"), filepath=disk)

client = common.classic_client()


def call(module, **params):
    request = getattr(module, module.__name__.rsplit(".", 1)[1])()
    request.set_endpoint(common.ENDPOINT)
    request.set_protocol_type(protocol_type.HTTP)
    request.set_accept_format("json")
    for field, value in params.items():
        getattr(request, f"set_{field}")(value)
    return json.loads(client.do_action_with_exception(request))


def code_of(module, **params):
    try:
        call(module, **params)
    except ServerException as error:
        return error.get_error_code()
    raise AssertionError("the call succeeded")


common.ensure_roles()
mapping = [{"OSSBucket": bucket, "OSSObject": "disk.img", "Format": "RAW", "DiskImageSize": 40}]
imported = call(ImportImageRequest, ImageName=name, DiskDeviceMappings=mapping)
assert imported["TaskId"] == imported["ImportTaskId"]


def task_of(task, status):
    found = call(DescribeTaskAttributeRequest, TaskId=task)
    assert found["TaskStatus"] in ("Processing", status), found
    return found if found["TaskStatus"] == status else None


common.until("the import", lambda: task_of(imported["TaskId"], "Finished"))
found = call(DescribeImagesRequest, ImageName=name)
assert found["TotalCount"] == 1 and found["Images"]["Image"][0]["Size"] == 40
assert code_of(ImportImageRequest, ImageName=name, DiskDeviceMappings=mapping) == "InvalidImageName.Duplicated"
assert call(DescribeTasksRequest, TaskIds=imported["TaskId"])["TaskSet"]["Task"][0]["TaskStatus"] == "Finished"

# A wrong secret is told from a wrong request by the text of the refusal.
wrong = common.classic_client()
wrong._secret_key = "wrong"
from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner
from aliyunsdkcore.auth.credentials import AccessKeyCredential

wrong._signer = AccessKeySigner(AccessKeyCredential(common.KEY, "wrong"))
try:
    common.common_request(wrong, "2014-05-26", "DescribeRegions")
    raise AssertionError("a wrong secret was accepted")
except ServerException as error:
    assert error.get_error_code() in ("SignatureDoesNotMatch", "InvalidAccessKeySecret"), error

second = call(ImportImageRequest, ImageName=f"{name}-cancelled", DiskDeviceMappings=mapping)
try:
    call(CancelTaskRequest, TaskId=second["TaskId"])
    common.until("the cancellation", lambda: task_of(second["TaskId"], "Failed"))
    left = call(DescribeImagesRequest, ImageId=second["ImageId"], Status="ALL")
    assert left["Images"]["Image"] == [], "a cancelled import leaves no image"
except ServerException as error:
    # The second import stores nothing new and may have been quicker than we were.
    assert error.get_error_code() == "InvalidTaskId.IncorrectTaskStatus", error
    call(DeleteImageRequest, ImageId=second["ImageId"])

image = imported["ImageId"]
exported = call(ExportImageRequest, ImageId=image, OSSBucket=bucket, ImageFormat="vhd")
common.until("the export", lambda: task_of(exported["TaskId"], "Finished"))
store.downloader().download_file(oss.GetObjectRequest(bucket=bucket, key=f"{image}_system.vhd"), filepath=out)
for key in ("disk.img", f"{image}_system.vhd"):
    store.delete_object(oss.DeleteObjectRequest(bucket=bucket, key=key))
store.delete_bucket(oss.DeleteBucketRequest(bucket=bucket))
print(image)
