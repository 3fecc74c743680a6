//! One rule of a security group as a call writes it, and what is wrong with it in the words of that call: rules for traffic
//! to servers and from them, alone or in `Permissions.N`, added or removed, have codes of their own.

use model::network::{Cidr, Direction, IpProtocol, PortRange, Rule, RulePolicy};
use model::{SecurityGroupId, SecurityGroupRuleId};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Cx;
use crate::input::optional;

/// Longest description of a rule.
const LONGEST_DESCRIPTION: usize = 512;

/// Parameters of a rule that stands in the call itself, which `Permissions.N` cannot be beside.
pub(super) const ALONE: &[&str] = &[
    "Description",
    "DestCidrIp",
    "DestGroupId",
    "DestGroupOwnerAccount",
    "DestGroupOwnerId",
    "DestPrefixListId",
    "IpProtocol",
    "Ipv6DestCidrIp",
    "Ipv6SourceCidrIp",
    "NicType",
    "Policy",
    "PortRange",
    "Priority",
    "SourceCidrIp",
    "SourceGroupId",
    "SourceGroupOwnerAccount",
    "SourceGroupOwnerId",
    "SourcePortRange",
    "SourcePrefixListId",
];

/// Where a rule stands, and in what kind of call.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) direction: Direction,
    /// Whether the call removes rules.
    pub(super) is_revoked: bool,
    /// The number in `Permissions.N`; none for a rule in the call's own parameters.
    pub(super) number: Option<u32>,
}

/// An end of the traffic.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Source,
    Dest,
}

impl End {
    fn of(self, field: &str) -> String {
        format!("{}{field}", if self == Self::Source { "Source" } else { "Dest" })
    }
}

/// A rule as it was read.
pub(super) struct Read {
    pub(super) rule: Rule,
    /// Whether a list of prefixes is meant, of which there are none.
    pub(super) names_prefix_list: bool,
}

impl Form {
    /// Reads the rule.
    pub(super) fn read(self, params: &Params, cx: &Cx, own_group: &SecurityGroupId) -> ApiResult<Read> {
        let protocol = self.protocol(params)?;
        let ports = self.ports(params, protocol)?;
        let source_ports: Option<PortRange> = optional(params, "SourcePortRange", Code::SourcePortRangeMalformed)?;
        let policy = match params.get("Policy").unwrap_or("accept").to_ascii_lowercase().as_str() {
            "accept" => RulePolicy::Accept,
            "drop" => RulePolicy::Drop,
            _ => return Err(Code::RulePolicyMalformed.error()),
        };
        let priority = self.priority(params)?;
        let nic_type = params.get("NicType");
        if nic_type.is_some_and(|kind| !["internet", "intranet"].contains(&kind)) {
            return Err(Code::NicTypeNotSupported.error());
        }
        let (peer, own) = match self.direction {
            Direction::Ingress => (End::Source, End::Dest),
            Direction::Egress => (End::Dest, End::Source),
        };
        let (cidr, own_cidr) = (self.cidr(params, peer)?, self.cidr(params, own)?);
        self.no_ipv6(params, protocol)?;
        if !self.is_revoked && cidr.is_some() && cidr == own_cidr {
            return Err(Code::RuleEndsAreSame.error());
        }
        let names_prefix_list = [peer, own].iter().any(|end| params.get(&end.of("PrefixListId")).is_some());
        if params.get("PortRangeListId").is_some() {
            return Err(Code::UnsupportedOperation.with("There are no lists of ports."));
        }
        // Of addresses and a group the addresses count.
        let group = params.get(&peer.of("GroupId")).filter(|_| cidr.is_none()).unwrap_or_default();
        if cidr.is_none() && group.is_empty() && !names_prefix_list {
            return Err(self.peer_missing(peer));
        }
        if group == own_group.as_str() {
            return Err(self.group_is_same());
        }
        if !group.is_empty() && nic_type == Some("internet") && !self.is_revoked {
            let code = [Code::SourceGroupNeedsIntranet, Code::DestGroupNeedsIntranet];
            return Err(code[usize::from(peer == End::Dest)].error());
        }
        let description = params.get("Description").unwrap_or_default().to_owned();
        let is_link = description.starts_with("http://") || description.starts_with("https://");
        if LONGEST_DESCRIPTION < description.chars().count() || is_link {
            return Err(Code::RuleDescriptionMalformed.error());
        }
        let engine = &cx.services.engine;
        let text = |cidr: Option<Cidr>| cidr.map_or_else(String::new, |cidr| cidr.to_string());
        let rule = Rule {
            id: SecurityGroupRuleId::generate(engine.entropy()),
            direction: self.direction,
            policy,
            protocol,
            ports,
            cidr: text(cidr),
            group: group.to_owned(),
            own_cidr: text(own_cidr),
            source_ports: source_ports.filter(|ports| *ports != PortRange::ALL),
            priority,
            nic_type: nic_type.unwrap_or("intranet").to_owned(),
            description,
            created: engine.clock().now(),
        };
        Ok(Read { rule, names_prefix_list })
    }

    fn protocol(self, params: &Params) -> ApiResult<IpProtocol> {
        let protocol = params.get("IpProtocol").ok_or_else(|| ApiError::missing("IpProtocol"))?;
        let known = IpProtocol::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(protocol));
        Ok(*known.ok_or(Code::IpProtocolNotSupported)?)
    }

    fn ports(self, params: &Params, protocol: IpProtocol) -> ApiResult<PortRange> {
        let text = params.get("PortRange").ok_or(Code::PortRangeMissing)?;
        let malformed = || match self.number {
            Some(_) => {
                let name = self.name("PortRange");
                Code::RulePortRangeInvalid.with(format!(
                    "The specified parameter {name} is not valid. It should be two integers less than 65535 in ?/? format."
                ))
            }
            None if self.is_revoked => Code::RevokedPortRangeMalformed.error(),
            None => Code::PortRangeMalformed.error(),
        };
        let ports: PortRange = text.parse().map_err(|_| malformed())?;
        let has_ports = matches!(protocol, IpProtocol::Tcp | IpProtocol::Udp);
        match has_ports || ports == PortRange::ALL {
            true => Ok(ports),
            false if self.is_revoked => Err(malformed()),
            false => Err(Code::ProtocolAndPortsMismatch.error()),
        }
    }

    fn priority(self, params: &Params) -> ApiResult<u8> {
        let Some(text) = params.get("Priority") else { return Ok(1) };
        let number: i64 = text.parse().map_err(|_| Code::PriorityMalformed)?;
        match u8::try_from(number) {
            Ok(priority @ 1..=100) => Ok(priority),
            _ => {
                let name = self.name("Priority");
                Err(Code::PriorityNotSupported.with(format!("The specified parameter {name} is invalid.")))
            }
        }
    }

    /// The addresses of an end.
    fn cidr(self, params: &Params, end: End) -> ApiResult<Option<Cidr>> {
        let field = end.of("CidrIp");
        if params.get(&field).is_some() && params.get(&format!("Ipv6{field}")).is_some() {
            let place = self.number.map_or_else(|| "the call".to_owned(), |number| format!("Permissions.{number}"));
            let code = [Code::RuleSourceIpConflict, Code::RuleDestIpConflict][usize::from(end == End::Dest)];
            return Err(
                code.with(format!("The Parameters {field} and Ipv6{field} in {place} cannot be set at the same time."))
            );
        }
        let name = self.name(&field);
        let invalid = |code: Code| code.with(format!("The specified parameter {name} is not valid."));
        let bad = match (end, self.number) {
            // The document of rules for traffic from servers has one code for the servers' own addresses.
            (End::Source, _) if self.direction == Direction::Egress => Code::RuleSourceCidrIpInvalid.error(),
            (End::Source, Some(_)) => invalid(Code::RuleSourceCidrIpInvalid),
            (End::Dest, Some(_)) => invalid(Code::RuleDestCidrIpInvalid),
            (End::Source, None) => Code::SourceCidrIpMalformed.error(),
            (End::Dest, None) => Code::DestCidrIpMalformed.error(),
        };
        optional(params, &field, bad)
    }

    /// Servers have no IPv6.
    fn no_ipv6(self, params: &Params, protocol: IpProtocol) -> ApiResult<()> {
        let has = |names: [&str; 2]| names.iter().any(|name| params.get(name).is_some());
        let (has_v4, has_v6) = (has(["SourceCidrIp", "DestCidrIp"]), has(["Ipv6SourceCidrIp", "Ipv6DestCidrIp"]));
        if has_v4 && has_v6 && !self.is_revoked {
            return Err(Code::RuleIpVersionsConflict.error());
        }
        if has_v6 {
            return Err(Code::UnsupportedOperation.with("IPv6 is not supported by this deployment."));
        }
        if has_v4 && protocol == IpProtocol::IcmpV6 && !self.is_revoked {
            return Err(Code::RuleProtocolNeedsIpv6.error());
        }
        Ok(())
    }

    fn peer_missing(self, peer: End) -> ApiError {
        let (end, is_source) = (peer.of(""), peer == End::Source);
        if let Some(number) = self.number {
            let code = if is_source { Code::RuleSourceMissing } else { Code::RuleDestMissing };
            return code.with(format!(
                "One of the parameters {end}CidrIp, Ipv6{end}CidrIp, {end}GroupId or {end}PrefixListId in Permissions.{number} must be specified."
            ));
        }
        let code = if self.is_revoked { Code::RevokedPeerMissing } else { Code::RulePeerMissing };
        code.with(format!("The input parameter {end}GroupId or {end}CidrIp cannot be both blank."))
    }

    fn group_is_same(self) -> ApiError {
        if self.is_revoked {
            return Code::RevokedGroupIsSame.error();
        }
        let end = if self.direction == Direction::Ingress { "Source" } else { "Dest" };
        let text = format!("The specified SecurityGroupId should be different from the {end}GroupId.");
        Code::RuleGroupIsSame.with(text)
    }

    /// The name of a field as the call has it.
    fn name(self, field: &str) -> String {
        self.number.map_or_else(|| field.to_owned(), |number| format!("Permissions.{number}.{field}"))
    }
}
