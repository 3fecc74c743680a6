//! What the caller of a denied request is told, and what they can have read out to them.

use model::Entropy;
use policy::{Context, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::caller::{Caller, Principal};
use crate::judge::{Judgement, Stage};
use crate::seal::{Purpose, Sealer};

/// A request that was denied.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Who made it.
    pub caller: &'a Caller,
    /// What was to be done.
    pub verb: &'a str,
    /// What it was to be done to.
    pub resource: &'a str,
    /// The condition keys.
    pub context: &'a Context,
    /// Why it was denied.
    pub judgement: &'a Judgement,
}

/// What led to a denial, as DecodeDiagnosticMessage shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Diagnosis {
    /// The account whose request it was; only it may read this.
    pub auth_principal_owner_id: String,
    /// Who made it.
    pub auth_principal_display_name: String,
    /// `SubUser`, `AssumedRoleUser` or `RootUser`.
    pub auth_principal_type: String,
    /// What was to be done.
    pub auth_action: String,
    /// What it was to be done to.
    pub auth_resource: String,
    /// Whether a statement denied it.
    pub explicit_deny: bool,
    /// The kind of policy that did.
    pub no_permission_policy_type: String,
    /// The condition keys of the request.
    pub auth_conditions: Vec<(String, String)>,
    /// The policy that denied: its name, its kind, the group it comes through, the place of its statement.
    pub matched: Option<(String, String, Option<String>, usize)>,
}

impl Failure<'_> {
    /// `AccessDeniedDetail` of the answer.
    pub(crate) fn detail(&self, sealer: &Sealer, entropy: &dyn Entropy) -> Value {
        let diagnosis = self.diagnosis();
        let text = serde_json::to_vec(&diagnosis).expect("a diagnosis has no map keys that are not text");
        let Diagnosis { auth_principal_owner_id, auth_principal_display_name, auth_principal_type, .. } = diagnosis;
        json!({
            "AuthAction": self.verb,
            "AuthPrincipalDisplayName": auth_principal_display_name,
            "AuthPrincipalOwnerId": auth_principal_owner_id,
            "AuthPrincipalType": auth_principal_type,
            "EncodedDiagnosticMessage": sealer.seal(entropy, Purpose::Diagnosis, &text),
            "NoPermissionType": if diagnosis.explicit_deny { "ExplicitDeny" } else { "ImplicitDeny" },
            "PolicyType": self.judgement.stage.wire(),
        })
    }

    fn diagnosis(&self) -> Diagnosis {
        let Self { caller, judgement, .. } = self;
        let matched = judgement.matched.as_ref().map(|matched| {
            let kind = matched.kind.map_or(Stage::Session.wire(), meta::policies::PolicyKind::as_str);
            (matched.policy.clone(), kind.to_owned(), matched.group.clone(), matched.statement)
        });
        Diagnosis {
            auth_principal_owner_id: caller.account.to_string(),
            auth_principal_display_name: match &caller.principal {
                // The service shows the number of a user, not the name.
                Principal::User { id, .. } => id.clone(),
                _ => caller.display_name(),
            },
            auth_principal_type: match &caller.principal {
                Principal::Owner => "RootUser",
                Principal::User { .. } => "SubUser",
                Principal::Session(_) => "AssumedRoleUser",
            }
            .to_owned(),
            auth_action: self.verb.to_owned(),
            auth_resource: self.resource.to_owned(),
            explicit_deny: judgement.verdict == Verdict::ExplicitDeny,
            no_permission_policy_type: judgement.stage.wire().to_owned(),
            auth_conditions: self.context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            matched,
        }
    }
}
