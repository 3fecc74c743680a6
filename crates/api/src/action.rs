//! What an action is: one RPC operation, whose file is its room.

use std::future::Future;
use std::pin::Pin;

use model::quota::Quota;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The products whose calls arrive here. The version tells them apart, because they share names of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// Elastic Compute Service.
    Ecs,
    /// Simple Application Server.
    Swas,
    /// Virtual Private Cloud.
    Vpc,
    /// Resource Access Management.
    Ram,
    /// Security Token Service.
    Sts,
    /// The service that tells clients where the others are.
    Location,
    /// The record of what was done.
    Actiontrail,
}

impl Product {
    /// Every product.
    pub const ALL: &[Self] =
        &[Self::Ecs, Self::Swas, Self::Vpc, Self::Ram, Self::Sts, Self::Location, Self::Actiontrail];

    /// The version of its API.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Ecs => "2014-05-26",
            Self::Swas => "2020-06-01",
            Self::Vpc => "2016-04-28",
            Self::Ram => "2015-05-01",
            Self::Sts => "2015-04-01",
            Self::Location => "2015-06-12",
            Self::Actiontrail => "2020-07-06",
        }
    }

    /// What it answers to callers whom policies do not allow something.
    pub const fn denied(self) -> Code {
        match self {
            Self::Ecs | Self::Vpc | Self::Location => Code::ForbiddenRam,
            Self::Swas | Self::Ram | Self::Sts | Self::Actiontrail => Code::NoPermission,
        }
    }

    /// Its name in advice links and generated documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecs => "Ecs",
            Self::Swas => "SWAS-OPEN",
            Self::Vpc => "Vpc",
            Self::Ram => "Ram",
            Self::Sts => "Sts",
            Self::Location => "Location",
            Self::Actiontrail => "Actiontrail",
        }
    }
}

/// The facts about an action.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Whose action it is.
    pub product: Product,
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The codes that it answers with, beside those that any action may.
    pub codes: &'static [Code],
}

/// One question to the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// What is to be done, such as `ecs:ImportImage`.
    pub verb: &'static str,
    /// What it is to be done to, as a resource name; `*` where the service asks for no resource.
    pub resource: String,
}

/// A resource name, `acs:SERVICE:REGION:OWNER:KIND/ID`, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResourceName<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
}

impl<'a> ResourceName<'a> {
    /// None for a name without an id, such as `*`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let fields: Vec<&str> = text.splitn(5, ':').collect();
        let ["acs", service, region, owner, relative] = fields.as_slice() else { return None };
        let (kind, id) = relative.split_once('/')?;
        Some(Self { service, region, owner, kind, id })
    }
}

impl std::fmt::Display for ResourceName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, region, owner, kind, id } = self;
        write!(f, "acs:{service}:{region}:{owner}:{kind}/{id}")
    }
}

/// One RPC operation.
pub trait Action: Sized + Send + 'static {
    /// The facts.
    const SPEC: Spec;
    /// What it answers, beside the request id.
    type Output: Serialize;
    /// True for an action that no policy can deny: it tells callers only what they know, or who they are.
    const OPEN: bool = false;
    /// The code for a caller whom policies do not allow this, where the action has one of its own.
    const DENIED: Option<Code> = None;
    /// How often a caller may make the call in a minute, where the service says so.
    const PER_MINUTE: Option<Quota> = None;

    /// Reads and checks the parameters. No record is looked at yet.
    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self>;

    /// What the caller must be allowed to do: all of it. An empty list denies.
    fn access(&self, cx: &Cx) -> Vec<Access>;

    /// Does it.
    fn run(self, cx: Allowed<'_>) -> impl Future<Output = ApiResult<Self::Output>> + Send;
}

type Ran<'a> = Pin<Box<dyn Future<Output = ApiResult<Map<String, Value>>> + Send + 'a>>;
pub(crate) type ParseFn = fn(&Params, &Cx) -> ApiResult<(Parsed, Vec<Access>)>;
pub(crate) type RunFn = for<'a> fn(Allowed<'a>, Parsed) -> Ran<'a>;

/// An action with its parameters, ready to be allowed and run.
pub(crate) struct Parsed(Box<dyn std::any::Any + Send>);

/// A row of the table of actions.
pub struct Entry {
    /// The facts.
    pub spec: Spec,
    /// Whether no policy can deny it.
    pub is_open: bool,
    /// The code for a caller who may not.
    pub denied: Code,
    /// How often a caller may make the call in a minute.
    pub per_minute: Option<Quota>,
    pub(crate) parse: ParseFn,
    pub(crate) run: RunFn,
}

/// The row of an action.
pub const fn entry<A: Action>() -> Entry {
    Entry {
        spec: A::SPEC,
        is_open: A::OPEN,
        denied: match A::DENIED {
            Some(code) => code,
            None => A::SPEC.product.denied(),
        },
        per_minute: A::PER_MINUTE,
        parse: |params, cx| {
            let action = A::parse(params, cx)?;
            let access = action.access(cx);
            Ok((Parsed(Box::new(action)), access))
        },
        run: |cx, parsed| {
            Box::pin(async move {
                let action = parsed.0.downcast::<A>().expect("an entry runs what it parsed");
                let output = action.run(cx).await?;
                match serde_json::to_value(output) {
                    Ok(Value::Object(members)) => Ok(members),
                    Ok(_) => Ok(Map::new()),
                    Err(error) => Err(crate::code::ApiError::internal(error)),
                }
            })
        },
    }
}

/// The answer of an action that has nothing to say beside the request id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Nothing {}
