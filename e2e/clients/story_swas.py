"""A Simple Application Server's life, told by its official SDK: buy, snapshot, custom image, share, reset, firewall.

Usage: story_swas.py IMAGE   (the id of a system image)
"""

import json
import sys

from alibabacloud_swas_open20200601 import models as m
from alibabacloud_swas_open20200601.client import Client
from alibabacloud_tea_openapi.models import Config
from common import ENDPOINT, KEY, REGION, SECRET, until

CLIENT = Client(Config(access_key_id=KEY, access_key_secret=SECRET, endpoint=ENDPOINT, protocol="http", region_id=REGION))


def refused(code, call, *args):
    try:
        call(*args)
    except Exception as error:  # The SDK's own class carries the code.
        assert getattr(error, "code", None) == code, error
        return
    raise AssertionError(f"it was not refused with {code}")


def main(image):
    assert any(r.region_id == REGION for r in CLIENT.list_regions(m.ListRegionsRequest()).body.regions)
    plan = CLIENT.list_plans(m.ListPlansRequest(region_id=REGION)).body.plans[0]
    assert image in [i.image_id for i in CLIENT.list_images(m.ListImagesRequest(region_id=REGION)).body.images]
    buy = m.CreateInstancesRequest(region_id=REGION, image_id=image, plan_id=plan.plan_id, period=1, client_token="swas-1")
    server = CLIENT.create_instances(buy).body.instance_ids[0]
    assert CLIENT.create_instances(buy).body.instance_ids == [server]

    def shown():
        request = m.ListInstancesRequest(region_id=REGION, instance_ids=json.dumps([server]))
        return CLIENT.list_instances(request).body.instances[0]

    until("it runs", lambda: shown().status == "Running")
    assert shown().public_ip_address.startswith("127.")
    disk = CLIENT.list_disks(m.ListDisksRequest(region_id=REGION, instance_id=server)).body.disks[0]

    request = m.CreateSnapshotRequest(region_id=REGION, disk_id=disk.disk_id, snapshot_name="before")
    snapshot = CLIENT.create_snapshot(request).body.snapshot_id

    def accomplished():
        request = m.ListSnapshotsRequest(region_id=REGION, snapshot_ids=json.dumps([snapshot]))
        return CLIENT.list_snapshots(request).body.snapshots[0].status == "accomplished"

    until("the snapshot", accomplished)
    make = m.CreateCustomImageRequest(region_id=REGION, instance_id=server, image_name="mine", system_snapshot_id=snapshot,
                                      client_token="image-1")
    custom = CLIENT.create_custom_image(make).body.image_id
    assert CLIENT.create_custom_image(make).body.image_id == custom
    again = m.CreateCustomImageRequest(region_id=REGION, instance_id=server, image_name="mine", system_snapshot_id=snapshot)
    refused("ImageNameAlreadyExist", CLIENT.create_custom_image, again)
    listed = lambda: CLIENT.list_custom_images(m.ListCustomImagesRequest(region_id=REGION)).body.custom_images
    until("the image", lambda: [(i.image_id, i.status) for i in listed()] == [(custom, "1")])
    request = m.ListImagesRequest(region_id=REGION, image_type="custom", image_ids=json.dumps([custom]))
    assert [i.image_name for i in CLIENT.list_images(request).body.images] == ["mine"]

    rule = m.CreateFirewallRuleRequest(region_id=REGION, instance_id=server, rule_protocol="TCP", port="8080")
    opened = CLIENT.create_firewall_rule(rule).body.firewall_id
    rules = lambda: CLIENT.list_firewall_rules(m.ListFirewallRulesRequest(region_id=REGION, instance_id=server)).body.firewall_rules
    assert opened in [r.rule_id for r in rules()]
    CLIENT.delete_firewall_rule(m.DeleteFirewallRuleRequest(region_id=REGION, instance_id=server, rule_id=opened))
    assert opened not in [r.rule_id for r in rules()]

    reset = m.ResetDiskRequest(region_id=REGION, disk_id=disk.disk_id, snapshot_id=snapshot)
    refused("IncorrectInstanceStatus.ResetDisk", CLIENT.reset_disk, reset)
    CLIENT.stop_instance(m.StopInstanceRequest(region_id=REGION, instance_id=server))
    until("it stops", lambda: shown().status == "Stopped", 300)
    CLIENT.reset_disk(reset)
    CLIENT.reset_system(m.ResetSystemRequest(region_id=REGION, instance_id=server, image_id=custom))
    until("it runs again", lambda: shown().status in ("Running", "Stopped"))
    CLIENT.delete_custom_image(m.DeleteCustomImageRequest(region_id=REGION, image_id=custom))
    assert listed() == []


main(sys.argv[1])
