//! `CreatePolicy`: make a policy of the account's own.

use meta::{Scope, policies};
use policy::Kind;
use serde::Serialize;
use wire::Params;

use super::fields;
use identity::system_policies;
use super::views::PolicyView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// Custom policies that an account may have.
const POLICIES_AT_MOST: u64 = 1_500;

/// The call.
pub(crate) struct CreatePolicy {
    name: String,
    document: String,
    description: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Made {
    policy: PolicyView,
}

impl Action for CreatePolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreatePolicy",
        summary: "Make a custom policy.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyDocumentLength,
            Code::MalformedPolicyDocument,
            Code::DescriptionLength,
            Code::PolicyAlreadyExists,
            Code::PolicyLimit,
        ],
    };
    type Output = Made;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let document = params.get("PolicyDocument").ok_or_else(|| ApiError::missing("PolicyDocument"))?;
        Ok(Self {
            name: fields::policy_name(params)?,
            document: fields::document(document, Kind::Identity, Code::PolicyDocumentLength)?,
            description: fields::description(params, "Description")?.unwrap_or_default(),
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreatePolicy", resource: cx.resource("ram", "*", "policy/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Made> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let Self { name, document, description } = self;
        let policy = policies::Policy::new(name, document, description, now);
        let made = policy.clone();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if policies::count(tx, account)? >= POLICIES_AT_MOST {
                    return Err(Code::PolicyLimit.error());
                }
                let taken = system_policies::find(&policy.name).is_some();
                if taken || !policies::insert(tx, account, &policy)? {
                    return Err(Code::PolicyAlreadyExists.error());
                }
                Ok(())
            })
            .await?;
        Ok(Made { policy: PolicyView::custom(&made, 0) })
    }
}
