//! `RemoveUserFromGroup`: a user may no longer do what a group may.

use meta::{Scope, identities};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct RemoveUserFromGroup {
    user: String,
    group: String,
}

impl Action for RemoveUserFromGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "RemoveUserFromGroup",
        summary: "Take a user out of a group.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::UserNotExist,
            Code::GroupNotExist,
            Code::UserGroupNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)?, group: fields::group_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::user_resource(cx, &self.user), fields::group_resource(cx, &self.group)];
        resources.map(|resource| Access { verb: "ram:RemoveUserFromGroup", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                if !identities::leave(tx, account, &user.id, &group.id)? {
                    return Err(Code::UserGroupNotExist.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
