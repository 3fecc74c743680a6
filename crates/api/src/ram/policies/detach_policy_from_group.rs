//! `DetachPolicyFromGroup`: the members of a group may no longer do what a policy says.

use meta::Scope;
use meta::identities::{self, Principal};
use wire::Params;

use super::attached;
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DetachPolicyFromGroup {
    group: String,
    policy: Named,
}

impl Action for DetachPolicyFromGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DetachPolicyFromGroup",
        summary: "Take a policy off a group.",
        codes: &[
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::GroupNotExist,
            Code::PolicyNotExist,
            Code::GroupPolicyNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { group: fields::group_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::group_resource(cx, &self.group), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:DetachPolicyFromGroup", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                self.policy.find(tx, account)?;
                attached::detach(tx, account, Principal::Group(&group.id), &self.policy, Code::GroupPolicyNotExist)
            })
            .await
    }
}
