//! Networks and subnets on the wire.

use meta::resources::count_with;
use meta::{Tx, resources};
use model::network::{VSwitch, Vpc};
use model::{Instance, Tag};
use serde_json::{Value, json};

use crate::code::ApiResult;
use crate::resource::short_tags_view;

/// A network. Its router has an id, because clients show it, and nothing more.
pub(super) fn vpc(tx: &mut Tx<'_>, vpc: &Vpc) -> ApiResult<Value> {
    let subnets = resources::all_with::<VSwitch>(tx, "vpc", vpc.id.as_str())?;
    let subnets: Vec<&str> = subnets.iter().map(|stored| stored.record.id.as_str()).collect();
    Ok(json!({
        "VpcId": vpc.id,
        "VpcName": vpc.name,
        "Description": vpc.description,
        "RegionId": vpc.region,
        "Status": "Available",
        "CidrBlock": vpc.cidr,
        "Ipv6CidrBlock": "",
        "UserCidrs": {"UserCidr": []},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "VRouterId": router(vpc),
        "RouterTableIds": {"RouterTableIds": [route_table(vpc)]},
        "NatGatewayIds": {"NatGatewayIds": []},
        "VSwitchIds": {"VSwitchId": subnets},
        "IsDefault": false,
        "CreationTime": vpc.created.seconds(),
        "ResourceGroupId": "",
        "OwnerId": vpc.owner,
        "Tags": tags(&vpc.tags),
    }))
}

/// A subnet.
pub(super) fn vswitch(tx: &mut Tx<'_>, vswitch: &VSwitch) -> ApiResult<Value> {
    let used = count_with::<Instance>(tx, "vswitch", vswitch.id.as_str())?;
    Ok(json!({
        "VSwitchId": vswitch.id,
        "VSwitchName": vswitch.name,
        "Description": vswitch.description,
        "VpcId": vswitch.vpc,
        "ZoneId": vswitch.zone,
        "Status": "Available",
        "CidrBlock": vswitch.cidr,
        "Ipv6CidrBlock": "",
        "AvailableIpAddressCount": vswitch.cidr.capacity().saturating_sub(used),
        "IsDefault": false,
        "CreationTime": vswitch.created.seconds(),
        "ResourceGroupId": "",
        "OwnerId": vswitch.owner,
        "Tags": tags(&vswitch.tags),
    }))
}

fn tags(tags: &[Tag]) -> Value {
    json!({"Tag": short_tags_view(tags)})
}

/// The id of a network's router.
pub(super) fn router(vpc: &Vpc) -> String {
    vpc.id.as_str().replacen("vpc-", "vrt-", 1)
}

/// The id of a network's table of routes.
pub(super) fn route_table(vpc: &Vpc) -> String {
    vpc.id.as_str().replacen("vpc-", "vtb-", 1)
}
