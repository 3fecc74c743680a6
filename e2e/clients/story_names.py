"""The official clients with the host names that they have built in, over TLS or through the server as their proxy.

usage: story_names.py tls PORT CA | proxy ADDRESS
Over TLS every name of the service resolves to the server, as a hosts file would have it.
"""

import os
import socket
import sys

way, place = sys.argv[1:3]
if way == "tls":
    ca = sys.argv[3]
    os.environ["REQUESTS_CA_BUNDLE"] = ca
    really = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        if isinstance(host, bytes):
            host = host.decode()
        ours = host.endswith(".aliyuncs.com")
        return really("127.0.0.1", int(place), *args, **kwargs) if ours else really(host, port, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    scheme = "https"
else:
    ca = None
    os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = f"http://{place}"
    os.environ.pop("NO_PROXY", None)
    os.environ.pop("no_proxy", None)
    scheme = "http"

import oss2
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config

import common

config = Config(
    access_key_id=common.KEY,
    access_key_secret=common.SECRET,
    region_id=common.REGION,
    endpoint=f"ecs.{common.REGION}.aliyuncs.com",
    protocol=scheme,
    ca=ca,
)
regions = Client(config).describe_regions(models.DescribeRegionsRequest()).body
assert common.REGION in [region.region_id for region in regions.regions.region]

for kind, auth in (("one", oss2.Auth), ("four", oss2.AuthV4)):
    endpoint = f"{scheme}://oss-{common.REGION}.aliyuncs.com"
    bucket = oss2.Bucket(auth(common.KEY, common.SECRET), endpoint, f"names-{kind}", region=common.REGION)
    bucket.create_bucket()
    bucket.put_object("a/b", b"through " + way.encode())
    assert bucket.get_object("a/b").read() == b"through " + way.encode()
    bucket.delete_object("a/b")
    bucket.delete_bucket()
print("done")
