//! Starting, stopping and restarting servers, alone or several at once.

use meta::Tx;
use meta::resources;
use model::{AccountId, Instance, InstanceStatus, RegionId};
use wire::Params;

use super::common::{Call, ids, server};
use crate::action::{Access, Nothing};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;

/// Servers of one call.
const AT_MOST: usize = 100;

/// Codes of all of these calls.
pub(super) const CODES: &[Code] = &[
    Code::SwasRegionNotMatched,
    Code::SwasInstanceIdNotFound,
    Code::SwasInstanceStatusIncorrect,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// A call about some servers: all of them do it, or none.
pub(super) struct PowerCall {
    call: Call,
    instances: Vec<String>,
}

impl PowerCall {
    /// A call about one.
    pub(super) fn one(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let id = params.get("InstanceId").ok_or_else(|| ApiError::missing("InstanceId"))?;
        Ok(Self { call: Call::read(params, cx)?, instances: vec![id.to_owned()] })
    }

    /// A call about several.
    pub(super) fn several(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { call: Call::read(params, cx)?, instances: ids(params, "InstanceIds", AT_MOST)? })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        let one = |id: &String| self.call.access(cx, verb, &format!("instance/{id}"));
        self.instances.iter().flat_map(one).collect()
    }

    pub(super) async fn apply(self, cx: &Allowed<'_>, action: &'static str, power: Power) -> ApiResult<Nothing> {
        let (owner, region, instances) = (cx.account().at_swas(), self.call.region.clone(), self.instances);
        let work = move |tx: &mut Tx<'_>| instances.iter().try_for_each(|id| ask(tx, (owner, &region, id), power));
        self.call.once(cx, action, work).await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

fn ask(tx: &mut Tx<'_>, (owner, region, id): (AccountId, &RegionId, &str), power: Power) -> ApiResult<()> {
    let before = server(tx, owner, region, id)?;
    let after = applied(&before.record, power)?;
    resources::update(tx, &before, &after)?;
    Ok(())
}

fn applied(before: &Instance, power: Power) -> ApiResult<Instance> {
    // Other than in ECS, what is stopped cannot be stopped again.
    let is_idle = before.status == InstanceStatus::Stopped && matches!(power, Power::Stop { .. });
    let after = if is_idle { None } else { power.apply(before).ok() };
    after.ok_or_else(|| Code::SwasInstanceStatusIncorrect.error())
}
