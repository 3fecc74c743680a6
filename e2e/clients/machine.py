"""Small things done to servers, by the classic SDK.

machine.py launch IMAGE        makes a server without a network of its own, waits until it runs, prints its id
machine.py console INSTANCE    prints what its guest wrote
machine.py status INSTANCE     prints its status, and why when that was not asked for
machine.py delete INSTANCE     releases it
machine.py left                prints what is left of everything that a builder makes, as JSON
"""

import base64
import json
import sys

from common import REGION, classic_client, common_request, until

CLIENT = classic_client()


def ecs(action, region=REGION, **params):
    return common_request(CLIENT, "2014-05-26", action, RegionId=region, **params)


def instance(id):
    return ecs("DescribeInstances", InstanceIds=json.dumps([id]))["Instances"]["Instance"][0]


def launch(image):
    group = ecs("CreateSecurityGroup")["SecurityGroupId"]
    made = ecs("RunInstances", ImageId=image, InstanceType="ecs.t5-lc2m1.nano", SecurityGroupId=group)
    id = made["InstanceIdSets"]["InstanceIdSet"][0]
    until("it runs", lambda: instance(id)["Status"] == "Running")
    print(id)


def console(id):
    sys.stdout.buffer.write(base64.b64decode(ecs("GetInstanceConsoleOutput", InstanceId=id)["ConsoleOutput"]))


def status(id):
    shown = instance(id)
    print(shown["Status"], *[lock["LockMsg"] for lock in shown["OperationLocks"]["LockReason"]])


def delete(id):
    ecs("DeleteInstance", InstanceId=id, Force=True)


def left():
    counts = {}
    for region in (REGION, "cn-shanghai"):
        for action, *path in [
            ("DescribeInstances", "Instances", "Instance"),
            ("DescribeDisks", "Disks", "Disk"),
            ("DescribeSecurityGroups", "SecurityGroups", "SecurityGroup"),
            ("DescribeVpcs", "Vpcs", "Vpc"),
            ("DescribeVSwitches", "VSwitches", "VSwitch"),
            ("DescribeKeyPairs", "KeyPairs", "KeyPair"),
            ("DescribeEipAddresses", "EipAddresses", "EipAddress"),
            ("DescribeImages", "Images", "Image"),
            ("DescribeSnapshots", "Snapshots", "Snapshot"),
        ]:
            more = {"Status": "ALL", "ImageOwnerAlias": "self"} if action == "DescribeImages" else {}
            found = ecs(action, region=region, PageSize=50, **more)
            counts[f"{region}/{path[1]}"] = found[path[0]][path[1]]
    print(json.dumps(counts))


globals()[sys.argv[1]](*sys.argv[2:])
