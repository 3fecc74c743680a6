"""Imports an object that is in a bucket already, with the classic SDK's generic call.

usage: import_object.py BUCKET KEY NAME
"""

import sys

import common

bucket, key, name = sys.argv[1:]
common.ensure_roles()
client = common.classic_client()
params = {
    "RegionId": common.REGION,
    "ImageName": name,
    "DiskDeviceMapping.1.OSSBucket": bucket,
    "DiskDeviceMapping.1.OSSObject": key,
}
imported = common.common_request(client, "2014-05-26", "ImportImage", **params)


def finished():
    task = {"RegionId": common.REGION, "TaskId": imported["TaskId"]}
    found = common.common_request(client, "2014-05-26", "DescribeTaskAttribute", **task)
    assert found["TaskStatus"] in ("Processing", "Finished"), found
    return found["TaskStatus"] == "Finished"


common.until("the import", finished)
print(imported["ImageId"])
