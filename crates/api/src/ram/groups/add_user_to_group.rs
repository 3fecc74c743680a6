//! `AddUserToGroup`: let a user do what a group may.

use meta::{Scope, identities};
use model::quota::Quota;
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;
use crate::ram::fields;

/// The call.
pub(crate) struct AddUserToGroup {
    user: String,
    group: String,
}

impl Action for AddUserToGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "AddUserToGroup",
        summary: "Put a user into a group.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::UserNotExist,
            Code::GroupNotExist,
            Code::UserGroupAlreadyExists,
            Code::UserGroupLimit,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)?, group: fields::group_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::user_resource(cx, &self.user), fields::group_resource(cx, &self.group)];
        resources.map(|resource| Access { verb: "ram:AddUserToGroup", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                let joined = identities::groups_of(tx, account, &user.id)?;
                if joined.iter().any(|(other, _)| other.id == group.id) {
                    return Err(Code::UserGroupAlreadyExists.error());
                }
                let there = joined.len() as u64;
                quota::one_more(tx, account, Quota::GroupsPerUser, there, Code::UserGroupLimit)?;
                identities::join(tx, account, &user.id, &group.id, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
