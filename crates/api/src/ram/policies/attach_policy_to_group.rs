//! `AttachPolicyToGroup`: let the members of a group do what a policy says.

use meta::Scope;
use meta::identities::{self, Principal};
use wire::Params;

use super::attached::{self, Refusals};
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct AttachPolicyToGroup {
    group: String,
    policy: Named,
}

impl Action for AttachPolicyToGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "AttachPolicyToGroup",
        summary: "Let the members of a group do what a policy says.",
        codes: &[
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::GroupNotExist,
            Code::PolicyNotExist,
            Code::GroupPolicyAlreadyExists,
            Code::GroupPolicyLimit,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { group: fields::group_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::group_resource(cx, &self.group), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:AttachPolicyToGroup", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let refusals = Refusals { taken: Code::GroupPolicyAlreadyExists, full: Code::GroupPolicyLimit };
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                attached::attach(tx, account, Principal::Group(&group.id), &self.policy, now, &refusals)
            })
            .await
    }
}
