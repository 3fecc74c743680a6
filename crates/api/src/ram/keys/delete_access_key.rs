//! `DeleteAccessKey`: delete a key; what it signed before stands.

use meta::{Scope, accounts};
use wire::Params;

use super::whose::Whose;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DeleteAccessKey {
    whose: Whose,
    key: String,
}

impl Action for DeleteAccessKey {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeleteAccessKey",
        summary: "Delete an access key.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist, Code::UserKeyNotExist],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let key = params.get("UserAccessKeyId").ok_or_else(|| ApiError::missing("UserAccessKeyId"))?.to_owned();
        Ok(Self { whose: Whose::read(params, cx)?, key })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DeleteAccessKey", resource: self.whose.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = self.whose.find(tx, account)?;
                if !accounts::delete_key(tx, account, user.as_deref(), &self.key)? {
                    return Err(Code::UserKeyNotExist.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
