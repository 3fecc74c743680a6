"""A server's life, told by the classic SDK's calls and by ssh: launch, log in, capture, launch again, replace, reset.

Usage: story_servers.py IMAGE   (the id of an image with cloud-init and sshd)

It prints the id of the image that was made of a server while it ran, and leaves that image for whoever wants to look.
"""

import base64
import os
import shlex
import subprocess
import sys
import tempfile
import time

from aliyunsdkcore.acs_exception.exceptions import ServerException
from common import REGION, classic_client, common_request, until

CLIENT = classic_client()
BOOT = 600


def ecs(action, **params):
    return common_request(CLIENT, "2014-05-26", action, RegionId=REGION, **params)


def refused(code, action, **params):
    try:
        ecs(action, **params)
    except ServerException as error:
        assert error.get_error_code() == code, (action, error)
        return
    raise AssertionError(f"{action} was not refused with {code}")


def instance(id):
    found = ecs("DescribeInstances", InstanceIds=f'["{id}"]')["Instances"]["Instance"]
    return found[0] if found else None


def status_is(id, status):
    return until(f"{id} {status}", lambda: instance(id)["Status"] == status, BOOT)


def disks(id, **filters):
    found = ecs("DescribeDisks", InstanceId=id, PageSize=50, **filters)["Disks"]["Disk"]
    return sorted(found, key=lambda disk: disk["Device"])


class Key:
    def __init__(self, name):
        made = ecs("CreateKeyPair", KeyPairName=name)
        self.name = name
        self.file = tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False)
        self.file.write(made["PrivateKeyBody"])
        self.file.close()
        os.chmod(self.file.name, 0o600)

    def ssh(self, address, command, timeout=120):
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10",
                   "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        command = f"sudo sh -c {shlex.quote(command)}"
        return subprocess.run(["ssh", *options, "-i", self.file.name, f"debian@{address}", command],
                              capture_output=True, text=True, timeout=timeout)

    def wait(self, address):
        def logs_in():
            try:
                return self.ssh(address, "true").returncode == 0
            except subprocess.TimeoutExpired:
                return False
        until(f"ssh to {address}", logs_in, BOOT)

    def run(self, address, command):
        done = self.ssh(address, command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout.strip()


def network():
    vpc = ecs("CreateVpc", CidrBlock="172.16.0.0/16")["VpcId"]
    vswitch = ecs("CreateVSwitch", VpcId=vpc, CidrBlock="172.16.7.0/24", ZoneId=f"{REGION}-a")["VSwitchId"]
    group = ecs("CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"]
    ecs("AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22", SourceCidrIp="0.0.0.0/0")
    return vpc, vswitch, group


def main(image):
    vpc, vswitch, group = network()
    key = Key("story")
    data = base64.b64encode(b"#!/bin/sh\necho told > /root/user-data\n").decode()
    launch = dict(ImageId=image, InstanceType="ecs.t5-lc1m1.small", SecurityGroupId=group, VSwitchId=vswitch,
                  InternetMaxBandwidthOut=5, KeyPairName="story", InstanceName="story", HostName="story-1", UserData=data)
    refused("DryRunOperation", "RunInstances", DryRun=True, **launch)
    refused("InvalidSystemDiskSize.LessThanMinSize", "RunInstances", **{**launch, "SystemDisk.Size": 1})
    token = dict(ClientToken=f"story-{time.time_ns()}")
    extra = {"DataDisk.1.Size": 5, "DataDisk.1.Category": "cloud", "DataDisk.1.DiskName": "story-data"}
    begun = time.monotonic()
    first = ecs("RunInstances", **launch, **extra, **token)["InstanceIdSets"]["InstanceIdSet"]
    again = ecs("RunInstances", **launch, **extra, **token)["InstanceIdSets"]["InstanceIdSet"]
    assert first == again and len(first) == 1, (first, again)
    one = first[0]
    status_is(one, "Running")
    print(f"running after {time.monotonic() - begun:.2f} s", file=sys.stderr)
    shown = instance(one)
    address = shown["PublicIpAddress"]["IpAddress"][0]
    assert address.startswith("127."), shown
    key.wait(address)
    print(f"login after {time.monotonic() - begun:.2f} s", file=sys.stderr)

    # The guest is who the API says it is, and did what it was told.
    assert key.run(address, "hostname") == "story-1"
    until("user data", lambda: key.ssh(address, "cat /root/user-data").stdout.strip() == "told", BOOT)
    at = "http://100.100.100.200/latest/"
    ask = "import urllib.request as u; r = lambda p, m, **h: u.urlopen(u.Request('%s' + p, method=m, headers=h)).read().decode(); " % at
    token = "t = r('api/token', 'PUT', **{'X-aliyun-ecs-metadata-token-ttl-seconds': '60'}); "
    read = "print(r('meta-data/instance-id', 'GET'), r('meta-data/private-ipv4', 'GET', **{'X-aliyun-ecs-metadata-token': t}))"
    told = key.run(address, f"python3 -c {shlex.quote(ask + token + read)}")
    assert told.split() == [one, shown["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]], told
    console = base64.b64decode(ecs("GetInstanceConsoleOutput", InstanceId=one)["ConsoleOutput"])
    assert b"login" in console or b"cloud-init" in console, console[-2000:]
    serials = key.run(address, "for disk in /sys/block/vd*; do cat $disk/serial; echo; done").split()
    assert serials == [disk["SerialNumber"] for disk in disks(one)], serials

    # A port opens when a rule says so, and closes when it is taken back.
    rule = dict(SecurityGroupId=group, IpProtocol="tcp", PortRange="8080/8080", SourceCidrIp="0.0.0.0/0")
    key.run(address, "nohup python3 -m http.server 8080 >/dev/null 2>&1 & sleep 1; echo ok")
    web = ["python3", "-c", f"import urllib.request as u; u.urlopen('http://{address}:8080', timeout=5)"]
    reaches = lambda: subprocess.run(web, capture_output=True).returncode == 0
    assert not reaches(), "no rule opens 8080 yet"
    ecs("AuthorizeSecurityGroup", **rule)
    until("8080 opens", reaches, 60)
    ecs("RevokeSecurityGroup", **rule)
    until("8080 closes", lambda: not reaches(), 60)

    # Capture while it runs: a snapshot, an image of the snapshot, an image of the server with its data disk.
    key.run(address, "echo kept > /root/kept && mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt && echo data > /mnt/data && sync")
    system = disks(one, DiskType="system")[0]["DiskId"]
    snapshot = ecs("CreateSnapshot", DiskId=system, SnapshotName="story")["SnapshotId"]
    def accomplished():
        found = ecs("DescribeSnapshots", SnapshotIds=f'["{snapshot}"]')["Snapshots"]["Snapshot"][0]
        assert found["Status"] != "failed", found
        return found["Status"] == "accomplished"
    until("the snapshot", accomplished, BOOT)
    whole = ecs("CreateImage", InstanceId=one, ImageName="story-whole", ImageFamily="story")["ImageId"]
    of_snapshot = ecs("CreateImage", SnapshotId=snapshot, ImageName="story-system")["ImageId"]
    def available(id):
        found = ecs("DescribeImages", ImageId=id, Status="ALL")["Images"]["Image"][0]
        assert found["Status"] != "CreateFailed", found
        return found if found["Status"] == "Available" else None
    whole_image = until("the image of the server", lambda: available(whole), BOOT)
    until("the image of the snapshot", lambda: available(of_snapshot), BOOT)
    mappings = whole_image["DiskDeviceMappings"]["DiskDeviceMapping"]
    assert [m["Device"] for m in mappings] == ["/dev/xvda", "/dev/xvdb"], mappings
    refused("SnapshotCreatedImage", "DeleteSnapshot", SnapshotId=snapshot, Force=True)
    set_of_disks = ecs("CreateImage", ImageName="story-set", **{
        "DiskDeviceMapping.1.SnapshotId": snapshot, "DiskDeviceMapping.2.SnapshotId": mappings[1]["SnapshotId"]})["ImageId"]
    until("the image of a set of disks", lambda: available(set_of_disks), BOOT)
    assert ecs("DescribeImageFromFamily", ImageFamily="story")["Image"]["ImageId"] == whole

    # What was captured is there.
    two = ecs("RunInstances", **{**launch, "ImageId": whole, "HostName": "story-2", "InstanceName": "story-2"})
    two = two["InstanceIdSets"]["InstanceIdSet"][0]
    status_is(two, "Running")
    other = instance(two)["PublicIpAddress"]["IpAddress"][0]
    assert other != address
    key.wait(other)
    assert key.run(other, "cat /root/kept; mount /dev/vdb /mnt && cat /mnt/data").split() == ["kept", "data"]
    assert key.run(other, "hostname") == "story-2"

    # A data disk comes and goes while the guest runs.
    disk = ecs("CreateDisk", ZoneId=f"{REGION}-a", Size=5, DiskCategory="cloud")["DiskId"]
    ecs("AttachDisk", InstanceId=two, DiskId=disk)
    state = lambda: ecs("DescribeDisks", DiskIds=f'["{disk}"]')["Disks"]["Disk"][0]["Status"]
    until("attached", lambda: state() == "In_use", 60)
    until("the guest sees it", lambda: disk[2:] in key.run(other, "cat /sys/block/vd*/serial"), 60)
    ecs("ResizeDisk", DiskId=disk, NewSize=7, Type="online")
    until("the guest sees it grow", lambda: str(7 << 21) in key.run(other, "cat /sys/block/vd*/size").split(), 60)
    ecs("DetachDisk", InstanceId=two, DiskId=disk)
    until("detached", lambda: state() == "Available", 120)
    ecs("DeleteDisk", DiskId=disk)

    # Stop, start, reset to the snapshot, back to the image, another image.
    refused("IncorrectInstanceStatus", "ResetDisk", DiskId=system, SnapshotId=snapshot)
    key.run(address, "rm /root/kept && echo later > /root/later && sync")
    ecs("StopInstance", InstanceId=one)
    status_is(one, "Stopped")
    ecs("ResetDisk", DiskId=system, SnapshotId=snapshot)
    ecs("StartInstance", InstanceId=one)
    status_is(one, "Running")
    key.wait(address)
    assert key.run(address, "ls /root").split() == ["kept", "user-data"]
    ecs("RebootInstance", InstanceId=one, ForceStop=True)
    status_is(one, "Running")
    ecs("StopInstance", InstanceId=one, ForceStop=True)
    status_is(one, "Stopped")
    ecs("ReInitDisk", DiskId=system)
    replaced = ecs("ReplaceSystemDisk", InstanceId=one, ImageId=of_snapshot)["DiskId"]
    assert [d["DiskId"] for d in disks(one, DiskType="system")] == [replaced]
    ecs("StartInstance", InstanceId=one)
    status_is(one, "Running")
    key.wait(address)
    assert key.run(address, "cat /root/kept") == "kept"

    # Away with everything, in the order that the service asks for.
    refused("DependencyViolation", "DeleteSecurityGroup", SecurityGroupId=group)
    refused("ImageUsingByInstance", "DeleteImage", ImageId=whole)
    for id in (one, two):
        ecs("DeleteInstance", InstanceId=id, Force=True)
        assert instance(id) is None
    ecs("DeleteSecurityGroup", SecurityGroupId=group)
    ecs("DeleteVSwitch", VSwitchId=vswitch)
    ecs("DeleteVpc", VpcId=vpc)
    ecs("DeleteKeyPairs", KeyPairNames='["story"]')
    for id in (of_snapshot, set_of_disks):
        ecs("DeleteImage", ImageId=id)
    for found in ecs("DescribeSnapshots", PageSize=100)["Snapshots"]["Snapshot"]:
        if found["SourceDiskId"] and found["SnapshotId"] not in [m["SnapshotId"] for m in mappings]:
            ecs("DeleteSnapshot", SnapshotId=found["SnapshotId"])
    assert ecs("DescribeDisks")["TotalCount"] == 0
    os.unlink(key.file.name)
    print(whole)


main(sys.argv[1])
