//! `GetCallerIdentity`: who signed this call. Never denied.

use model::AccountId;
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct GetCallerIdentity;

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    account_id: String,
    user_id: String,
    principal_id: String,
    identity_type: &'static str,
    arn: String,
}

impl Action for GetCallerIdentity {
    const SPEC: Spec =
        Spec { product: Product::Sts, name: "GetCallerIdentity", summary: "Say who signed this call.", codes: &[] };
    type Output = Identity;

    fn parse(_params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self)
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "sts:GetCallerIdentity", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Identity> {
        let account: AccountId = cx.account();
        Ok(Identity {
            account_id: account.to_string(),
            user_id: account.to_string(),
            principal_id: account.to_string(),
            identity_type: "Account",
            arn: format!("acs:ram::{account}:root"),
        })
    }
}
