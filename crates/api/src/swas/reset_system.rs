//! `ResetSystem`: let a server begin anew, from its image or another one. What was on its disks is gone, and it runs again
//! when that is done. Snapshots stay, and those from before cannot be gone back to.

use engine::machines::{disks_of, leave_volume};
use meta::resources::{self, Stored};
use meta::{Tx, manifests};
use model::{Disk, Image, ImageId, Instance, InstanceStatus, Password, Timestamp};
use wire::Params;

use super::common::{Call, at_rest, server, usable_image};
use super::plans::Plan;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::disks::rest::no_snapshot_under_way;
use crate::input::optional;

/// The call.
pub(crate) struct ResetSystem {
    call: Call,
    instance: String,
    /// The server's own, when none.
    image: Option<ImageId>,
    password: Option<Password>,
}

impl Action for ResetSystem {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ResetSystem",
        summary: "Let a server begin anew.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasInstanceStatusIncorrect,
            Code::SwasImageIdNotFound,
            Code::SwasImageNotSupported,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("LoginCredentials.KeyPairName").is_some() {
            // Servers have no key pairs here, so none has this name.
            return Err(ApiError::invalid("LoginCredentials.KeyPairName"));
        }
        Ok(Self {
            call: Call::read(params, cx)?,
            instance: params.get("InstanceId").ok_or_else(|| ApiError::missing("InstanceId"))?.to_owned(),
            image: optional(params, "ImageId", Code::SwasImageIdNotFound)?,
            password: optional(params, "LoginCredentials.Password", ApiError::invalid("LoginCredentials.Password"))?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ResetSystem", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let seq = cx.engine().age_sequence(now);
        let work = move |tx: &mut Tx<'_>| {
            let before = server(tx, owner, &self.call.region, &self.instance)?;
            if !at_rest(&before.record, now) {
                return Err(Code::SwasInstanceStatusIncorrect.error());
            }
            let image = self.image.as_ref().unwrap_or(&before.record.image);
            let image = usable_image(tx, owner, &self.call.region, image)?;
            for (n, disk) in (0..).zip(disks_of(tx, &before.record)?) {
                no_snapshot_under_way(tx, &disk.record, Code::SwasInstanceStatusIncorrect)?;
                wipe(tx, &disk, &image, (now, seq + n))?;
            }
            resources::update(tx, &before, &self.reset(&before.record, &image)?)?;
            Ok(())
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

impl ResetSystem {
    /// The server with its new image, on its way to run: one that runs has its plug pulled first.
    fn reset(&self, before: &Instance, image: &Image) -> ApiResult<Instance> {
        let fits = Plan::find(&before.instance_type).is_none_or(|plan| plan.supports(image.os_type));
        if !fits || before.architecture != image.architecture {
            return Err(Code::SwasImageNotSupported.error());
        }
        let was_running = before.status == InstanceStatus::Running;
        Ok(Instance {
            status: InstanceStatus::Starting,
            and_start: was_running,
            force: was_running,
            reason: String::new(),
            image: image.id.clone(),
            os_type: image.os_type,
            os_name: image.platform.to_string(),
            boot_mode: image.boot_mode,
            password: self.password.as_ref().map(ToString::to_string).or(before.password.clone()),
            ..before.clone()
        })
    }
}

/// Lets a disk begin anew as the image has it; empty, where the image has none in its place.
fn wipe(tx: &mut Tx<'_>, before: &Stored<Disk>, image: &Image, (now, seq): (Timestamp, i64)) -> ApiResult<()> {
    let disk = &before.record;
    let mapping = image.disks.iter().find(|mapping| mapping.device == disk.device);
    if mapping.is_some_and(|mapping| disk.size_gib < mapping.size_gib) {
        return Err(Code::SwasImageNotSupported.error());
    }
    let base = mapping.map_or_else(String::new, |mapping| mapping.manifest.clone());
    leave_volume(tx, disk, now, seq)?;
    manifests::release_all(tx, disk.id.as_str())?;
    if !base.is_empty() {
        manifests::hold(tx, &base, disk.id.as_str())?;
    }
    let after = Disk {
        base,
        image: disk.is_system().then(|| image.id.clone()),
        source_snapshot: mapping.map(|mapping| mapping.snapshot.clone()),
        epoch: disk.epoch + 1,
        attached: Some(now),
        ..disk.clone()
    };
    resources::update(tx, before, &after)?;
    Ok(())
}
