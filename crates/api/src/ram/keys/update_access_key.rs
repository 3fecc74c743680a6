//! `UpdateAccessKey`: enable or disable a key.

use meta::{Scope, accounts};
use wire::Params;

use super::whose::Whose;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct UpdateAccessKey {
    whose: Whose,
    key: String,
    active: bool,
}

impl Action for UpdateAccessKey {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "UpdateAccessKey",
        summary: "Enable or disable an access key.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist, Code::UserKeyNotExist],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let key = params.get("UserAccessKeyId").ok_or_else(|| ApiError::missing("UserAccessKeyId"))?.to_owned();
        let active = match params.get("Status").ok_or_else(|| ApiError::missing("Status"))? {
            "Active" => true,
            "Inactive" => false,
            _ => return Err(ApiError::invalid("Status")),
        };
        Ok(Self { whose: Whose::read(params, cx)?, key, active })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:UpdateAccessKey", resource: self.whose.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = self.whose.find(tx, account)?;
                if !accounts::set_key_active(tx, account, user.as_deref(), &self.key, self.active)? {
                    return Err(Code::UserKeyNotExist.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
