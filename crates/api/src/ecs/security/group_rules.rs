//! Rules of security groups as calls write them: one in the parameters themselves, or several in `Permissions.N`.

use meta::Tx;
use meta::resources::{self, Stored};
use model::network::{Direction, Rule, SecurityGroup};
use model::quota::Quota;
use model::{AccountId, ClientToken, RegionId, SecurityGroupId, SecurityGroupRuleId};
use wire::Params;

use super::rule_form::{self, Form};
use crate::action::{Access, Nothing};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, region, repeats, required};
use crate::quota;
use crate::resource::{once, own};

/// A call about rules of one group.
pub(super) struct RuleCall {
    pub(super) region: RegionId,
    pub(super) group: SecurityGroupId,
    pub(super) rules: Vec<Rule>,
    /// Rules by their ids, where a call may name them so.
    pub(super) ids: Vec<SecurityGroupRuleId>,
    names_prefix_list: bool,
    token: Option<ClientToken>,
}

/// The codes of both kinds of calls, and more.
macro_rules! codes {
    ($($more:ident),*) => {
        &[
            Code::RegionIdNotFound404,
            Code::SecurityGroupIdNotFound,
            Code::SecurityGroupIdMalformed,
            Code::PermissionsNotAlone,
            Code::UnsupportedOperation,
            Code::IpProtocolNotSupported,
            Code::PortRangeMissing,
            Code::RulePortRangeInvalid,
            Code::SourcePortRangeMalformed,
            Code::RulePolicyMalformed,
            Code::PriorityMalformed,
            Code::PriorityNotSupported,
            Code::NicTypeNotSupported,
            Code::RuleSourceIpConflict,
            Code::RuleDestIpConflict,
            Code::RuleSourceCidrIpInvalid,
            Code::RuleDestCidrIpInvalid,
            Code::DestCidrIpMalformed,
            Code::RuleDescriptionMalformed,
            Code::RulesDuplicated,
            Code::PrefixListIdNotFound,
            Code::RuleOfEnterpriseGroup,
            Code::RuleWithEnterpriseGroup,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            $(Code::$more),*
        ]
    };
}

/// The codes of the calls that add rules, and more.
macro_rules! authorize_codes {
    ($($more:ident),*) => {
        codes![
            PortRangeMalformed,
            ProtocolAndPortsMismatch,
            RuleEndsAreSame,
            RuleIpVersionsConflict,
            RuleProtocolNeedsIpv6,
            RulePeerMissing,
            RuleGroupIsSame,
            RuleNetworkTypesDiffer,
            GroupRuleLimitExceeded,
            RuleLimitExceeded,
            $($more),*
        ]
    };
}

/// Codes of the calls that add rules, for traffic to servers and from them.
pub(super) const AUTHORIZE: &[Code] = authorize_codes![
    SourceCidrIpMalformed,
    RuleSourceMissing,
    SourceGroupNeedsIntranet,
    SourceGroupIdNotFound,
    SourceGroupOfOtherNetwork
];
pub(super) const AUTHORIZE_EGRESS: &[Code] =
    authorize_codes![RuleDestMissing, DestGroupNeedsIntranet, DestGroupIdNotFound, DestGroupOfOtherNetwork];

/// The codes of the calls that remove rules, and more.
macro_rules! revoke_codes {
    ($($more:ident),*) => {
        codes![
            RuleIdInvalid,
            RuleIdRepeated,
            RuleIdNotFound,
            RevokedPortRangeMalformed,
            RevokedPeerMissing,
            RevokedGroupIsSame,
            $($more),*
        ]
    };
}

/// Codes of the calls that remove rules, for traffic to servers and from them.
pub(super) const REVOKE: &[Code] =
    revoke_codes![SourceCidrIpMalformed, RuleSourceMissing, SourceGroupIdNotFound, SourceGroupOfOtherNetwork];
pub(super) const REVOKE_EGRESS: &[Code] = revoke_codes![RuleDestMissing, DestGroupIdNotFound, DestGroupOfOtherNetwork];

impl RuleCall {
    /// Reads the call. `SecurityGroupRuleId.N` may stand instead of rules where `by_id` says so.
    pub(super) fn read(params: &Params, cx: &Cx, direction: Direction, by_id: bool) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let group: SecurityGroupId = required(params, "SecurityGroupId", Code::SecurityGroupIdMalformed)?;
        let ids: Vec<SecurityGroupRuleId> = params
            .list("SecurityGroupRuleId")
            .into_iter()
            .map(|(_, id)| id.parse().map_err(|_| Code::RuleIdInvalid.error()))
            .collect::<ApiResult<_>>()?;
        let token = optional(params, "ClientToken", Code::ClientTokenMalformed)?;
        let read = |params: &Params, number: Option<u32>| {
            Form { direction, is_revoked: by_id, number }.read(params, cx, &group)
        };
        let items = params.items("Permissions");
        let read = if by_id && !ids.is_empty() {
            if repeats(&ids) {
                return Err(Code::RuleIdRepeated.error());
            }
            Vec::new()
        } else if items.is_empty() {
            vec![read(params, None)?]
        } else if rule_form::ALONE.iter().any(|name| params.get(name).is_some()) {
            return Err(Code::PermissionsNotAlone.error());
        } else {
            items.iter().map(|(number, item)| read(item, Some(*number))).collect::<ApiResult<_>>()?
        };
        let names_prefix_list = read.iter().any(|read| read.names_prefix_list);
        let rules: Vec<Rule> = read.into_iter().map(|read| read.rule).collect();
        let is_twice = |(n, rule): (usize, &Rule)| rules[..n].iter().any(|other| other.says_the_same(rule));
        if rules.iter().enumerate().any(is_twice) {
            return Err(Code::RulesDuplicated.error());
        }
        Ok(Self { region, group, rules, ids: if by_id { ids } else { Vec::new() }, names_prefix_list, token })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        let group = format!("securitygroup/{}", self.group);
        vec![Access { verb, resource: cx.resource("ecs", self.region.as_str(), &group) }]
    }

    /// Adds the rules that are not there yet.
    pub(super) async fn authorize(self, cx: &Allowed<'_>, action: &'static str) -> ApiResult<Nothing> {
        self.change(cx, action, |tx, account, rules, group| {
            let mut after = group.rules.clone();
            for rule in rules {
                if !rule.group.is_empty() {
                    check_peer(tx, account, group, rule)?;
                }
                if !after.iter().any(|there| there.says_the_same(rule)) {
                    after.push(rule.clone());
                }
            }
            let of_groups = after.iter().filter(|rule| !rule.group.is_empty()).count();
            quota::at_most(tx, account, Quota::GroupRulesPerGroup, of_groups as u64, Code::GroupRuleLimitExceeded)?;
            quota::at_most(tx, account, Quota::RulesPerGroup, after.len() as u64, Code::RuleLimitExceeded)?;
            Ok(after)
        })
        .await
    }

    /// Removes the rules. One that is written out and is not there is no fault, if it could be there; one that is named by
    /// its id must be.
    pub(super) async fn revoke(self, cx: &Allowed<'_>, action: &'static str) -> ApiResult<Nothing> {
        let ids = self.ids.clone();
        self.change(cx, action, move |tx, account, rules, group| {
            let before = &group.rules;
            if ids.iter().any(|id| !before.iter().any(|there| there.id == *id)) {
                return Err(Code::RuleIdNotFound.error());
            }
            for rule in rules.iter().filter(|rule| !rule.group.is_empty()) {
                if !before.iter().any(|there| rule.says_the_same(there)) {
                    check_peer(tx, account, group, rule)?;
                }
            }
            let goes = |there: &Rule| ids.contains(&there.id) || rules.iter().any(|rule| rule.says_the_same(there));
            Ok(before.iter().filter(|there| !goes(there)).cloned().collect())
        })
        .await
    }

    async fn change(
        self,
        cx: &Allowed<'_>,
        action: &'static str,
        change: impl Fn(&mut Tx<'_>, AccountId, &[Rule], &SecurityGroup) -> ApiResult<Vec<Rule>> + Send + 'static,
    ) -> ApiResult<Nothing> {
        let (account, region, token) = (cx.account(), self.region.clone(), self.token.clone());
        let changed = once(cx, (&region, action), (token, Code::IdempotentParameterMismatch), move |tx| {
            let code = Code::SecurityGroupIdNotFound;
            let before: Stored<SecurityGroup> = own(tx, account, &self.region, self.group.as_str(), code)?;
            if self.names_prefix_list {
                return Err(Code::PrefixListIdNotFound.error());
            }
            let rules = change(tx, account, &self.rules, &before.record)?;
            resources::update(tx, &before, &SecurityGroup { rules, ..before.record.clone() })?;
            Ok(Nothing {})
        })
        .await?;
        cx.engine().ports_changed();
        Ok(changed)
    }
}

/// Checks the group at the other end of a rule: it is there, in the same network, and neither is an enterprise group, which
/// knows no rules about groups.
fn check_peer(tx: &mut Tx<'_>, account: AccountId, group: &SecurityGroup, rule: &Rule) -> ApiResult<()> {
    const ENTERPRISE: &str = "enterprise";
    let (missing, elsewhere) = match rule.direction {
        Direction::Ingress => (Code::SourceGroupIdNotFound, Code::SourceGroupOfOtherNetwork),
        Direction::Egress => (Code::DestGroupIdNotFound, Code::DestGroupOfOtherNetwork),
    };
    let peer = own::<SecurityGroup>(tx, account, &group.region, &rule.group, missing)?.record;
    if group.kind == ENTERPRISE {
        return Err(Code::RuleOfEnterpriseGroup.error());
    }
    if peer.kind == ENTERPRISE {
        return Err(Code::RuleWithEnterpriseGroup.error());
    }
    match (&group.vpc, &peer.vpc) {
        (Some(here), Some(there)) if here != there => Err(elsewhere.error()),
        (Some(_), None) | (None, Some(_)) => Err(Code::RuleNetworkTypesDiffer.error()),
        _ => Ok(()),
    }
}
