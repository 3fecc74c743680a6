//! Dispatch: the only way to an action.
//!
//! Order of checks: shape of the call, known key, clock, signature, nonce, known action, parameters, authorization, and
//! then the action's own: existence, state, quota. A refusal of the gateway and an error of an action leave by the same
//! door, with the request id that the log has too.

use std::sync::Arc;

use engine::Engine;
use engine::runner::chain;
use meta::accounts;
use model::{AccountId, RequestId};
use wire::call::HttpCall;
use wire::{Answer, Call, ErrorBody, Format, Params, Refusal};

use crate::action::{Access, Entry, Product};
use crate::actions;
use crate::catalogue::Catalogue;
use crate::code::{ApiError, ApiResult, Code, SHARED};
use crate::nonces::Nonces;

/// What actions work with.
pub struct Services {
    /// Flows, records, objects and the block store.
    pub engine: Engine,
    /// Regions and endpoints.
    pub catalogue: Catalogue,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The key that signed.
    pub access_key_id: String,
}

/// The context of a call before it is allowed.
pub struct Cx {
    /// What actions work with.
    pub services: Arc<Services>,
    /// Who calls.
    pub caller: Caller,
    /// The host that was called.
    pub host: String,
}

impl Cx {
    /// A resource of the caller's, as policies name it.
    pub fn resource(&self, service: &str, region: &str, relative: &str) -> String {
        format!("acs:{service}:{region}:{}:{relative}", self.caller.account)
    }
}

/// The context of a call that policy allowed. Only this module can make one, so an action cannot run before.
pub struct Allowed<'a> {
    cx: &'a Cx,
    params: &'a Params,
}

impl<'a> Allowed<'a> {
    /// What actions work with.
    pub fn services(&self) -> &'a Services {
        &self.cx.services
    }

    /// The engine.
    pub fn engine(&self) -> &'a Engine {
        &self.cx.services.engine
    }

    /// Who calls.
    pub fn account(&self) -> AccountId {
        self.cx.caller.account
    }

    /// The context.
    pub fn cx(&self) -> &'a Cx {
        self.cx
    }

    /// The parameters as they came; for digests of client tokens.
    pub fn params(&self) -> &'a Params {
        self.params
    }
}

/// The RPC doors of one node.
pub struct Api {
    services: Arc<Services>,
    nonces: Nonces,
}

/// A call as it is logged and measured.
struct Trace {
    action: String,
    account: Option<AccountId>,
}

impl Api {
    /// The doors to these services.
    pub fn new(services: Services) -> Self {
        Self { services: Arc::new(services), nonces: Nonces::default() }
    }

    /// The regions that are served.
    pub fn regions(&self) -> &[model::RegionId] {
        &self.services.catalogue.regions
    }

    /// Answers one call.
    pub async fn call(&self, http: HttpCall<'_>) -> Answer {
        let request_id = RequestId::generate(self.services.engine.entropy());
        let mut trace = Trace { action: String::new(), account: None };
        let format = Call::format_of(&http);
        let (answer, code) = match self.answer(http, &mut trace).await {
            Ok((call, product, outcome)) => match outcome {
                Ok(members) => {
                    (Answer::success(call.format, &call.action, request_id.as_str(), members), "OK".to_owned())
                }
                Err(error) => self.failure(call.format, product, http.host, &request_id, error),
            },
            Err(refusal) => {
                let body = ErrorBody {
                    status: refusal.status(),
                    code: refusal.code(),
                    message: refusal.to_string(),
                    host: http.host.to_owned(),
                    product: "Gateway",
                    access_denied: None,
                };
                let code = body.code.clone();
                (Answer::error(format, request_id.as_str(), body), code)
            }
        };
        tracing::info!(
            request_id = %request_id,
            action = trace.action,
            account = trace.account.map(|account| account.number()),
            status = answer.status,
            code,
            "call"
        );
        // Names of actions that do not exist are the caller's invention: they must not become labels.
        let action = if actions::ACTIONS.iter().any(|entry| entry.spec.name == trace.action) {
            trace.action
        } else {
            "unknown".to_owned()
        };
        metrics::counter!("tintype_calls_total", "action" => action, "code" => code).increment(1);
        answer
    }

    async fn answer<'a>(
        &self,
        http: HttpCall<'a>,
        trace: &mut Trace,
    ) -> Result<(Call<'a>, &'static str, ApiResult<serde_json::Map<String, serde_json::Value>>), Refusal> {
        let call = Call::parse(http)?;
        trace.action.clone_from(&call.action);
        let caller = match self.authenticate(&call).await {
            Ok(caller) => caller?,
            Err(error) => return Ok((call, "Gateway", Err(error))),
        };
        trace.account = Some(caller.account);
        let cx = Cx { services: Arc::clone(&self.services), caller, host: http.host.to_owned() };
        let (product, entry) = match find(&call) {
            Ok(found) => found,
            Err(code) => return Ok((call, "Gateway", Err(code.error()))),
        };
        let outcome = run(entry, &call.params, &cx).await;
        if let Err(error) = &outcome {
            debug_assert!(
                SHARED.contains(&error.code) || entry.spec.codes.contains(&error.code),
                "{} answered {:?}, which its room does not list",
                entry.spec.name,
                error.code
            );
        }
        Ok((call, product.name(), outcome))
    }

    /// Who signed the call. The outer error is ours, the inner one the caller's.
    async fn authenticate(&self, call: &Call<'_>) -> ApiResult<Result<Caller, Refusal>> {
        let credential = &call.credential;
        let id = credential.access_key_id.clone();
        let key = self.services.engine.meta().read(move |tx| accounts::key(tx, &id)).await?;
        let now = self.services.engine.clock().now();
        let check = || {
            let key = key.ok_or(Refusal::UnknownAccessKey)?;
            if !key.active {
                return Err(Refusal::InactiveAccessKey);
            }
            if credential.security_token.is_some() {
                // Keys of accounts have no token, and there are no others yet.
                return Err(Refusal::MismatchedSecurityToken);
            }
            call.check_time(now)?;
            call.verify(&key.secret)?;
            if !self.nonces.use_once(&key.id, &credential.nonce, now) {
                return Err(Refusal::UsedNonce);
            }
            Ok(Caller { account: key.account, access_key_id: key.id })
        };
        Ok(check())
    }

    fn failure(
        &self,
        format: Format,
        product: &'static str,
        host: &str,
        request_id: &RequestId,
        error: ApiError,
    ) -> (Answer, String) {
        if let Some(source) = &error.source {
            let text = chain(&**source);
            tracing::error!(request_id = %request_id, error = text, "a call failed inside");
        }
        let code = error.code.wire().to_owned();
        let body = ErrorBody {
            status: error.code.status(),
            code: code.clone(),
            message: error.message,
            host: host.to_owned(),
            product,
            access_denied: error.access_denied,
        };
        (Answer::error(format, request_id.as_str(), body), code)
    }
}

fn find(call: &Call<'_>) -> Result<(Product, &'static Entry), Code> {
    let product = Product::ALL.iter().find(|product| product.version() == call.version);
    let product = product.ok_or(Code::VersionNotFound)?;
    let of = |product: Product| {
        actions::ACTIONS.iter().find(|entry| entry.spec.product == product && entry.spec.name == call.action)
    };
    // Before it had an API of its own, the private network's calls were calls of ECS; older clients make them there.
    let older = (*product == Product::Ecs).then_some(Product::Vpc);
    let entry = of(*product).or_else(|| older.and_then(of));
    Ok((*product, entry.ok_or(Code::ActionNotFound)?))
}

async fn run(entry: &Entry, params: &Params, cx: &Cx) -> ApiResult<serde_json::Map<String, serde_json::Value>> {
    let (parsed, access) = (entry.parse)(params, cx)?;
    authorize(entry.spec.product, &cx.caller, &access)?;
    (entry.run)(Allowed { cx, params }, parsed).await
}

/// Whether the caller may do all of this. The owner of an account may do everything to what is the account's.
fn authorize(product: Product, caller: &Caller, access: &[Access]) -> ApiResult<()> {
    let own = format!(":{}:", caller.account);
    let allowed =
        !access.is_empty() && access.iter().all(|access| access.resource == "*" || access.resource.contains(&own));
    if allowed {
        return Ok(());
    }
    Err(match product {
        Product::Ecs | Product::Swas | Product::Vpc | Product::Location => Code::ForbiddenRam.error(),
        Product::Ram | Product::Sts => Code::NoPermission.error(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_denies() {
        let caller = Caller { account: AccountId::new(7), access_key_id: "k".into() };
        let access = |resource: &str| Access { verb: "ecs:X", resource: resource.into() };
        assert!(authorize(Product::Ecs, &caller, &[]).is_err());
        assert!(authorize(Product::Ecs, &caller, &[access("*")]).is_ok());
        assert!(authorize(Product::Ecs, &caller, &[access("acs:ecs:r:7:image/x")]).is_ok());
        let others = [access("acs:ecs:r:7:image/x"), access("acs:ecs:r:8:image/x")];
        assert_eq!(authorize(Product::Ecs, &caller, &others).expect_err("denied").code, Code::ForbiddenRam);
    }
}
