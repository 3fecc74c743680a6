//! `CreatePolicy`: make a policy of the account's own.

use identity::system_policies;
use meta::Scope;
use meta::policies::{self, Policy};
use model::Tag;
use model::quota::Quota;
use policy::Kind;
use wire::Params;

use super::named;
use super::views::{OnePolicy, PolicyView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;
use crate::ram::fields;

/// The call.
pub(crate) struct CreatePolicy {
    name: String,
    document: String,
    description: String,
    tags: Vec<Tag>,
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
    type Output = OnePolicy;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let document = params.get("PolicyDocument").ok_or_else(|| ApiError::missing("PolicyDocument"))?;
        Ok(Self {
            name: fields::policy_name(params)?,
            document: fields::document(document, Kind::Identity, Code::PolicyDocumentLength)?,
            description: fields::description(params, "Description")?.unwrap_or_default(),
            tags: fields::tags(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreatePolicy", resource: named::resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OnePolicy> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let policy = Policy { tags: self.tags, ..Policy::new(self.name, self.document, self.description, now) };
        let made = policy.clone();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                // A name means one policy, whatever the kind.
                let is_system = system_policies::find(&policy.name).is_some();
                if is_system || policies::get(tx, account, &policy.name)?.is_some() {
                    return Err(Code::PolicyAlreadyExists.error());
                }
                let there = policies::count(tx, account)?;
                quota::one_more(tx, account, Quota::Policies, there, Code::PolicyLimit)?;
                Ok(policies::insert(tx, account, &policy)?)
            })
            .await?;
        Ok(OnePolicy { policy: PolicyView::custom(&made) }.made())
    }
}
