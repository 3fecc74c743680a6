//! A server's firewall: the rules of a security group that is the server's own.

use engine::Engine;
use meta::Tx;
use meta::resources::{self, Stored};
use model::network::{Cidr, Direction, IpProtocol, PortRange, Rule, RulePolicy, SecurityGroup};
use model::quota::Quota;
use model::{AccountId, RegionId, SecurityGroupRuleId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::common::server;
use crate::code::{ApiError, ApiResult, Code};
use crate::quota;

/// Codes of the calls that add rules.
pub(super) const ADD_CODES: &[Code] = &[
    Code::SwasRegionNotMatched,
    Code::SwasInstanceIdNotFound,
    Code::SwasPortInvalid,
    Code::SwasProtocolInvalid,
    Code::SwasParamInvalid,
    Code::SwasRuleTaken,
    Code::SwasRuleQuotaExceeded,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// Codes of the calls that remove rules.
pub(super) const REMOVE_CODES: &[Code] = &[
    Code::SwasRegionNotMatched,
    Code::SwasInstanceIdNotFound,
    Code::SwasRuleIdNotFound,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// A rule as calls write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WantedRule {
    pub(super) rule_protocol: String,
    pub(super) port: String,
    #[serde(default)]
    pub(super) remark: String,
    #[serde(default)]
    pub(super) source_cidr_ip: String,
}

impl WantedRule {
    /// The rule, when it says something.
    pub(super) fn read(&self, engine: &Engine) -> ApiResult<Rule> {
        let protocol = match self.rule_protocol.to_ascii_uppercase().as_str() {
            "TCP" => IpProtocol::Tcp,
            "UDP" => IpProtocol::Udp,
            "TCP+UDP" => IpProtocol::All,
            "ICMP" => IpProtocol::Icmp,
            _ => return Err(Code::SwasProtocolInvalid.error()),
        };
        // One port is a range, too.
        let ports = if self.port.contains('/') { self.port.clone() } else { format!("{0}/{0}", self.port) };
        let ports: PortRange = ports.parse().map_err(|_| Code::SwasPortInvalid)?;
        if (protocol == IpProtocol::Icmp) != (ports == PortRange::ALL) {
            return Err(Code::SwasPortInvalid.error());
        }
        let cidr = match self.source_cidr_ip.as_str() {
            "" => Cidr::ALL,
            text => text.parse().map_err(|_| Code::SwasParamInvalid)?,
        };
        Ok(rule(engine, protocol, ports, cidr, &self.remark))
    }
}

/// The rules that every server begins with: the web, and a shell.
pub(super) fn first_rules(engine: &Engine) -> Vec<Rule> {
    let one = |port: i32| rule(engine, IpProtocol::Tcp, PortRange { first: port, last: port }, Cidr::ALL, "");
    [80, 443, 22].map(one).to_vec()
}

fn rule(engine: &Engine, protocol: IpProtocol, ports: PortRange, cidr: Cidr, remark: &str) -> Rule {
    Rule {
        id: SecurityGroupRuleId::generate(engine.entropy()),
        direction: Direction::Ingress,
        policy: RulePolicy::Accept,
        protocol,
        ports,
        cidr: cidr.to_string(),
        group: String::new(),
        own_cidr: String::new(),
        source_ports: None,
        priority: 1,
        nic_type: "internet".to_owned(),
        description: remark.to_owned(),
        created: engine.clock().now(),
    }
}

/// The group of a server.
pub(super) fn group(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    instance: &str,
) -> ApiResult<Stored<SecurityGroup>> {
    let server = server(tx, owner, region, instance)?.record;
    let group = server.place.groups.first().ok_or_else(|| ApiError::internal("a server has no group"))?;
    let found = resources::get::<SecurityGroup>(tx, group.as_str())?;
    found.ok_or_else(|| ApiError::internal("a server's group is gone"))
}

/// Adds rules, all of them or none.
pub(super) fn add(tx: &mut Tx<'_>, before: &Stored<SecurityGroup>, rules: &[Rule]) -> ApiResult<()> {
    let mut after = before.record.clone();
    for rule in rules {
        if after.rules.iter().any(|there| there.says_the_same(rule)) {
            return Err(Code::SwasRuleTaken.error());
        }
        after.rules.push(rule.clone());
    }
    let (owner, all) = (after.owner, after.rules.len() as u64);
    quota::at_most(tx, owner, Quota::SwasFirewallRules, all, Code::SwasRuleQuotaExceeded)?;
    resources::update(tx, before, &after)?;
    Ok(())
}

/// Removes rules by their ids, all of them or none.
pub(super) fn remove(tx: &mut Tx<'_>, before: &Stored<SecurityGroup>, ids: &[String]) -> ApiResult<()> {
    let mut after = before.record.clone();
    for id in ids {
        let place = after.rules.iter().position(|rule| rule.id.as_str() == id);
        after.rules.remove(place.ok_or(Code::SwasRuleIdNotFound)?);
    }
    resources::update(tx, before, &after)?;
    Ok(())
}

/// A rule in a list.
pub(super) fn view(rule: &Rule) -> Value {
    let PortRange { first, last } = rule.ports;
    json!({
        "RuleId": rule.id,
        "RuleProtocol": if rule.protocol == IpProtocol::All { "TCP+UDP" } else { rule.protocol.as_str() },
        "Port": if first == last && 0 < first { first.to_string() } else { rule.ports.to_string() },
        "Policy": "accept",
        "Remark": rule.description,
        "SourceCidrIp": rule.cidr,
        "Tags": [],
    })
}
