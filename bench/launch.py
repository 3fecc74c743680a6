"""How long a server takes from RunInstances to a running QEMU, for a small and a large image, and what a server stores.

Run a server with a data directory DATA, then:  tintype exec -- python3 bench/launch.py DATA
Needs aliyun-python-sdk-core and qemu-img. Each server is released before the next is made; the 100 at the end are kept
stopped, so that nothing runs but what is measured.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e" / "clients"))
from common import REGION, classic_client, common_request  # noqa: E402

DATA = pathlib.Path(sys.argv[1])
ROUNDS = 15
CLIENT = classic_client()


def ecs(action, **params):
    return common_request(CLIENT, "2014-05-26", action, RegionId=REGION, **params)


def image(name, size):
    with tempfile.TemporaryDirectory() as folder:
        raw, disk = f"{folder}/{name}.raw", f"{folder}/{name}.qcow2"
        with open(raw, "wb") as file:
            file.write(os.urandom(16 << 20))
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, disk], check=True)
        subprocess.run(["qemu-img", "resize", "-q", disk, size], check=True)
        program = os.environ.get("TINTYPE", "tintype")
        done = subprocess.run([program, "import", disk, "--name", name, "--data", str(DATA)], check=True, capture_output=True)
        return done.stdout.decode().strip()


def launch(image, group):
    begun = time.perf_counter()
    id = ecs("RunInstances", ImageId=image, InstanceType="ecs.t5-lc2m1.nano", SecurityGroupId=group)
    id = id["InstanceIdSets"]["InstanceIdSet"][0]
    answered = time.perf_counter()
    pid = DATA / "machines" / id / "qmp.sock"
    while not pid.exists():
        time.sleep(0.0002)
    qemu = time.perf_counter()
    while ecs("DescribeInstances", InstanceIds=json.dumps([id]))["Instances"]["Instance"][0]["Status"] != "Running":
        pass
    running = time.perf_counter()
    ecs("DeleteInstance", InstanceId=id, Force=True)
    while (DATA / "machines" / id).exists():
        time.sleep(0.005)
    return answered - begun, qemu - begun, running - begun


def main():
    group = ecs("CreateSecurityGroup")["SecurityGroupId"]
    images = {"2 GiB": image("bench-2g", "2G"), "500 GiB": image("bench-500g", "500G")}
    rows = {name: [] for name in images}
    for _ in range(ROUNDS):
        for name, id in images.items():
            rows[name].append(launch(id, group))
    print("| image | answered, ms | QEMU's socket is there, ms | Running, ms |\n| --- | ---: | ---: | ---: |")
    for name, times in rows.items():
        columns = [statistics.median(column) * 1000 for column in zip(*times)]
        print(f"| {name} | " + " | ".join(f"{column:.1f}" for column in columns) + " |")

    def stored():
        command = ["du", "-sB1", str(DATA / "disks"), str(DATA / "store")]
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        return sum(int(line.split()[0]) for line in lines)

    before = stored()
    made = []
    for _ in range(100):
        made.append(ecs("CreateInstance", ImageId=images["500 GiB"], InstanceType="ecs.t5-lc2m1.nano", SecurityGroupId=group)["InstanceId"])
    while any(i["Status"] != "Stopped" for p in (1, 2) for i in ecs("DescribeInstances", PageSize=50, PageNumber=p)["Instances"]["Instance"]):
        time.sleep(0.1)
    print(f"\n100 servers of one image: {(stored() - before) / 100 / 1024:.1f} KiB each")
    for id in made:
        ecs("DeleteInstance", InstanceId=id, Force=True)


main()
