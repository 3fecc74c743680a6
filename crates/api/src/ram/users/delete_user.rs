//! `DeleteUser`: delete a user on whom nothing hangs.

use meta::identities::{self, Principal};
use meta::{Scope, accounts, policies};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DeleteUser {
    name: String,
}

impl Action for DeleteUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeleteUser",
        summary: "Delete a user that has no key, no group and no policy.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::UserNotExist,
            Code::UserStillInGroup,
            Code::UserStillHasKey,
            Code::UserStillAttached,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::user_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DeleteUser", resource: fields::user_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &self.name)?.ok_or(Code::UserNotExist)?;
                if !identities::groups_of(tx, account, &user.id)?.is_empty() {
                    return Err(Code::UserStillInGroup.error());
                }
                if !accounts::keys_of(tx, account, Some(&user.id))?.is_empty() {
                    return Err(Code::UserStillHasKey.error());
                }
                if !policies::attachments(tx, account, Principal::User(&user.id))?.is_empty() {
                    return Err(Code::UserStillAttached.error());
                }
                identities::delete_user(tx, account, &user.id)?;
                Ok(Nothing {})
            })
            .await
    }
}
