//! `LookupEvents`: the account's calls of the last ninety days, by one condition.

use meta::audit::{self, Event, Filter};
use model::Timestamp;
use serde_json::{Map, Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, ResourceName, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};
use crate::input::PageToken;

/// How far back a query without a beginning goes, in milliseconds: seven days.
const USUAL_SPAN: i64 = 7 * 24 * 60 * 60 * 1000;

/// Largest page (LookupEvents, `MaxResults`).
const LARGEST_PAGE: usize = 50;

/// The call.
pub(crate) struct LookupEvents {
    from: Timestamp,
    to: Timestamp,
    wanted: Option<(Key, String)>,
    beyond: Option<i64>,
    is_forward: bool,
    limit: usize,
}

/// What events are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    ServiceName,
    EventName,
    User,
    EventId,
    ResourceType,
    ResourceName,
    EventRw,
    EventAccessKeyId,
}

impl Action for LookupEvents {
    const SPEC: Spec = Spec {
        product: Product::Actiontrail,
        name: "LookupEvents",
        summary: "List what was done in the account, and by whom.",
        codes: &[],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let time = |name: &str| {
            let read = |text: &str| Timestamp::parse_seconds(text).ok_or_else(|| ApiError::invalid(name));
            params.get(name).map(read).transpose()
        };
        let to = time("EndTime")?.unwrap_or(cx.surroundings.now);
        let from = time("StartTime")?.unwrap_or(to.plus_millis(-USUAL_SPAN));
        if to < from {
            return Err(ApiError::invalid("StartTime"));
        }
        let wanted = match params.items("LookupAttribute").as_slice() {
            [] => None,
            [(_, item)] => {
                let key = item.get("Key").and_then(key_of).ok_or_else(|| ApiError::invalid("LookupAttribute.1.Key"))?;
                let value = item.get("Value").ok_or_else(|| ApiError::missing("LookupAttribute.1.Value"))?;
                Some((key, value.to_owned()))
            }
            _ => return Err(ApiError::invalid("LookupAttribute")),
        };
        let limit = params.get("MaxResults").map_or(Ok(20), str::parse).ok().filter(|n| (0..=LARGEST_PAGE).contains(n));
        let place = |text: &str| i64::from_str_radix(text, 36).map_err(|_| ApiError::invalid("NextToken"));
        Ok(Self {
            from,
            to,
            wanted,
            beyond: params.get("NextToken").map(place).transpose()?,
            is_forward: match params.get("Direction") {
                None | Some("BACKWARD") => false,
                Some("FORWARD") => true,
                Some(_) => return Err(ApiError::invalid("Direction")),
            },
            limit: limit.ok_or_else(|| ApiError::invalid("MaxResults"))?,
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "actiontrail:LookupEvents", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let Self { from, to, wanted, beyond, is_forward, limit } = self;
        // The end of the span belongs to it.
        let filter = Filter { from: Some(from), to: Some(to.plus_millis(1)), beyond, is_forward };
        let accepts = move |event: &Event| wanted.as_ref().is_none_or(|(key, value)| key.accepts(event, value));
        let found = cx.engine().meta().read(move |tx| audit::list(tx, account, &filter, limit, &accepts)).await?;
        let mut answer = json!({
            "StartTime": from.seconds(),
            "EndTime": to.seconds(),
            "Events": found.iter().map(|(_, event)| view(event)).collect::<Vec<_>>(),
        });
        if let Some((place, _)) = found.last().filter(|_| found.len() == limit) {
            answer["NextToken"] = PageToken::write(*place).into();
        }
        Ok(answer)
    }
}

fn key_of(text: &str) -> Option<Key> {
    Some(match text {
        "ServiceName" => Key::ServiceName,
        "EventName" => Key::EventName,
        "User" => Key::User,
        "EventId" => Key::EventId,
        "ResourceType" => Key::ResourceType,
        "ResourceName" => Key::ResourceName,
        "EventRW" => Key::EventRw,
        "EventAccessKeyId" => Key::EventAccessKeyId,
        _ => return None,
    })
}

impl Key {
    fn accepts(self, event: &Event, value: &str) -> bool {
        match self {
            Self::ServiceName => event.product.eq_ignore_ascii_case(value),
            Self::EventName => event.action == value,
            Self::User => event.principal.name == value,
            Self::EventId => event.id == value,
            Self::ResourceType => resources(event).any(|(kind, _)| kind == value),
            Self::ResourceName => resources(event).any(|(_, id)| id == value),
            Self::EventRw => rw(event) == value,
            Self::EventAccessKeyId => event.principal.access_key_id == value,
        }
    }
}

/// The resources that a call was about: type and name, as the service's record has them.
fn resources(event: &Event) -> impl Iterator<Item = (String, &str)> {
    event.questions.iter().filter_map(|(_, resource)| {
        let ResourceName { service, kind, id, .. } = ResourceName::parse(resource)?;
        let mut letters = kind.chars();
        let first = letters.next()?.to_ascii_uppercase();
        Some((format!("ACS::{}::{first}{}", service.to_ascii_uppercase(), letters.as_str()), id)).filter(|_| id != "*")
    })
}

/// Whether a call reads or writes.
fn rw(event: &Event) -> &'static str {
    let reads = ["Describe", "List", "Get", "Lookup", "Decode"];
    if reads.iter().any(|verb| event.action.starts_with(verb)) { "Read" } else { "Write" }
}

/// An event as the service's record has it.
fn view(event: &Event) -> Value {
    let params: Map<String, Value> =
        event.params.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let mut view = json!({
        "eventId": event.id,
        "requestId": event.id,
        "eventVersion": "1",
        "eventType": "ApiCall",
        "eventName": event.action,
        "eventRW": rw(event),
        "eventTime": event.at.seconds(),
        "eventSource": format!("{}.aliyuncs.com", event.product.to_lowercase()),
        "serviceName": event.product,
        "apiVersion": event.version,
        "acsRegion": event.region,
        "sourceIpAddress": event.source_ip,
        "requestParameters": params,
        "userIdentity": {
            "type": event.principal.kind,
            "accountId": event.account.to_string(),
            "principalId": event.principal.id,
            "userName": event.principal.name,
            "accessKeyId": event.principal.access_key_id,
        },
    });
    let (kinds, names): (Vec<String>, Vec<&str>) = resources(event).unzip();
    if !names.is_empty() {
        view["resourceType"] = kinds.join(";").into();
        view["resourceName"] = names.join(";").into();
    }
    if event.code != "OK" {
        view["errorCode"] = event.code.as_str().into();
        view["errorMessage"] = event.message.as_str().into();
    }
    view
}
