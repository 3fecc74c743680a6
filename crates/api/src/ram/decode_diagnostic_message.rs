//! `DecodeDiagnosticMessage`: what led to a denial, from the text that its caller was given.

use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DecodeDiagnosticMessage {
    encoded: String,
}

impl Action for DecodeDiagnosticMessage {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DecodeDiagnosticMessage",
        summary: "Show what led to a denial.",
        codes: &[Code::DiagnosticMessageInvalid],
    };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let encoded =
            params.get("EncodedDiagnosticMessage").ok_or_else(|| ApiError::missing("EncodedDiagnosticMessage"))?;
        Ok(Self { encoded: encoded.to_owned() })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DecodeDiagnosticMessage", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let found = cx.services().identities.diagnosis(&self.encoded);
        // What happened in another account is no more readable than what never happened.
        let found = found.filter(|found| found.auth_principal_owner_id == cx.account().to_string());
        let found = found.ok_or(Code::DiagnosticMessageInvalid)?;
        let condition = |(key, value): &(String, String)| json!({"ConditionKey": key, "ConditionValues": [value]});
        let matched = found.matched.iter().map(|(policy, kind, group, _)| {
            json!({
                "PolicyIdentifier": policy,
                "PolicyType": kind,
                "Effect": "Deny",
                "AttachedScope": "Account",
                "AttachedEntityType": if group.is_some() { "IMSGroup" } else { "Principal" },
            })
        });
        Ok(json!({
            "DecodedDiagnosticMessage": {
                "AuthAction": found.auth_action,
                "AuthResource": found.auth_resource,
                "AuthPrincipal": {
                    "AuthPrincipalDisplayName": found.auth_principal_display_name,
                    "AuthPrincipalOwnerId": found.auth_principal_owner_id,
                    "AuthPrincipalType": found.auth_principal_type,
                },
                "AuthConditions": found.auth_conditions.iter().map(condition).collect::<Vec<_>>(),
                "ExplicitDeny": found.explicit_deny,
                "NoPermissionPolicyType": found.no_permission_policy_type,
                "MatchedPolicies": matched.collect::<Vec<_>>(),
            },
        }))
    }
}
