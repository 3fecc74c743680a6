//! `AttachDisk`: give a data disk to a server. A running guest sees it appear.

use engine::machines::disks_of;
use meta::{Scope, Tx, resources};
use model::image::SYSTEM_DEVICE;
use model::volume::free_device;
use model::{Disk, DiskId, DiskStatus, Instance, InstanceId, InstanceStatus, Timestamp};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::launch::instance_id;
use crate::input::{flag, optional_flag, region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct AttachDisk {
    disk: DiskId,
    instance: InstanceId,
    device: Option<String>,
    /// Whether the server is to boot of it.
    bootable: bool,
    delete_with_instance: Option<bool>,
}

impl Action for AttachDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AttachDisk",
        summary: "Give a data disk to a server.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::InstanceIdNotFound,
            Code::DeviceMalformedForAttach,
            Code::DiskNotBootable,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrectForDisk,
            Code::DiskInAnotherZone,
            Code::DeviceInUse,
            Code::TooManyDisksForAttach,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        let device = match params.get("Device") {
            None => None,
            Some(device) => {
                let letter = device.strip_prefix("/dev/xvd").and_then(|rest| rest.parse::<char>().ok());
                if !letter.is_some_and(|letter| ('b'..='z').contains(&letter)) {
                    return Err(Code::DeviceMalformedForAttach.error());
                }
                Some(device.to_owned())
            }
        };
        Ok(Self {
            disk: required(params, "DiskId", Code::DiskIdNotFound)?,
            instance: instance_id(params)?,
            device,
            bootable: flag(params, "Bootable")?,
            delete_with_instance: optional_flag(params, "DeleteWithInstance")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "ecs:AttachDisk";
        vec![
            Access { verb, resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) },
            Access { verb, resource: cx.resource("ecs", "*", &format!("instance/{}", self.instance)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFound)?;
                let code = Code::InstanceIdNotFound;
                let server = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?.record;
                if before.record.status != DiskStatus::Available {
                    return Err(Code::DiskStatusIncorrect.error());
                }
                // A system disk never leaves its server, so that nobody has one to give.
                if self.bootable {
                    return Err(Code::DiskNotBootable.error());
                }
                let place = (&server, self.device.clone());
                let mut after = attached(tx, &before.record, place, Code::TooManyDisksForAttach, now)?;
                after.delete_with_instance = self.delete_with_instance.unwrap_or(after.delete_with_instance);
                resources::update(tx, &before, &after)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

/// A disk as it is once a server has it: at once with a server at rest, on its way to one that runs.
pub(super) fn attached(
    tx: &mut Tx<'_>,
    disk: &Disk,
    (server, device): (&Instance, Option<String>),
    full: Code,
    now: Timestamp,
) -> ApiResult<Disk> {
    if disk.zone != server.zone || disk.region != server.region {
        return Err(Code::DiskInAnotherZone.error());
    }
    // The bytes of a disk are where it was first opened.
    if disk.node != server.node && disk.attached.is_some() {
        return Err(Code::DiskInAnotherZone.error());
    }
    let status = match server.status {
        InstanceStatus::Running => DiskStatus::Attaching,
        InstanceStatus::Stopped => DiskStatus::InUse,
        _ => return Err(Code::InstanceStatusIncorrectForDisk.error()),
    };
    let there = disks_of(tx, server)?;
    let taken: Vec<&str> = there.iter().map(|stored| stored.record.device.as_str()).collect();
    if model::quota::DATA_DISKS < taken.iter().filter(|device| **device != SYSTEM_DEVICE).count() + 1 {
        return Err(full.error());
    }
    let device = match device {
        Some(device) if taken.contains(&device.as_str()) => return Err(Code::DeviceInUse.error()),
        Some(device) => device,
        None => free_device(&taken).ok_or(full)?,
    };
    Ok(Disk {
        status,
        instance: Some(server.id.clone()),
        device,
        node: server.node.clone(),
        attached: Some(now),
        ..disk.clone()
    })
}
