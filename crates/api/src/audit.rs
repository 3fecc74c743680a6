//! The record of calls: who did what to which resource, with what decision, under which request id.
//!
//! Calls do not wait for their record. Events gather for a moment and are written together, so that recording costs a
//! small part of a transaction for each. A server that is killed loses the last moment's; one that is stopped, none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use identity::{Caller, Judgement, Principal, Surroundings};
use meta::audit::{self, Actor, Decision, Event};
use meta::{Meta, Scope, images};
use model::{RequestId, Timestamp};
use parking_lot::Mutex;
use wire::Call;

use crate::action::{Access, Product};

/// How long events gather.
const MOMENT: Duration = Duration::from_millis(200);

/// Events that wait at most, should the database not keep up; then the newest are dropped, and the log says so.
const WAITING_AT_MOST: usize = 20_000;

/// Longest value of a parameter that is recorded, in characters.
const LONGEST_VALUE: usize = 500;

/// Parameters that say how a call was signed, or that nobody must read.
const NOT_RECORDED: &[&str] = &[
    "AccessKeyId",
    "Action",
    "Format",
    "Password",
    "PrivateKeyBody",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "UserData",
    "Version",
];

/// What became of a call, as far as it came.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) at: Option<Surroundings>,
    pub(crate) access: Vec<Access>,
    pub(crate) decided: Option<Judgement>,
    pub(crate) message: String,
}

/// The record of one node's calls.
pub struct Audit {
    meta: Meta,
    waiting: Mutex<Vec<(i64, Event)>>,
    /// Held while events are written, so that a flush returns after those that another one took.
    writing: tokio::sync::Mutex<()>,
    /// Tells calls of one millisecond apart.
    counter: AtomicU32,
}

impl Audit {
    pub(crate) fn new(meta: Meta) -> Self {
        Self { meta, waiting: Mutex::default(), writing: tokio::sync::Mutex::default(), counter: AtomicU32::new(0) }
    }

    /// Notes a call.
    pub(crate) fn note(
        self: &Arc<Self>,
        request_id: &RequestId,
        call: &Call<'_>,
        (product, caller): (Option<Product>, &Caller),
        code: &str,
        outcome: &Outcome,
    ) {
        let at = outcome.at.map_or(call.credential.signed_at, |surroundings| surroundings.now);
        let event = Event {
            id: request_id.as_str().to_owned(),
            at,
            account: caller.account,
            principal: actor(caller),
            source_ip: outcome
                .at
                .and_then(|at| at.origin.source_ip)
                .map_or_else(String::new, |address| address.to_string()),
            is_secure: outcome.at.is_some_and(|at| at.origin.is_secure),
            product: product.map_or("", Product::name).to_owned(),
            version: call.version.clone(),
            action: call.action.clone(),
            region: call.params.get("RegionId").unwrap_or_default().to_owned(),
            params: recorded(call),
            questions: outcome
                .access
                .iter()
                .map(|Access { verb, resource }| ((*verb).to_owned(), resource.clone()))
                .collect(),
            decision: outcome.decided.as_ref().map(decision),
            code: code.to_owned(),
            message: outcome.message.clone(),
        };
        let mut waiting = self.waiting.lock();
        if waiting.len() == WAITING_AT_MOST {
            tracing::error!(request_id = %request_id, "the record of calls is full; this one is not in it");
            return;
        }
        waiting.push((self.place(at), event));
        if waiting.len() == 1 {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(MOMENT).await;
                this.flush().await;
            });
        }
    }

    /// Writes what waits.
    pub async fn flush(&self) {
        let _alone = self.writing.lock().await;
        let events = std::mem::take(&mut *self.waiting.lock());
        if events.is_empty() {
            return;
        }
        let lost = events.len();
        if let Err(error) = self.meta.write(Scope::Audit, move |tx| audit::insert(tx, &events)).await {
            tracing::error!(%error, lost, "calls could not be recorded");
        }
    }

    fn place(&self, at: Timestamp) -> i64 {
        images::age_sequence(at, self.counter.fetch_add(1, Ordering::Relaxed))
    }
}

fn actor(caller: &Caller) -> Actor {
    let (kind, id) = match &caller.principal {
        Principal::Owner => ("root-account", caller.account.to_string()),
        Principal::User { id, .. } => ("ram-user", id.clone()),
        Principal::Session(_) => ("assumed-role", caller.principal_id()),
    };
    Actor {
        kind: kind.to_owned(),
        id,
        name: caller.display_name(),
        arn: caller.arn(),
        access_key_id: caller.access_key_id.clone(),
    }
}

fn decision(judgement: &Judgement) -> Decision {
    let matched = judgement.matched.as_ref();
    Decision {
        verdict: format!("{:?}", judgement.verdict),
        stage: format!("{:?}", judgement.stage),
        matched: matched.map(|matched| (matched.policy.clone(), matched.group.clone(), matched.statement)),
    }
}

fn recorded(call: &Call<'_>) -> Vec<(String, String)> {
    let kept = call.params.iter().filter(|(name, _)| !NOT_RECORDED.contains(name));
    kept.map(|(name, value)| (name.to_owned(), value.chars().take(LONGEST_VALUE).collect())).collect()
}
