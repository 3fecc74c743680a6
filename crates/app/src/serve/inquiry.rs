//! What operators ask about people: why a request was allowed or denied, and who did what.

use anyhow::{Context as _, Result, bail};
use identity::{Attached, Caller, Judgement, Origin, Surroundings, judge};
use meta::audit::{self, Event, Filter};
use meta::{accounts, policies::PolicyKind};
use model::{AccountId, Timestamp};
use policy::{Context, Effect, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Server;

/// `POST /explain`: about a request that was made, or one that might be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Explain {
    /// A request, by its id.
    Made(String),
    /// A question.
    Asked {
        /// The account, by number or name; the first one when there is none.
        account: Option<String>,
        /// `root`, `user/<name>` or `role/<name>`.
        principal: String,
        /// What is to be done.
        verb: String,
        /// What it is to be done to.
        resource: String,
        /// Condition keys and values.
        context: Vec<(String, String)>,
    },
}

/// `POST /audit`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct AuditQuery {
    /// The account, by number or name; the first one when there is none.
    pub(crate) account: Option<String>,
    /// Only calls of this action.
    pub(crate) action: Option<String>,
    /// Only calls of whoever has this name or number.
    pub(crate) user: Option<String>,
    /// Only calls that touched a resource whose name has this text in it.
    pub(crate) resource: Option<String>,
    /// Only calls that policies denied.
    pub(crate) denied: bool,
    /// Only calls of so many last milliseconds.
    pub(crate) within_millis: Option<i64>,
    /// At most so many.
    pub(crate) limit: usize,
}

/// Why a request was allowed or denied.
pub(crate) async fn explain(server: &Server, query: Explain) -> Result<Value> {
    match query {
        Explain::Asked { account, principal, verb, resource, context: pairs } => {
            let account = account_of(server, account).await?;
            let caller = caller_of(server, account, &principal).await?;
            let mut context = Context::default();
            context.insert("acs:PrincipalARN", caller.trusted_as());
            for (key, value) in pairs {
                context.insert(&key, value);
            }
            Ok(json!({ "today": told(&caller, &verb, &resource, &context) }))
        }
        Explain::Made(id) => {
            server.api.audit().flush().await;
            let wanted = id.clone();
            let found = server.engine.meta().read(move |tx| audit::get(tx, &wanted)).await?;
            let event = found.with_context(|| format!("no request {id} is recorded"))?;
            let principal = principal_of(&event);
            // Whoever it was may be gone by now; the record still says what was decided.
            let today = match caller_of(server, event.account, &principal).await {
                Err(error) => json!({ "unknown": format!("{error:#}") }),
                Ok(caller) => {
                    let origin = Origin { source_ip: event.source_ip.parse().ok(), is_secure: event.is_secure };
                    let context = Surroundings { origin, now: event.at }.context(&caller);
                    let one = |(verb, resource): &(String, String)| told(&caller, verb, resource, &context);
                    event.questions.iter().map(one).collect()
                }
            };
            Ok(json!({ "then": event, "today": today }))
        }
    }
}

/// Who did what.
pub(crate) async fn audit(server: &Server, query: AuditQuery) -> Result<Value> {
    server.api.audit().flush().await;
    let account = account_of(server, query.account.clone()).await?;
    let now = server.engine.clock().now();
    let from: Option<Timestamp> = query.within_millis.map(|millis| now.plus_millis(millis.saturating_neg()));
    let filter = Filter { from, ..Filter::default() };
    let found = server.engine.meta().read(move |tx| {
        let wanted = |event: &Event| {
            query.action.as_ref().is_none_or(|action| *action == event.action)
                && query.user.as_ref().is_none_or(|user| *user == event.principal.name || *user == event.principal.id)
                && query.resource.as_ref().is_none_or(|text| touches(event, text))
                && (!query.denied || event.decision.as_ref().is_some_and(|decision| decision.verdict != "Allow"))
        };
        audit::list(tx, account, &filter, query.limit, wanted)
    });
    let events: Vec<Event> = found.await?.into_iter().map(|(_, event)| event).collect();
    Ok(json!({ "events": events }))
}

fn touches(event: &Event, text: &str) -> bool {
    event.questions.iter().any(|(_, resource)| resource.contains(text))
        || event.params.iter().any(|(_, value)| value.contains(text))
}

/// The account with this number or name; without either, the first one that was made.
pub(crate) async fn account_of(server: &Server, text: Option<String>) -> Result<AccountId> {
    let known = server.engine.meta().read(accounts::list).await?;
    let found = match &text {
        Some(text) => known.iter().find(|account| account.name == *text || account.id.to_string() == *text),
        None => known.iter().min_by_key(|account| account.created),
    };
    let what = text.as_deref().unwrap_or("the first one");
    found.map(|account| account.id).with_context(|| format!("there is no account {what}"))
}

async fn caller_of(server: &Server, account: AccountId, principal: &str) -> Result<Caller> {
    if principal == "root" {
        return Ok(Caller::owner(account, ""));
    }
    match principal.split_once('/') {
        Some(("user", name)) => {
            let found = server.identities.user(account, name).await?;
            found.with_context(|| format!("there is no user {name}"))
        }
        Some(("role", name)) => {
            let found = server.identities.role(account, name).await?;
            Ok(found.with_context(|| format!("there is no role {name}"))?.as_caller(account))
        }
        _ => bail!("{principal:?} is none of root, user/NAME and role/NAME"),
    }
}

fn principal_of(event: &Event) -> String {
    let name = &event.principal.name;
    match event.principal.kind.as_str() {
        "ram-user" => format!("user/{name}"),
        "assumed-role" => format!("role/{}", name.split(':').next().unwrap_or_default()),
        _ => "root".to_owned(),
    }
}

/// The answer to one question, and what each statement had to say.
fn told(caller: &Caller, verb: &str, resource: &str, context: &Context) -> Value {
    let Judgement { verdict, stage, matched } = judge(caller, verb, resource, context);
    let request = Request { verb, resource, context };
    let policies: Vec<Value> = caller.policies.attached.iter().map(|attached| statements(attached, &request)).collect();
    let decided_by = matched
        .map(|matched| json!({ "policy": matched.policy, "group": matched.group, "statement": matched.statement + 1 }));
    json!({
        "caller": caller.arn(),
        "verb": verb,
        "resource": resource,
        "verdict": format!("{verdict:?}"),
        "stage": format!("{stage:?}"),
        "decided_by": decided_by,
        "policies": policies,
    })
}

fn statements(Attached { kind, name, group, document }: &Attached, request: &Request<'_>) -> Value {
    let traces = policy::trace(document, request);
    let one = |trace: &policy::Trace| {
        json!({
            "effect": match trace.effect { Effect::Allow => "Allow", Effect::Deny => "Deny" },
            "applies": trace.applies(),
            "verb": trace.verb,
            "resource": trace.resource,
            "failed_conditions": trace.failed,
        })
    };
    let statements: Vec<Value> = traces.iter().map(one).collect();
    json!({ "policy": name, "type": kind.map(PolicyKind::as_str), "group": group, "statements": statements })
}
