"""What the Python stories have in common: where the server is, and the bucket and roles that an import needs."""

import json
import os
import time

KEY = os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"]
SECRET = os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
REGION = os.environ["ALIBABA_CLOUD_REGION_ID"]
ENDPOINT = os.environ["ECS_ENDPOINT"]
OSS = os.environ["OSS_ENDPOINT"]

TRUST = json.dumps(
    {
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}
        ],
        "Version": "1",
    }
)


def classic_client():
    from aliyunsdkcore.client import AcsClient

    return AcsClient(KEY, SECRET, REGION)


def common_request(client, product_version, action, **params):
    """A call of the classic SDK to an action that it has no class for."""
    from aliyunsdkcore.request import CommonRequest

    request = CommonRequest()
    request.set_accept_format("json")
    request.set_domain(ENDPOINT)
    request.set_method("POST")
    request.set_version(product_version)
    request.set_action_name(action)
    for name, value in params.items():
        request.add_query_param(name, value)
    return json.loads(client.do_action_with_exception(request))


def ensure_roles():
    """Creates the import and the export role as their documents say, through RAM."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    client = classic_client()
    for kind in ("Import", "Export"):
        role, policy = f"AliyunECSImage{kind}DefaultRole", f"AliyunECSImage{kind}RolePolicy"
        try:
            common_request(client, "2015-05-01", "GetRole", RoleName=role)
        except ServerException as error:
            assert error.get_error_code() == "EntityNotExist.Role", error
            common_request(client, "2015-05-01", "CreateRole", RoleName=role, AssumeRolePolicyDocument=TRUST)
            common_request(
                client, "2015-05-01", "AttachPolicyToRole", RoleName=role, PolicyName=policy, PolicyType="System"
            )
        listed = common_request(client, "2015-05-01", "ListPoliciesForRole", RoleName=role)
        assert [p["PolicyName"] for p in listed["Policies"]["Policy"]] == [policy], listed


def until(what, is_so, seconds=120):
    """Waits for a state; the time is only a bound."""
    deadline = time.monotonic() + seconds
    while True:
        value = is_so()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.1)
