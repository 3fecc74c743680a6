"""How long a guest takes to its login prompt from a disk of ours, and from a local QCOW2 overlay of the same image.

Run a server with a data directory DATA, then:
    tintype exec -- python3 bench/boot.py DATA GUEST.qcow2 [ROUNDS]
The second machine is the first one's own command line, with the disk alone exchanged. Rounds alternate.
"""

import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e" / "clients"))
from common import REGION, classic_client, common_request, until  # noqa: E402

DATA, GUEST = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
ROUNDS = int(sys.argv[3]) if 3 < len(sys.argv) else 3
CLIENT = classic_client()


def ecs(action, **params):
    return common_request(CLIENT, "2014-05-26", action, RegionId=REGION, **params)


def status(id):
    return ecs("DescribeInstances", InstanceIds=json.dumps([id]))["Instances"]["Instance"][0]["Status"]


def login(log, begun):
    while not log.exists() or b"login:" not in log.read_bytes():
        time.sleep(0.02)
        assert time.monotonic() - begun < 900, "no login"
    return time.monotonic() - begun


def ours(id):
    folder = DATA / "machines" / id
    (folder / "console.log").unlink(missing_ok=True)
    begun = time.monotonic()
    ecs("StartInstance", InstanceId=id)
    took = login(folder / "console.log", begun)
    words = pathlib.Path("/proc", (folder / "qemu.pid").read_text().strip(), "cmdline").read_bytes().split(b"\0")[:-1]
    ecs("StopInstance", InstanceId=id, ForceStop=True)
    until("stopped", lambda: status(id) == "Stopped")
    ecs("ReInitDisk", DiskId=ecs("DescribeDisks", InstanceId=id)["Disks"]["Disk"][0]["DiskId"])
    return took, [word.decode() for word in words]


def overlay(words):
    with tempfile.TemporaryDirectory() as folder:
        disk = f"{folder}/overlay.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", GUEST, "-F", "qcow2", disk, "40G"], check=True)
        changed = []
        for word in words:
            if word.startswith('{"driver":"nbd"'):
                node = json.loads(word)["node-name"]
                word = json.dumps({"driver": "qcow2", "node-name": node, "discard": "unmap",
                                   "file": {"driver": "file", "filename": disk}})
            changed.append(word)
        begun = time.monotonic()
        with subprocess.Popen(changed, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as machine:
            took = login(pathlib.Path(folder, "console.log"), begun)
            qmp = socket.socket(socket.AF_UNIX)
            qmp.connect(f"{folder}/qmp.sock")
            stream = qmp.makefile("rw")
            stream.readline()
            answer = None
            for command in ("qmp_capabilities", "query-blockstats"):
                stream.write(json.dumps({"execute": command}) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
            read = sum(device["stats"]["rd_bytes"] for device in answer["return"] if device.get("qdev"))
            machine.kill()
        return took, read


def main():
    program = os.environ.get("TINTYPE", "tintype")
    done = subprocess.run([program, "import", GUEST, "--name", "boot", "--data", DATA], check=True, capture_output=True)
    group = ecs("CreateSecurityGroup")["SecurityGroupId"]
    id = ecs("CreateInstance", ImageId=done.stdout.decode().strip(), InstanceType="ecs.t5-lc1m1.small", SecurityGroupId=group)["InstanceId"]
    until("made", lambda: status(id) == "Stopped")
    times = {"ours": [], "overlay": []}
    for _ in range(ROUNDS):
        took, words = ours(id)
        times["ours"].append(took)
        took, read = overlay(words)
        times["overlay"].append(took)
    for name, values in times.items():
        print(f"{name}: " + " ".join(f"{value:.1f}" for value in values) + f", median {statistics.median(values):.1f} s")
    ratio = statistics.median(times["ours"]) / statistics.median(times["overlay"])
    info = json.loads(subprocess.check_output(["qemu-img", "info", "--output", "json", GUEST]))
    held = info["virtual-size"]
    print(f"ratio {ratio:.2f}; the guest read {read >> 20} MiB to its login, {100 * read / held:.0f} % of its disk")
    ecs("DeleteInstance", InstanceId=id, Force=True)


main()
