//! `ListPolicies`: the service's policies and the account's, by name.

use meta::policies::{self, PolicyKind};
use model::Tag;
use serde::Serialize;
use wire::Params;

use super::named;
use super::views::PolicyView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields::{self, Marked};
use identity::system_policies::SYSTEM_POLICIES;

/// The call.
pub(crate) struct ListPolicies {
    kind: Option<PolicyKind>,
    page: Marked,
    tags: Vec<Tag>,
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
        let kind = params.get("PolicyType").map(|_| named::kind(params)).transpose()?;
        Ok(Self { kind, page: fields::marked(params)?, tags: fields::tags(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPolicies", resource: named::resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Policies> {
        let account = cx.account();
        let Self { kind, page, tags } = self;
        let (limit, reach) = (page.limit, page.reach_filtered(&tags, fields::EVERYTHING));
        let mut policy: Vec<PolicyView> = cx
            .engine()
            .meta()
            .read(move |tx| {
                let mut views = Vec::new();
                // The service's policies have no tags.
                if kind != Some(PolicyKind::Custom) && tags.is_empty() {
                    for policy in SYSTEM_POLICIES.iter().filter(|policy| policy.name > page.marker.as_str()) {
                        let count = policies::attachment_count(tx, account, PolicyKind::System, policy.name)?;
                        views.push(PolicyView::system(policy).attached(count).tagged(&[]));
                    }
                }
                if kind != Some(PolicyKind::System) {
                    let custom = policies::list(tx, account, &page.marker, reach)?;
                    for policy in custom.iter().filter(|policy| fields::has_tags(&policy.tags, &tags)) {
                        let count = policies::attachment_count(tx, account, PolicyKind::Custom, &policy.name)?;
                        views.push(PolicyView::custom(policy).attached(count).tagged(&policy.tags));
                    }
                }
                Ok::<_, meta::Error>(views)
            })
            .await?;
        policy.sort_by(|one, two| one.name().cmp(two.name()));
        let marker = fields::cut(&mut policy, limit, PolicyView::name);
        Ok(Policies { is_truncated: marker.is_some(), marker, policies: PolicyList { policy } })
    }
}
