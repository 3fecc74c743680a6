//! Rules of security groups as calls write them: one in the parameters themselves, or several in `Permissions.N`.

use meta::Tx;
use meta::resources::{self, Stored};
use model::network::{Cidr, Direction, IpProtocol, PortRange, Rule, RulePolicy, SecurityGroup};
use model::quota::Quota;
use model::{ClientToken, RegionId, SecurityGroupId, SecurityGroupRuleId};
use wire::Params;

use crate::action::{Access, Nothing};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, region, required};
use crate::quota;
use crate::resource::{once, own};

/// A call about rules of one group.
pub(super) struct RuleCall {
    pub(super) region: RegionId,
    pub(super) group: SecurityGroupId,
    pub(super) rules: Vec<Rule>,
    /// Rules by their ids, where a call may name them so.
    pub(super) ids: Vec<SecurityGroupRuleId>,
    token: Option<ClientToken>,
}

/// Codes of the calls that add rules.
pub(super) const CODES: [Code; 19] = [
    Code::RegionIdNotFound404,
    Code::SecurityGroupIdNotFound,
    Code::IpProtocolNotSupported,
    Code::PortRangeMissing,
    Code::PortRangeMalformed,
    Code::ProtocolAndPortsMismatch,
    Code::RulePolicyMalformed,
    Code::PriorityMalformed,
    Code::NicTypeNotSupported,
    Code::SourceCidrIpMalformed,
    Code::DestCidrIpMalformed,
    Code::RulePeerMissing,
    Code::RuleDescriptionMalformed,
    Code::RuleGroupIsSame,
    Code::SourceGroupIdNotFound,
    Code::RuleLimitExceeded,
    Code::RulesDuplicated,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// Codes of the calls that remove rules.
pub(super) const REVOKE_CODES: [Code; 18] = [
    Code::RegionIdNotFound404,
    Code::SecurityGroupIdNotFound,
    Code::RuleIdInvalid,
    Code::RuleIdRepeated,
    Code::IpProtocolNotSupported,
    Code::PortRangeMissing,
    Code::RevokedPortRangeMalformed,
    Code::RulePolicyMalformed,
    Code::PriorityMalformed,
    Code::NicTypeNotSupported,
    Code::SourceCidrIpMalformed,
    Code::DestCidrIpMalformed,
    Code::RevokedPeerMissing,
    Code::RuleDescriptionMalformed,
    Code::RevokedGroupIsSame,
    Code::RulesDuplicated,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

impl RuleCall {
    /// Reads the call. `SecurityGroupRuleId.N` may stand instead of rules where `by_id` says so.
    pub(super) fn read(params: &Params, cx: &Cx, direction: Direction, by_id: bool) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let group: SecurityGroupId = required(params, "SecurityGroupId", Code::SecurityGroupIdNotFound)?;
        let ids: Vec<SecurityGroupRuleId> = params
            .list("SecurityGroupRuleId")
            .into_iter()
            .map(|(_, id)| id.parse().map_err(|_| Code::RuleIdInvalid.error()))
            .collect::<ApiResult<_>>()?;
        let token = optional(params, "ClientToken", Code::ClientTokenMalformed)?;
        if by_id && !ids.is_empty() {
            if ids.iter().enumerate().any(|(n, id)| ids[..n].contains(id)) {
                return Err(Code::RuleIdRepeated.error());
            }
            return Ok(Self { region, group, rules: Vec::new(), ids, token });
        }
        let items = params.items("Permissions");
        let rule = |params: &Params| {
            let read = rule(params, cx, direction, &group);
            if by_id { read.map_err(as_revoked) } else { read }
        };
        let rules: Vec<Rule> = if items.is_empty() {
            vec![rule(params)?]
        } else {
            items.iter().map(|(_, item)| rule(item)).collect::<ApiResult<_>>()?
        };
        let is_twice = |(n, rule): (usize, &Rule)| rules[..n].iter().any(|other| other.says_the_same(rule));
        if rules.iter().enumerate().any(is_twice) {
            return Err(Code::RulesDuplicated.error());
        }
        Ok(Self { region, group, rules, ids: Vec::new(), token })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        let group = format!("securitygroup/{}", self.group);
        vec![Access { verb, resource: cx.resource("ecs", self.region.as_str(), &group) }]
    }

    /// Adds the rules that are not there yet.
    pub(super) async fn authorize(self, cx: &Allowed<'_>, action: &'static str) -> ApiResult<Nothing> {
        self.change(cx, action, |tx, account, region, rules, before| {
            let mut after = before.to_vec();
            for rule in rules {
                if !rule.group.is_empty() {
                    own::<SecurityGroup>(tx, account, region, &rule.group, Code::SourceGroupIdNotFound)?;
                }
                if !after.iter().any(|there| there.says_the_same(rule)) {
                    after.push(rule.clone());
                }
            }
            quota::at_most(tx, account, Quota::RulesPerGroup, after.len() as u64, Code::RuleLimitExceeded)?;
            Ok(after)
        })
        .await
    }

    /// Removes the rules. One that is not there is no fault.
    pub(super) async fn revoke(self, cx: &Allowed<'_>, action: &'static str) -> ApiResult<Nothing> {
        let ids = self.ids.clone();
        self.change(cx, action, move |_, _, _, rules, before| {
            let goes = |there: &Rule| ids.contains(&there.id) || rules.iter().any(|rule| rule.says_the_same(there));
            Ok(before.iter().filter(|there| !goes(there)).cloned().collect())
        })
        .await
    }

    async fn change(
        self,
        cx: &Allowed<'_>,
        action: &'static str,
        change: impl Fn(&mut Tx<'_>, model::AccountId, &RegionId, &[Rule], &[Rule]) -> ApiResult<Vec<Rule>> + Send + 'static,
    ) -> ApiResult<Nothing> {
        let (account, region, token) = (cx.account(), self.region.clone(), self.token.clone());
        let changed = once(cx, (&region, action), (token, Code::IdempotentParameterMismatch), move |tx| {
            let code = Code::SecurityGroupIdNotFound;
            let before: Stored<SecurityGroup> = own(tx, account, &self.region, self.group.as_str(), code)?;
            let rules = change(tx, account, &self.region, &self.rules, &before.record.rules)?;
            resources::update(tx, &before, &SecurityGroup { rules, ..before.record.clone() })?;
            Ok(Nothing {})
        })
        .await?;
        cx.engine().ports_changed();
        Ok(changed)
    }
}

/// What is wrong with a rule, in the words of the calls that remove rules.
fn as_revoked(error: ApiError) -> ApiError {
    match error.code() {
        Code::PortRangeMalformed | Code::ProtocolAndPortsMismatch => Code::RevokedPortRangeMalformed.error(),
        Code::RulePeerMissing => Code::RevokedPeerMissing.error(),
        Code::RuleGroupIsSame => Code::RevokedGroupIsSame.error(),
        _ => error,
    }
}

fn rule(params: &Params, cx: &Cx, direction: Direction, own_group: &SecurityGroupId) -> ApiResult<Rule> {
    let protocol = params.get("IpProtocol").ok_or_else(|| ApiError::missing("IpProtocol"))?;
    let known = IpProtocol::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(protocol));
    let protocol = *known.ok_or(Code::IpProtocolNotSupported)?;
    let ports: PortRange =
        params.get("PortRange").ok_or(Code::PortRangeMissing)?.parse().map_err(|_| Code::PortRangeMalformed)?;
    let has_ports = matches!(protocol, IpProtocol::Tcp | IpProtocol::Udp);
    if !has_ports && ports != PortRange::ALL {
        return Err(Code::ProtocolAndPortsMismatch.error());
    }
    let policy = match params.get("Policy").unwrap_or("accept").to_ascii_lowercase().as_str() {
        "accept" => RulePolicy::Accept,
        "drop" => RulePolicy::Drop,
        _ => return Err(Code::RulePolicyMalformed.error()),
    };
    let priority = optional(params, "Priority", Code::PriorityMalformed)?.unwrap_or(1);
    if !(1..=100).contains(&priority) {
        return Err(Code::PriorityMalformed.error());
    }
    let nic_type = params.get("NicType").unwrap_or("intranet").to_owned();
    if !["internet", "intranet"].contains(&nic_type.as_str()) {
        return Err(Code::NicTypeNotSupported.error());
    }
    let (cidr_name, group_name, bad) = match direction {
        Direction::Ingress => ("SourceCidrIp", "SourceGroupId", Code::SourceCidrIpMalformed),
        Direction::Egress => ("DestCidrIp", "DestGroupId", Code::DestCidrIpMalformed),
    };
    let cidr: Option<Cidr> = optional(params, cidr_name, bad)?;
    let group = params.get(group_name).unwrap_or_default().to_owned();
    if cidr.is_none() && group.is_empty() {
        return Err(Code::RulePeerMissing.error());
    }
    if group == own_group.as_str() {
        return Err(Code::RuleGroupIsSame.error());
    }
    let description = params.get("Description").unwrap_or_default().to_owned();
    if 512 < description.chars().count() || description.starts_with("http://") || description.starts_with("https://") {
        return Err(Code::RuleDescriptionMalformed.error());
    }
    let engine = &cx.services.engine;
    Ok(Rule {
        id: SecurityGroupRuleId::generate(engine.entropy()),
        direction,
        policy,
        protocol,
        ports,
        cidr: cidr.map_or_else(String::new, |cidr| cidr.to_string()),
        group,
        priority,
        nic_type,
        description,
        created: engine.clock().now(),
    })
}
