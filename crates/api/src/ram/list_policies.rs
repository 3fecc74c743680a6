//! `ListPolicies`: the service's policies and the account's, by name.

use meta::policies::{self, PolicyKind};
use serde::Serialize;
use wire::Params;

use super::fields::{self, Marked};
use identity::system_policies::SYSTEM_POLICIES;
use super::views::PolicyView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListPolicies {
    kind: Option<PolicyKind>,
    page: Marked,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policies {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    policies: PolicyList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyList {
    policy: Vec<PolicyView>,
}

impl Action for ListPolicies {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPolicies",
        summary: "List the service's policies and the account's.",
        codes: &[Code::PolicyTypeInvalid],
    };
    type Output = Policies;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let kind = params.get("PolicyType").map(|_| fields::policy_kind(params)).transpose()?;
        Ok(Self { kind, page: fields::marked(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPolicies", resource: cx.resource("ram", "*", "policy/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Policies> {
        let account = cx.account();
        let Self { kind, page: Marked { marker, limit } } = self;
        let after = marker.clone();
        let mut named: Vec<(String, PolicyView)> = cx
            .engine()
            .meta()
            .read(move |tx| {
                let mut named = Vec::new();
                if kind != Some(PolicyKind::Custom) {
                    for policy in SYSTEM_POLICIES.iter().filter(|policy| policy.name > after.as_str()) {
                        let count = policies::attachment_count(tx, account, PolicyKind::System, policy.name)?;
                        named.push((policy.name.to_owned(), PolicyView::system(policy, count)));
                    }
                }
                if kind != Some(PolicyKind::System) {
                    for policy in policies::list(tx, account, &after, limit + 1)? {
                        let count = policies::attachment_count(tx, account, PolicyKind::Custom, &policy.name)?;
                        named.push((policy.name.clone(), PolicyView::custom(&policy, count)));
                    }
                }
                Ok::<_, meta::Error>(named)
            })
            .await?;
        named.sort_by(|one, two| one.0.cmp(&two.0));
        let is_truncated = named.len() as u64 > limit;
        named.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let marker = named.last().filter(|_| is_truncated).map(|(name, _)| name.clone());
        let policy = named.into_iter().map(|(_, view)| view).collect();
        Ok(Policies { is_truncated, marker, policies: PolicyList { policy } })
    }
}
