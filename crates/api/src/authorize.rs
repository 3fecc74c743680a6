//! May the caller do this: the questions of an action, put to the policies.

use identity::{Caller, Failure, Identities, Judgement, Stage, Surroundings, add_resource_tags, judge};
use meta::{Meta, resources, tags};
use model::AccountId;
use policy::{Context, Verdict};
use wire::Params;

use crate::action::{Access, Entry, ResourceName};
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
            let LookedUp { resource, tags } = look_up(meta, self.caller, &access.resource).await?;
            let access = Access { verb: access.verb, resource };
            let mut asked = context.clone();
            add_resource_tags(&mut asked, tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            let judgement = judge(self.caller, access.verb, &access.resource, &asked);
            decided = Decided { access: Some(access), judgement };
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

/// What the records say of a resource that a call names.
struct LookedUp {
    /// Its name, with the region that it is in.
    resource: String,
    /// Its tags, where a policy asks for them.
    tags: Vec<(String, String)>,
}

/// Looks a resource up, only for callers whose policies can depend on what is found.
///
/// A call that does not say where a resource is gets the region that it is in: a policy about one region must not reach
/// another that way. What is not there is in no region, and keeps its star. All resources of a kind together (`image/*`)
/// are in no region, and have no tags.
async fn look_up(meta: &Meta, caller: &Caller, resource: &str) -> Result<LookedUp, meta::Error> {
    let plain = LookedUp { resource: resource.to_owned(), tags: Vec::new() };
    let Some(name) = ResourceName::parse(resource).filter(|name| name.id != "*") else { return Ok(plain) };
    let is_anywhere = name.region == "*" && ["ecs", "swas-open", "vpc"].contains(&name.service);
    let (asks_region, asks_tags) = (is_anywhere && !caller.is_owner(), caller.asks_resource_tags());
    if !asks_region && !asks_tags {
        return Ok(plain);
    }
    let owner = owner_of(caller.account, name.service);
    let region = if asks_region { resources::region_of(meta, owner, name.id).await? } else { None };
    let tags = if asks_tags { tags::of_resource(meta, owner, name.kind, name.id).await? } else { Vec::new() };
    let resource = match region {
        Some(region) => ResourceName { region: &region, ..name }.to_string(),
        None => plain.resource,
    };
    Ok(LookedUp { resource, tags })
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
