//! Dispatch: the only way to an action.
//!
//! Order of checks: shape of the call, known key, clock, signature, nonce, known action, parameters, authorization, and
//! then the action's own: existence, state, quota. A refusal of the gateway and an error of an action leave by the same
//! door, with the request id that the log has too.

use std::sync::Arc;

use engine::Engine;
use engine::runner::chain;
use identity::{Caller, Identities, Origin, Surroundings, Unknown};
use meta::quotas;
use model::{AccountId, RequestId};
use policy::Context;
use wire::call::HttpCall;
use wire::{Answer, Call, ErrorBody, Format, Params, Refusal};

use crate::action::{Entry, Product};
use crate::actions;
use crate::audit::{Audit, Outcome};
use crate::authorize::Asked;
use crate::catalogue::Catalogue;
use crate::code::{ApiError, ApiResult, Code, SHARED};
use crate::nonces::Nonces;
use crate::parameters;
use crate::throttle::Throttle;

/// What actions work with.
pub struct Services {
    /// Flows, records, objects and the block store.
    pub engine: Engine,
    /// Regions and endpoints.
    pub catalogue: Catalogue,
    /// Accounts, users, roles and what policies say of them.
    pub identities: Arc<Identities>,
}

/// The context of a call before it is allowed.
pub struct Cx {
    /// What actions work with.
    pub services: Arc<Services>,
    /// Who calls.
    pub caller: Caller,
    /// The host that was called.
    pub host: String,
    /// Whence and when the call came.
    pub surroundings: Surroundings,
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
    context: Context,
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

    /// The account whose resources the call works on.
    pub fn account(&self) -> AccountId {
        self.cx.caller.account
    }

    /// Who calls.
    pub fn caller(&self) -> &'a Caller {
        &self.cx.caller
    }

    /// The condition keys of the call, for rooms that ask a policy of their own.
    pub fn context(&self) -> &Context {
        &self.context
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
    throttle: Throttle,
    audit: Arc<Audit>,
}

/// A call as it is logged, measured and recorded.
#[derive(Default)]
struct Trace {
    action: String,
    caller: Option<Caller>,
    outcome: Outcome,
}

impl Api {
    /// The doors to these services.
    pub fn new(services: Services) -> Self {
        let audit = Arc::new(Audit::new(services.engine.meta().clone()));
        Self { services: Arc::new(services), nonces: Nonces::default(), throttle: Throttle::default(), audit }
    }

    /// The regions that are served.
    pub fn regions(&self) -> &[model::RegionId] {
        &self.services.catalogue.regions
    }

    /// The record of calls; what is asked of it is complete after [`Audit::flush`].
    pub fn audit(&self) -> &Arc<Audit> {
        &self.audit
    }

    /// Answers one call.
    pub async fn call(&self, http: HttpCall<'_>) -> Answer {
        let request_id = RequestId::generate(self.services.engine.entropy());
        let mut trace = Trace::default();
        let format = Call::format_of(&http);
        let (answer, code) = match self.answer(http, &mut trace).await {
            Ok((call, product, outcome)) => {
                let (answer, code) = match outcome {
                    Ok(members) => {
                        (Answer::success(call.format, &call.action, request_id.as_str(), members), "OK".to_owned())
                    }
                    Err(error) => {
                        trace.outcome.message.clone_from(&error.message);
                        self.failure(call.format, product, http.host, &request_id, error)
                    }
                };
                if let Some(caller) = &trace.caller {
                    self.audit.note(&request_id, &call, (product, caller), &code, &trace.outcome);
                }
                (answer, code)
            }
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
            caller = trace.caller.as_ref().map(Caller::arn),
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
    ) -> Result<(Call<'a>, Option<Product>, ApiResult<serde_json::Map<String, serde_json::Value>>), Refusal> {
        let call = Call::parse(http)?;
        trace.action.clone_from(&call.action);
        let caller = match self.authenticate(&call).await {
            Ok(caller) => caller?,
            Err(error) => return Ok((call, None, Err(error))),
        };
        trace.caller = Some(caller.clone());
        let now = self.services.engine.clock().now();
        let origin = Origin { source_ip: http.peer, is_secure: http.is_secure };
        let surroundings = Surroundings { origin, now };
        trace.outcome.at = Some(surroundings);
        let cx = Cx { services: Arc::clone(&self.services), caller, host: http.host.to_owned(), surroundings };
        let (product, entry) = match find(&call) {
            Ok(found) => found,
            Err(code) => return Ok((call, None, Err(code.error()))),
        };
        let outcome = self.run(entry, &call.params, &cx, trace).await;
        if let Err(error) = &outcome {
            debug_assert!(
                SHARED.contains(&error.code) || error.code == entry.denied || entry.spec.codes.contains(&error.code),
                "{} answered {:?}, which its room does not list",
                entry.spec.name,
                error.code
            );
        }
        Ok((call, Some(product), outcome))
    }

    /// Parameters, authorization, throttle, and then the action.
    async fn run(
        &self,
        entry: &'static Entry,
        params: &Params,
        cx: &Cx,
        trace: &mut Trace,
    ) -> ApiResult<serde_json::Map<String, serde_json::Value>> {
        let (parsed, access) = (entry.parse)(params, cx)?;
        parameters::check(entry.spec.product, entry.spec.name, params)?;
        trace.outcome.access.clone_from(&access);
        let asked = Asked { entry, params, caller: &cx.caller, surroundings: cx.surroundings };
        let (decided, context) = asked.decide(self.services.engine.meta(), &access).await?;
        trace.outcome.decided = Some(decided.judgement.clone());
        if !decided.judgement.allows() {
            return Err(asked.refusal(&self.services.identities, &decided, &context));
        }
        if let Some(quota) = entry.per_minute {
            let account = cx.caller.account;
            let per_minute = self.services.engine.meta().read(move |tx| quotas::limit(tx, account, quota)).await?;
            let caller = format!("{}/{}", cx.caller.account, cx.caller.principal_id());
            let counted = self.throttle.count(caller, entry.spec.name, per_minute, cx.surroundings.now);
            counted.map_err(|wait| Code::ThrottlingUser.error().after(wait))?;
        }
        (entry.run)(Allowed { cx, params, context }, parsed).await
    }

    /// Who signed the call. The outer error is ours, the inner one the caller's.
    async fn authenticate(&self, call: &Call<'_>) -> ApiResult<Result<Caller, Refusal>> {
        let credential = &call.credential;
        let (id, token) = (&credential.access_key_id, credential.security_token.as_deref());
        let known = match self.services.identities.known(id, token).await {
            Ok(known) => known,
            Err(Unknown::Records(error)) => return Err(error.into()),
            Err(Unknown::Key) => return Ok(Err(Refusal::UnknownAccessKey)),
            Err(Unknown::Inactive) => return Ok(Err(Refusal::InactiveAccessKey)),
            Err(Unknown::TokenMissing) => return Ok(Err(Refusal::MissingSecurityToken)),
            Err(Unknown::TokenMalformed) => return Ok(Err(Refusal::MalformedSecurityToken)),
            Err(Unknown::TokenMismatched) => return Ok(Err(Refusal::MismatchedSecurityToken)),
        };
        let now = self.services.engine.clock().now();
        let check = || {
            call.check_time(now)?;
            call.verify(&known.secret)?;
            // Only whoever has the secret learns that the key was good once.
            if known.has_ended(now) {
                return Err(Refusal::ExpiredSecurityToken);
            }
            if !self.nonces.use_once(id, &credential.nonce, now) {
                return Err(Refusal::UsedNonce);
            }
            Ok(known.caller)
        };
        Ok(check())
    }

    fn failure(
        &self,
        format: Format,
        product: Option<Product>,
        host: &str,
        request_id: &RequestId,
        error: ApiError,
    ) -> (Answer, String) {
        if let Some(source) = &error.source {
            let text = chain(&**source);
            tracing::error!(request_id = %request_id, error = text, "a call failed inside");
        }
        let code = error.code.wire().to_owned();
        let message = match (error.code, product) {
            (Code::InternalError, Some(Product::Swas)) => SWAS_FAILED.to_owned(),
            _ => error.message,
        };
        let body = ErrorBody {
            status: error.code.status(),
            code: code.clone(),
            message,
            host: host.to_owned(),
            product: product.map_or("Gateway", Product::name),
            access_denied: error.access_denied.map(|detail| *detail),
        };
        let mut answer = Answer::error(format, request_id.as_str(), body);
        answer.retry_after_millis = error.retry_after_millis;
        (answer, code)
    }
}

/// How Simple Application Server says that it failed inside.
const SWAS_FAILED: &str = "An error occurred while processing your request.";

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
