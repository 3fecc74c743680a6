//! `AssumeRole`: keys for a while, with which their holder is in a role.
//!
//! Both sides must agree: the policies of who asks (`sts:AssumeRole` on the role) and the role's trust policy. The role may
//! be another account's. What the session may do is asked of the role's policies at every call, so that a change of the
//! role reaches sessions that have begun.

use identity::{Failure, Judgement, NewSession, Principal, Stage, TemporaryKey};
use model::AccountId;
use policy::{Applicant, Document, Kind, Verdict};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::optional;

/// Shortest session, in seconds (AssumeRole, `DurationSeconds`); the longest is the role's.
const SHORTEST_SESSION: u32 = 900;

/// Length of a session whose caller names none, in seconds.
const USUAL_SESSION: u32 = 3_600;

/// Longest policy of a session, in characters (AssumeRole, `Policy`).
const LONGEST_POLICY: usize = 2_048;

const VERB: &str = "sts:AssumeRole";

/// The call.
pub(crate) struct AssumeRole {
    arn: String,
    account: AccountId,
    role: String,
    session: String,
    seconds: u32,
    policy: Option<String>,
    external_id: Option<String>,
    source_identity: Option<String>,
}

impl Action for AssumeRole {
    const SPEC: Spec = Spec {
        product: Product::Sts,
        name: "AssumeRole",
        summary: "Give keys for a while, with which their holder is in a role.",
        codes: &[
            Code::StsRoleArnMalformed,
            Code::StsSessionNameMalformed,
            Code::StsDurationInvalid,
            Code::StsPolicyMalformed,
            Code::StsPolicyTooLong,
            Code::StsRoleNotExist,
            Code::StsNotByRoot,
        ],
    };
    type Output = Value;
    // Who may is this room's own question: the role may be another account's, and its trust policy must agree.
    const OPEN: bool = true;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let arn = params.get("RoleArn").ok_or_else(|| ApiError::missing("RoleArn"))?;
        let (account, role) = role_of(arn).ok_or(Code::StsRoleArnMalformed)?;
        let session = params.get("RoleSessionName").ok_or_else(|| ApiError::missing("RoleSessionName"))?;
        if !is_session_name(session) {
            return Err(Code::StsSessionNameMalformed.error());
        }
        let seconds: u32 = optional(params, "DurationSeconds", Code::StsDurationInvalid)?.unwrap_or(USUAL_SESSION);
        if seconds < SHORTEST_SESSION {
            return Err(Code::StsDurationInvalid.error());
        }
        let policy = params.get("Policy").map(str::to_owned);
        if let Some(text) = &policy {
            if LONGEST_POLICY < text.chars().count() {
                return Err(Code::StsPolicyTooLong.error());
            }
            Document::parse(Kind::Identity, text).map_err(|_| Code::StsPolicyMalformed)?;
        }
        Ok(Self {
            arn: arn.to_owned(),
            account,
            role: role.to_owned(),
            session: session.to_owned(),
            seconds,
            policy,
            external_id: bounded(params, "ExternalId", 2..=1_224)?,
            source_identity: bounded(params, "SourceIdentity", 2..=64)?,
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: VERB, resource: self.arn.clone() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (caller, identities) = (cx.caller(), &cx.services().identities);
        if caller.is_owner() {
            return Err(Code::StsNotByRoot.error());
        }
        let may = identity::judge_anywhere(caller, VERB, &self.arn, cx.context());
        if !may.allows() {
            return Err(self.refusal(&cx, &may));
        }
        // Whether another account has such a role is told only to those whom it trusts.
        let role = match identities.role(self.account, &self.role).await? {
            Some(role) => role,
            None if self.account == caller.account => return Err(Code::StsRoleNotExist.error()),
            None => return Err(self.refusal(&cx, &Judgement::silent(Verdict::ImplicitDeny, Stage::Trust))),
        };
        let mut context = cx.context().clone();
        if let Some(external_id) = &self.external_id {
            context.insert("sts:ExternalId", external_id.as_str());
        }
        let (name, root) = (caller.trusted_as(), format!("acs:ram::{}:root", caller.account));
        let trusted = role.trusts(Applicant::Identity { name: &name, root: &root }, &context);
        if trusted != Verdict::Allow {
            return Err(self.refusal(&cx, &Judgement::silent(trusted, Stage::Trust)));
        }
        if role.role.max_session_seconds < self.seconds {
            return Err(Code::StsDurationInvalid.error());
        }
        // Whoever stands behind a session stands behind what is assumed in it.
        let inherited = match &caller.principal {
            Principal::Session(session) => session.source_identity.clone(),
            Principal::Owner | Principal::User { .. } => None,
        };
        let source_identity = inherited.or(self.source_identity);
        let expires = cx.engine().clock().now().plus_millis(i64::from(self.seconds) * 1_000);
        let TemporaryKey { access_key_id, access_key_secret, security_token } = identities.begin(NewSession {
            account: self.account,
            role: role.role.name.clone(),
            role_id: role.role.id.clone(),
            name: self.session.clone(),
            expires,
            policy: self.policy,
            assumed_by: caller.arn(),
            source_identity: source_identity.clone(),
        });
        let mut answer = json!({
            "AssumedRoleUser": {
                "Arn": format!("acs:ram::{}:role/{}/{}", self.account, role.role.name.to_lowercase(), self.session),
                "AssumedRoleId": format!("{}:{}", role.role.id, self.session),
            },
            "Credentials": {
                "AccessKeyId": access_key_id,
                "AccessKeySecret": access_key_secret,
                "SecurityToken": security_token,
                "Expiration": expires.seconds(),
            },
        });
        if let Some(source_identity) = source_identity {
            answer["SourceIdentity"] = source_identity.into();
        }
        Ok(answer)
    }
}

impl AssumeRole {
    fn refusal(&self, cx: &Allowed<'_>, judgement: &Judgement) -> ApiError {
        let context = cx.context();
        let failure = Failure { caller: cx.caller(), verb: VERB, resource: &self.arn, context, judgement };
        Code::NoPermission.error().denied(cx.services().identities.detail(&failure))
    }
}

/// The account and the name in `acs:ram::<account>:role/<name>`.
fn role_of(arn: &str) -> Option<(AccountId, &str)> {
    let rest = arn.strip_prefix("acs:ram:")?;
    let (region, rest) = rest.split_once(':')?;
    let (account, relative) = rest.split_once(':')?;
    let name = relative.strip_prefix("role/").filter(|name| !name.is_empty())?;
    if region.is_empty() || region == "*" { Some((account.parse().ok()?, name)) } else { None }
}

/// 2 to 64 of letters, digits, `.`, `@`, `-` and `_`.
fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '-' | '_'))
}

fn bounded(params: &Params, name: &str, lengths: std::ops::RangeInclusive<usize>) -> ApiResult<Option<String>> {
    match params.get(name) {
        Some(text) if !lengths.contains(&text.chars().count()) => Err(ApiError::invalid(name)),
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles() {
        let account = AccountId::new(1_000_000_000_000_001);
        assert_eq!(role_of("acs:ram::1000000000000001:role/a"), Some((account, "a")));
        assert_eq!(role_of("acs:ram:*:1000000000000001:role/a"), Some((account, "a")));
        for wrong in
            ["", "a", "acs:ram::x:role/a", "acs:ram::1000000000000001:user/a", "acs:ram::1000000000000001:role/"]
        {
            assert_eq!(role_of(wrong), None, "{wrong}");
        }
    }
}
