//! `GetCallerIdentity`: who signed this call. Never denied.

use identity::Principal;
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
    /// Of an account or a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// Of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<String>,
    principal_id: String,
    identity_type: &'static str,
    arn: String,
}

impl Action for GetCallerIdentity {
    const SPEC: Spec =
        Spec { product: Product::Sts, name: "GetCallerIdentity", summary: "Say who signed this call.", codes: &[] };
    type Output = Identity;
    const OPEN: bool = true;

    fn parse(_params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self)
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "sts:GetCallerIdentity", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Identity> {
        let caller = cx.caller();
        let (user_id, role_id, identity_type) = match &caller.principal {
            Principal::Owner => (Some(caller.account.to_string()), None, "Account"),
            Principal::User { id, .. } => (Some(id.clone()), None, "RAMUser"),
            Principal::Session(session) => (None, Some(session.role_id.clone()), "AssumedRoleUser"),
        };
        Ok(Identity {
            account_id: caller.account.to_string(),
            user_id,
            role_id,
            principal_id: caller.principal_id(),
            identity_type,
            arn: caller.arn(),
        })
    }
}
