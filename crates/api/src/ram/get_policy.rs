//! `GetPolicy`: show a policy and what it says.

use meta::policies::{self, PolicyKind};
use serde::Serialize;
use wire::Params;

use super::fields;
use identity::system_policies;
use super::views::PolicyView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct GetPolicy {
    name: String,
    kind: PolicyKind,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown {
    policy: PolicyView,
    default_policy_version: VersionView,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionView {
    version_id: &'static str,
    is_default_version: bool,
    policy_document: String,
}

impl Action for GetPolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetPolicy",
        summary: "Show a policy and what it says.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::PolicyTypeInvalid, Code::PolicyNotExist],
    };
    type Output = Shown;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, kind: fields::policy_kind(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ram", "*", &format!("policy/{}", self.name));
        vec![Access { verb: "ram:GetPolicy", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Shown> {
        let account = cx.account();
        let Self { name, kind } = self;
        let wanted = name.clone();
        let (custom, count) = cx
            .engine()
            .meta()
            .read(move |tx| {
                let custom = match kind {
                    PolicyKind::Custom => policies::get(tx, account, &wanted)?,
                    PolicyKind::System => None,
                };
                Ok::<_, meta::Error>((custom, policies::attachment_count(tx, account, kind, &wanted)?))
            })
            .await?;
        let system = system_policies::find(&name).filter(|_| kind == PolicyKind::System);
        let (policy, policy_document) = match (custom, system) {
            (Some(custom), _) => (PolicyView::custom(&custom, count), custom.document),
            (None, Some(system)) => (PolicyView::system(system, count), system.document.to_owned()),
            (None, None) => return Err(Code::PolicyNotExist.error()),
        };
        let default_policy_version = VersionView { version_id: "v1", is_default_version: true, policy_document };
        Ok(Shown { policy, default_policy_version })
    }
}
