"""RAM, told by its official SDK: a user with a key, a group, a policy with two versions, and all of it gone again.

Prints the id of the user, whose key signed a call.
"""

import json

from alibabacloud_ram20150501 import models as m
from alibabacloud_ram20150501.client import Client
from alibabacloud_tea_openapi.models import Config
from common import ENDPOINT, KEY, REGION, SECRET, TRUST, common_request


def client(key, secret):
    return Client(Config(access_key_id=key, access_key_secret=secret, endpoint=ENDPOINT, protocol="http", region_id=REGION))


CLIENT = client(KEY, SECRET)


def refused(code, call, *args):
    try:
        call(*args)
    except Exception as error:  # The SDK's own class carries the code.
        assert getattr(error, "code", None) == code, error
        return
    raise AssertionError(f"it was not refused with {code}")


def document(*verbs):
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(verbs), "Resource": "*"}]})


def signs(key, secret):
    """Who a key says that it is, asked with the classic SDK."""
    from aliyunsdkcore.client import AcsClient

    return common_request(AcsClient(key, secret, REGION), "2015-04-01", "GetCallerIdentity")


def main():
    user = CLIENT.create_user(
        m.CreateUserRequest(user_name="ann", display_name="Ann", email="ann@example.com", mobile_phone="86-13000000000")
    ).body.user
    refused("EntityAlreadyExists.User", CLIENT.create_user, m.CreateUserRequest(user_name="ANN"))
    CLIENT.update_user(m.UpdateUserRequest(user_name="ann", new_user_name="anna", new_comments="renamed"))
    shown = CLIENT.get_user(m.GetUserRequest(user_name="anna")).body.user
    assert (shown.user_id, shown.comments, shown.email) == (user.user_id, "renamed", "ann@example.com"), shown
    assert [u.user_name for u in CLIENT.list_users(m.ListUsersRequest(max_items=10)).body.users.user] == ["anna"]

    key = CLIENT.create_access_key(m.CreateAccessKeyRequest(user_name="anna")).body.access_key
    assert signs(key.access_key_id, key.access_key_secret)["AccountId"] == signs(KEY, SECRET)["AccountId"]
    listed = CLIENT.list_access_keys(m.ListAccessKeysRequest(user_name="anna")).body.access_keys.access_key
    assert [(k.access_key_id, k.status) for k in listed] == [(key.access_key_id, "Active")]

    CLIENT.create_group(m.CreateGroupRequest(group_name="ops", comments="they run it"))
    CLIENT.add_user_to_group(m.AddUserToGroupRequest(user_name="anna", group_name="ops"))
    joined = CLIENT.list_groups_for_user(m.ListGroupsForUserRequest(user_name="anna")).body.groups.group
    members = CLIENT.list_users_for_group(m.ListUsersForGroupRequest(group_name="ops")).body.users.user
    assert ([g.group_name for g in joined], [u.user_name for u in members]) == (["ops"], ["anna"])

    tag = m.CreatePolicyRequestTag(key="team", value="ops")
    make = m.CreatePolicyRequest(policy_name="images", policy_document=document("ecs:DescribeImages"), tag=[tag])
    assert CLIENT.create_policy(make).body.policy.default_version == "v1"
    second = m.CreatePolicyVersionRequest(
        policy_name="images", policy_document=document("ecs:Describe*", "ecs:CopyImage"), set_as_default=True
    )
    assert CLIENT.create_policy_version(second).body.policy_version.version_id == "v2"
    versions = CLIENT.list_policy_versions(m.ListPolicyVersionsRequest(policy_name="images", policy_type="Custom"))
    versions = versions.body.policy_versions.policy_version
    assert [(v.version_id, v.is_default_version) for v in versions] == [("v1", False), ("v2", True)]
    first = m.GetPolicyVersionRequest(policy_name="images", policy_type="Custom", version_id="v1")
    assert "ecs:DescribeImages" in CLIENT.get_policy_version(first).body.policy_version.policy_document
    custom = CLIENT.list_policies(m.ListPoliciesRequest(policy_type="Custom")).body.policies.policy
    assert [(p.policy_name, p.tags.tag[0].tag_key) for p in custom] == [("images", "team")]

    mine = {"policy_name": "images", "policy_type": "Custom"}
    CLIENT.create_role(m.CreateRoleRequest(role_name="Reader", assume_role_policy_document=TRUST))
    CLIENT.attach_policy_to_user(m.AttachPolicyToUserRequest(user_name="anna", **mine))
    CLIENT.attach_policy_to_group(m.AttachPolicyToGroupRequest(group_name="ops", **mine))
    CLIENT.attach_policy_to_role(m.AttachPolicyToRoleRequest(role_name="Reader", **mine))
    again = m.AttachPolicyToUserRequest(user_name="anna", **mine)
    refused("EntityAlreadyExists.User.Policy", CLIENT.attach_policy_to_user, again)
    for attached in (
        CLIENT.list_policies_for_user(m.ListPoliciesForUserRequest(user_name="anna")),
        CLIENT.list_policies_for_group(m.ListPoliciesForGroupRequest(group_name="ops")),
        CLIENT.list_policies_for_role(m.ListPoliciesForRoleRequest(role_name="reader")),
    ):
        assert [(p.policy_name, p.default_version) for p in attached.body.policies.policy] == [("images", "v2")]
    entities = CLIENT.list_entities_for_policy(m.ListEntitiesForPolicyRequest(**mine)).body
    assert [u.user_id for u in entities.users.user] == [user.user_id]
    assert [g.group_name for g in entities.groups.group] == ["ops"]
    assert [r.role_name for r in entities.roles.role] == ["Reader"]
    assert CLIENT.get_policy(m.GetPolicyRequest(**mine)).body.policy.attachment_count == 3

    refused("DeleteConflict.User.Group", CLIENT.delete_user, m.DeleteUserRequest(user_name="anna"))
    refused("DeleteConflict.Group.User", CLIENT.delete_group, m.DeleteGroupRequest(group_name="ops"))
    refused("DeleteConflict.Policy.User", CLIENT.delete_policy, m.DeletePolicyRequest(policy_name="images"))
    CLIENT.detach_policy_from_user(m.DetachPolicyFromUserRequest(user_name="anna", **mine))
    CLIENT.detach_policy_from_group(m.DetachPolicyFromGroupRequest(group_name="ops", **mine))
    CLIENT.detach_policy_from_role(m.DetachPolicyFromRoleRequest(role_name="Reader", **mine))
    refused("DeleteConflict.Policy.Version", CLIENT.delete_policy, m.DeletePolicyRequest(policy_name="images"))
    CLIENT.set_default_policy_version(m.SetDefaultPolicyVersionRequest(policy_name="images", version_id="v1"))
    CLIENT.delete_policy_version(m.DeletePolicyVersionRequest(policy_name="images", version_id="v2"))
    CLIENT.delete_policy(m.DeletePolicyRequest(policy_name="images"))
    CLIENT.delete_role(m.DeleteRoleRequest(role_name="Reader"))
    CLIENT.remove_user_from_group(m.RemoveUserFromGroupRequest(user_name="anna", group_name="ops"))
    CLIENT.delete_group(m.DeleteGroupRequest(group_name="ops"))
    off = m.UpdateAccessKeyRequest(user_name="anna", user_access_key_id=key.access_key_id, status="Inactive")
    CLIENT.update_access_key(off)
    try:
        signs(key.access_key_id, key.access_key_secret)
        raise AssertionError("a disabled key signed")
    except Exception as error:
        assert getattr(error, "error_code", None) == "InvalidAccessKeyId.Inactive", error
    CLIENT.delete_access_key(m.DeleteAccessKeyRequest(user_name="anna", user_access_key_id=key.access_key_id))
    CLIENT.delete_user(m.DeleteUserRequest(user_name="anna"))
    assert CLIENT.list_users(m.ListUsersRequest()).body.users.user == []
    print(user.user_id)


main()
