"""Names at the NBD door, signed here by hand: for the owner, a user who may export the image, one who may not, somebody
in a role, and another account.

usage: story_nbd.py ADDRESS IMAGE OTHER_KEY OTHER_SECRET
Prints as JSON which addresses open the image's disk, and which must not.
"""

import hashlib
import hmac
import json
import sys
import time
from urllib.parse import quote, urlencode

from aliyunsdkcore.client import AcsClient

import common

address, image, other_key, other_secret = sys.argv[1:]


def uri(name):
    return f"nbd://{address}/{quote(name, safe='')}"


def signed(key, secret, token=None, of=None, seconds=600, disk="0"):
    expires = int(time.time()) + seconds
    text = f"nbd\n{of or image}/{disk}\n{expires}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    query = {"AccessKeyId": key, "Expires": expires, "Signature": signature}
    if token:
        query["SecurityToken"] = token
    return f"{of or image}?{urlencode(query)}"


def ram(action, **params):
    return common.common_request(common.classic_client(), "2015-05-01", action, **params)


def document(statement):
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", **statement}]})


def user(name, verb):
    account = common.common_request(common.classic_client(), "2015-04-01", "GetCallerIdentity")["AccountId"]
    ram("CreateUser", UserName=name)
    resource = f"acs:ecs:{common.REGION}:{account}:image/{image}"
    text = document({"Action": verb, "Resource": resource, "Condition": {"IpAddress": {"acs:SourceIp": "127.0.0.1"}}})
    ram("CreatePolicy", PolicyName=name, PolicyDocument=text)
    ram("AttachPolicyToUser", UserName=name, PolicyName=name, PolicyType="Custom")
    key = ram("CreateAccessKey", UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["AccessKeySecret"], account


def assumed(key, secret, account):
    trust = {"Action": "sts:AssumeRole", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}
    ram("CreateRole", RoleName="exporter", AssumeRolePolicyDocument=document(trust))
    ram("AttachPolicyToRole", RoleName="exporter", PolicyName="may", PolicyType="Custom")
    ram("AttachPolicyToUser", UserName="may", PolicyName="AliyunSTSAssumeRoleAccess", PolicyType="System")
    arn = f"acs:ram::{account}:role/exporter"
    client = AcsClient(key, secret, common.REGION)
    given = common.common_request(client, "2015-04-01", "AssumeRole", RoleArn=arn, RoleSessionName="nbd")
    given = given["Credentials"]
    return given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"]


may, may_not = user("may", "ecs:ExportImage"), user("may-not", "ecs:DescribeImages")
role = assumed(*may)
owner = (common.KEY, common.SECRET)
opens = {"owner": signed(*owner), "user": signed(*may[:2]), "role": signed(*role)}
refused = {
    "bare": image,
    "wrong secret": signed(common.KEY, "wrong"),
    "another image's signature": signed(*owner, of="m-another").replace("m-another", image),
    "another disk's signature": signed(*owner, disk="1"),
    "expired": signed(*owner, seconds=-1),
    "for too long": signed(*owner, seconds=8 * 86_400),
    "prolonged": signed(*owner).replace("Expires=1", "Expires=2"),
    "unknown key": signed("LTAI5tNobody", "secret"),
    "another account": signed(other_key, other_secret),
    "without permission": signed(*may_not[:2]),
    "without its token": signed(*role[:2]),
    "another's token": signed(*owner, token=role[2]),
}
named = {kind: {what: uri(name) for what, name in names.items()} for kind, names in
         {"opens": opens, "refused": refused}.items()}
print(json.dumps(named))
