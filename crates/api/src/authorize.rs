//! May the caller do this: the questions of an action, put to the policies.

use identity::{Caller, Failure, Identities, Judgement, Stage, Surroundings, judge};
use meta::{Meta, resources, tags};
use model::AccountId;
use policy::{Context, Verdict};
use wire::Params;

use crate::action::{Access, Entry};
use crate::code::{ApiError, ApiResult};

/// What was decided about a call, for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    /// The question that decided: the one that was denied, or the last one.
    pub(crate) access: Option<Access>,
    /// The answer.
    pub(crate) judgement: Judgement,
}

/// A call that waits to be allowed.
pub(crate) struct Asked<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) params: &'a Params,
    pub(crate) caller: &'a Caller,
    pub(crate) surroundings: Surroundings,
}

impl Asked<'_> {
    /// Asks every question. The call is allowed when every answer allows, and an action that asks nothing allows nobody.
    pub(crate) async fn decide(&self, meta: &Meta, access: &[Access]) -> ApiResult<(Decided, Context)> {
        let mut context = self.surroundings.context(self.caller);
        if self.entry.is_open {
            let judgement = Judgement::silent(Verdict::Allow, Stage::Identity);
            return Ok((Decided { access: None, judgement }, context));
        }
        if self.caller.asks_request_tags() {
            add_request_tags(&mut context, self.params);
        }
        let nothing = Judgement::silent(Verdict::ImplicitDeny, Stage::Identity);
        let mut decided = Decided { access: None, judgement: nothing };
        for access in access {
            let resource = located(meta, self.caller, &access.resource).await?;
            let access = &Access { resource, ..access.clone() };
            let mut asked = context.clone();
            if self.caller.asks_resource_tags() {
                add_resource_tags(&mut asked, meta, self.caller.account, &access.resource).await?;
            }
            let judgement = judge(self.caller, access.verb, &access.resource, &asked);
            decided = Decided { access: Some(access.clone()), judgement };
            if !decided.judgement.allows() {
                return Ok((decided, asked));
            }
        }
        Ok((decided, context))
    }

    /// The error of a call that was denied.
    pub(crate) fn refusal(&self, identities: &Identities, decided: &Decided, context: &Context) -> ApiError {
        let error = self.entry.denied.error();
        let Some(Access { verb, resource }) = &decided.access else { return error };
        let failure = Failure { caller: self.caller, verb, resource, context, judgement: &decided.judgement };
        error.denied(identities.detail(&failure))
    }
}

/// The resource with the region that it is in, for a call that does not say where: a policy about one region must not
/// reach another that way. What is not there is in no region, and keeps its star.
async fn located(meta: &Meta, caller: &Caller, resource: &str) -> Result<String, meta::Error> {
    let fields: Vec<&str> = resource.splitn(5, ':').collect();
    let [acs, service @ ("ecs" | "swas-open" | "vpc"), "*", owner, relative] = fields.as_slice() else {
        return Ok(resource.to_owned());
    };
    let Some((_, id)) = relative.split_once('/').filter(|(_, id)| *id != "*" && !caller.is_owner()) else {
        return Ok(resource.to_owned());
    };
    let (account, id) = (owner_of(caller.account, service), id.to_owned());
    let found = meta.read(move |tx| resources::region_of(tx, account, &id)).await?;
    let region = found.unwrap_or_else(|| "*".to_owned());
    Ok(format!("{acs}:{service}:{region}:{owner}:{relative}"))
}

/// The account under which a product's resources are recorded: what Simple Application Server sells is under one beside
/// the customer's.
fn owner_of(account: AccountId, service: &str) -> AccountId {
    if service == "swas-open" { account.at_swas() } else { account }
}

/// `acs:RequestTag/…`: the tags that a call gives to what it makes, or by which it filters a list. The calls of RAM give
/// them as one JSON text.
fn add_request_tags(context: &mut Context, params: &Params) {
    let listed: Vec<serde_json::Value> =
        params.get("Tag").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for tag in &listed {
        if let Some(key) = tag["Key"].as_str() {
            context.insert(&format!("acs:RequestTag/{key}"), tag["Value"].as_str().unwrap_or_default());
        }
    }
    for (_, item) in params.items("Tag") {
        if let Some(key) = item.get("Key").or_else(|| item.get("key")) {
            let value = item.raw("Value").or_else(|| item.raw("value")).unwrap_or_default();
            context.insert(&format!("acs:RequestTag/{key}"), value);
        }
    }
}

/// `acs:ResourceTag/…`, and `ecs:tag/…` as older policies write it: the tags of the resource that is named. All
/// resources of a kind together (`image/*`) have none.
async fn add_resource_tags(
    context: &mut Context,
    meta: &Meta,
    account: AccountId,
    resource: &str,
) -> Result<(), meta::Error> {
    let mut fields = resource.splitn(5, ':');
    let service = fields.nth(1).unwrap_or_default();
    let Some((kind, id)) = fields.nth(2).and_then(|relative| relative.split_once('/')) else { return Ok(()) };
    if id == "*" {
        return Ok(());
    }
    let owner = owner_of(account, service);
    let (kind, id) = (kind.to_owned(), id.to_owned());
    let found = meta.read(move |tx| tags::of_resource(tx, owner, &kind, &id)).await?;
    for (key, value) in found {
        context.insert(&format!("acs:ResourceTag/{key}"), value.as_str());
        context.insert(&format!("ecs:tag/{key}"), value);
    }
    Ok(())
}
