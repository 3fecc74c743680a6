//! Starting, stopping and restarting servers, alone or several at once.

use meta::resources::{self, Stored};
use meta::{Scope, Tx};
use model::instance::InstanceEvent;
use model::{AccountId, Instance, InstanceStatus, RegionId};
use serde_json::{Value, json};
use wire::Params;

use super::launch::instance_id;
use crate::action::{Access, Nothing};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::own_anywhere;

/// Servers of one call.
const AT_MOST: usize = 100;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Start,
    Stop { force: bool },
    Reboot { force: bool },
}

impl Power {
    /// The server after this was asked for. A stop may be asked for again, with force.
    pub(crate) fn apply(self, before: &Instance) -> Result<Instance, Code> {
        let wrong = |_| Code::InstanceStatusIncorrect;
        let record = before.clone();
        match self {
            Self::Start => {
                let status = before.status.on(InstanceEvent::StartAsked).map_err(wrong)?;
                // What is still being made starts by itself or not at all.
                if before.status == InstanceStatus::Pending {
                    return Err(Code::InstanceStatusIncorrect);
                }
                Ok(Instance { status, reason: String::new(), ..record })
            }
            Self::Stop { force: true } if before.status == InstanceStatus::Stopping => {
                Ok(Instance { force: true, ..record })
            }
            // A stopped server that is told to stop stays what it is, as the service has it.
            Self::Stop { .. } if before.status == InstanceStatus::Stopped => Ok(record),
            Self::Stop { force } => {
                let status = before.status.on(InstanceEvent::StopAsked).map_err(wrong)?;
                Ok(Instance { status, force, reason: String::new(), ..record })
            }
            Self::Reboot { force } => {
                let status = before.status.on(InstanceEvent::RebootAsked).map_err(wrong)?;
                Ok(Instance { status, force, and_start: true, ..record })
            }
        }
    }
}

/// Codes of the calls about one server.
pub(super) const CODES: &[Code] = &[Code::InstanceIdNotFound, Code::InstanceStatusIncorrect, Code::DryRunOperation];

/// Codes of the calls about several.
pub(super) const BATCH_CODES: &[Code] = &[
    Code::RegionIdNotFound404,
    Code::InstanceIdMissing,
    Code::TooManyInstanceIds,
    Code::InstanceIdNotFound,
    Code::InstanceStatusIncorrect,
    Code::DryRunSuccess,
];

/// A call about one server.
pub(super) struct One {
    pub(super) instance: model::InstanceId,
    pub(super) dry_run: bool,
}

impl One {
    pub(super) fn read(params: &Params) -> ApiResult<Self> {
        Ok(Self { instance: instance_id(params)?, dry_run: input::flag(params, "DryRun")? })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        // The call names no region; the id is enough to find the server, and the policies are asked about all regions.
        vec![Access { verb, resource: cx.resource("ecs", "*", &format!("instance/{}", self.instance)) }]
    }

    pub(super) async fn apply(self, cx: &Allowed<'_>, power: Power) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let code = Code::InstanceIdNotFound;
                let before = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?;
                let after = power.apply(&before.record)?;
                if self.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                resources::update(tx, &before, &after)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

/// A call about several servers.
pub(super) struct Batch {
    pub(super) region: RegionId,
    pub(super) instances: Vec<String>,
    /// All of them or none, when true; else each that can.
    all_together: bool,
    pub(super) dry_run: bool,
}

impl Batch {
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let instances: Vec<String> = params.list("InstanceId").into_iter().map(|(_, id)| id.to_owned()).collect();
        if instances.is_empty() {
            return Err(Code::InstanceIdMissing.error());
        }
        if AT_MOST < instances.len() {
            return Err(Code::TooManyInstanceIds.error());
        }
        let all_together = match params.get("BatchOptimization").unwrap_or("AllTogether") {
            "AllTogether" => true,
            "SuccessFirst" => false,
            _ => return Err(ApiError::invalid("BatchOptimization")),
        };
        Ok(Self { region, instances, all_together, dry_run: input::flag(params, "DryRun")? })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        let name = |id: &String| cx.resource("ecs", self.region.as_str(), &format!("instance/{id}"));
        self.instances.iter().map(|id| Access { verb, resource: name(id) }).collect()
    }

    /// The servers, every one of which must be the caller's and in the region.
    pub(super) fn find(&self, tx: &mut Tx<'_>, account: AccountId) -> ApiResult<Vec<Stored<Instance>>> {
        let one = |id: &String| {
            let found = own_anywhere::<Instance>(tx, account, id, Code::InstanceIdNotFound)?;
            if found.record.region == self.region { Ok(found) } else { Err(Code::InstanceIdNotFound.error()) }
        };
        self.instances.iter().map(one).collect()
    }

    pub(super) async fn apply(self, cx: &Allowed<'_>, power: Power) -> ApiResult<Value> {
        let account = cx.account();
        let responses = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let mut responses = Vec::new();
                for before in self.find(tx, account)? {
                    let after = power.apply(&before.record);
                    let (code, text) = match &after {
                        Ok(_) => ("200", "success"),
                        Err(code) if self.all_together => return Err(code.error()),
                        Err(code) => (code.wire(), code.text()),
                    };
                    let after = after.unwrap_or_else(|_| before.record.clone());
                    responses.push(json!({
                        "InstanceId": before.record.id,
                        "Code": code,
                        "Message": text,
                        "PreviousStatus": before.record.status,
                        "CurrentStatus": after.status,
                    }));
                    if after != before.record && !self.dry_run {
                        resources::update(tx, &before, &after)?;
                    }
                }
                if self.dry_run { Err(Code::DryRunSuccess.error()) } else { Ok(responses) }
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(json!({"InstanceResponses": {"InstanceResponse": responses}}))
    }
}
