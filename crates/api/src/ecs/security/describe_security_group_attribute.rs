//! `DescribeSecurityGroupAttribute`: show a firewall and its rules.

use model::network::{Direction, Rule, SecurityGroup};
use model::{RegionId, SecurityGroupId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_named, required};
use crate::resource::own;

/// The call.
pub(crate) struct DescribeSecurityGroupAttribute {
    region: RegionId,
    group: SecurityGroupId,
    direction: Option<Direction>,
}

impl Action for DescribeSecurityGroupAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeSecurityGroupAttribute",
        summary: "Show a firewall and its rules.",
        codes: &[
            Code::MissingRegionIdForGroup,
            Code::RegionIdNotFound404,
            Code::SecurityGroupIdMalformed,
            Code::SecurityGroupIdNotFound,
            Code::NicTypeNotSupported,
            Code::InvalidParamter,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let direction = match params.get("Direction").unwrap_or("all") {
            "all" => None,
            other => Some(other.parse().map_err(|_| Code::InvalidParamter)?),
        };
        // Rules of both kinds are shown, whichever is asked for: none of these servers has but one network.
        if params.get("NicType").is_some_and(|kind| !["internet", "intranet"].contains(&kind)) {
            return Err(Code::NicTypeNotSupported.error());
        }
        let malformed = Code::SecurityGroupIdMalformed;
        let malformed = malformed.with("The specified parameter \"SecurityGroupId\" is not valid.");
        Ok(Self {
            region: region_named(params, cx, Code::RegionIdNotFound404, Code::MissingRegionIdForGroup)?,
            group: required(params, "SecurityGroupId", malformed)?,
            direction,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let group = format!("securitygroup/{}", self.group);
        let resource = cx.resource("ecs", self.region.as_str(), &group);
        vec![Access { verb: "ecs:DescribeSecurityGroupAttribute", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let Self { region, group, direction } = self;
        let found = cx.engine().meta().read({
            let region = region.clone();
            move |tx| own::<SecurityGroup>(tx, account, &region, group.as_str(), Code::SecurityGroupIdNotFound)
        });
        let group = found.await?.record;
        let wanted = group.rules.iter().filter(|rule| direction.is_none_or(|direction| rule.direction == direction));
        Ok(json!({
            "RegionId": region,
            "SecurityGroupId": group.id,
            "SecurityGroupName": group.name,
            "Description": group.description,
            "VpcId": group.vpc.as_ref().map_or("", |vpc| vpc.as_str()),
            "InnerAccessPolicy": "Accept",
            "NextToken": "",
            "Permissions": {"Permission": wanted.map(permission).collect::<Vec<_>>()},
        }))
    }
}

fn permission(rule: &Rule) -> Value {
    let here =
        |direction: Direction, text: &str| if rule.direction == direction { text.to_owned() } else { String::new() };
    let (source, dest) = match rule.direction {
        Direction::Ingress => (&rule.cidr, &rule.own_cidr),
        Direction::Egress => (&rule.own_cidr, &rule.cidr),
    };
    json!({
        "SecurityGroupRuleId": rule.id,
        "Direction": rule.direction,
        "IpProtocol": rule.protocol,
        "PortRange": rule.ports.to_string(),
        "SourceCidrIp": source,
        "SourceGroupId": here(Direction::Ingress, &rule.group),
        "SourceGroupName": "",
        "SourceGroupOwnerAccount": "",
        "SourcePortRange": rule.source_ports.map_or_else(String::new, |ports| ports.to_string()),
        "SourcePrefixListId": "",
        "DestCidrIp": dest,
        "DestGroupId": here(Direction::Egress, &rule.group),
        "DestGroupName": "",
        "DestGroupOwnerAccount": "",
        "DestPrefixListId": "",
        "Ipv6SourceCidrIp": "",
        "Ipv6DestCidrIp": "",
        "Policy": rule.policy,
        "Priority": rule.priority.to_string(),
        "NicType": rule.nic_type,
        "Description": rule.description,
        "CreateTime": rule.created.seconds(),
    })
}
