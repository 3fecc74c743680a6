//! `ReplaceSystemDisk`: give a stopped server a new system disk, of another image. The old one goes, its snapshots stay.

use engine::machines::{disks_of, leave_volume};
use meta::{manifests, resources, visible};
use model::image::SYSTEM_DEVICE;
use model::{
    Architecture, ClientToken, Disk, DiskId, HostName, Image, ImageId, Instance, InstanceId, InstanceStatus, Password,
    Platform, ResourceName,
};
use serde_json::{Value, json};
use wire::Params;

use super::rest::no_snapshot_under_way;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::launch::instance_id;
use crate::ecs::instances::names::{fits, own_host_name};
use crate::ecs::instances::wanted_disks::insert_disk;
use crate::ecs::security::key_pairs;
use crate::input::{optional, region_or_default, required, unencrypted};
use crate::resource::{once, own_anywhere};

/// The call.
pub(crate) struct ReplaceSystemDisk {
    instance: InstanceId,
    image: ImageId,
    size_gib: Option<u32>,
    password: Option<Password>,
    key_pair: Option<ResourceName>,
    token: Option<ClientToken>,
}

impl Action for ReplaceSystemDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ReplaceSystemDisk",
        summary: "Give a stopped server a new system disk.",
        codes: &[
            Code::RegionIdNotExists,
            Code::InstanceIdNotFound,
            Code::ImageIdNotFound,
            Code::DiskArchitectureMalformed,
            Code::DiskPlatformMalformed,
            Code::SystemDiskOfDiskUnsupported,
            Code::EncryptionUnsupported,
            Code::SystemDiskSizeInvalid400,
            Code::SystemDiskTooSmall,
            Code::SystemDiskTooLarge,
            Code::SystemDiskTooSmallForImage,
            Code::PasswordMalformed,
            Code::KeyPairNameMalformed,
            Code::KeyPairNameNotFoundForDisk,
            Code::InstanceIsCreating,
            Code::InstanceStatusIncorrect,
            Code::ImageNotForReplacement,
            Code::HostNameNotForImage,
            Code::DiskCreatingSnapshot,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdNotExists)?;
        // What older calls say of a disk that is to become the system disk. An image says it itself.
        optional::<Architecture>(params, "Architecture", Code::DiskArchitectureMalformed)?;
        optional::<Platform>(params, "Platform", Code::DiskPlatformMalformed)?;
        if params.get("DiskId").is_some() {
            return Err(Code::SystemDiskOfDiskUnsupported.error());
        }
        unencrypted(params)?;
        let size: Option<u32> = optional(params, "SystemDisk.Size", Code::SystemDiskSizeInvalid400)?;
        let size_gib = size.filter(|size| *size != 0);
        match size_gib {
            Some(size) if size < 20 => return Err(Code::SystemDiskTooSmall.error()),
            Some(size) if 2048 < size => return Err(Code::SystemDiskTooLarge.error()),
            _ => {}
        }
        Ok(Self {
            instance: instance_id(params)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            size_gib,
            password: optional(params, "Password", Code::PasswordMalformed)?,
            key_pair: optional(params, "KeyPairName", Code::KeyPairNameMalformed)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "ecs:ReplaceSystemDisk";
        vec![
            Access { verb, resource: cx.resource("ecs", "*", &format!("instance/{}", self.instance)) },
            Access { verb, resource: cx.resource("ecs", "*", &format!("image/{}", self.image)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), DiskId::generate(engine.entropy()));
        let region = cx.services().catalogue.default_region().clone();
        let token = self.token.clone();
        let made = once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let code = Code::InstanceIdNotFound;
            let server = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?;
            let missing = Code::KeyPairNameNotFoundForDisk;
            key_pairs::check(tx, (account, &server.record.region), self.key_pair.as_ref(), missing)?;
            match server.record.status {
                InstanceStatus::Stopped => {}
                InstanceStatus::Pending => return Err(Code::InstanceIsCreating.error()),
                _ => return Err(Code::InstanceStatusIncorrect.error()),
            }
            let image = visible::for_use(tx, account, &server.record.region, &self.image)?
                .filter(|image| image.status.is_usable())
                .ok_or(Code::ImageIdNotFound)?;
            if server.record.nvme && image.features.nvme == model::NvmeSupport::Unsupported {
                return Err(Code::ImageNotForReplacement.error());
            }
            let host_name = host_name(&server.record, &image)?;
            let mapping = image.disks.first().ok_or(Code::ImageIdNotFound)?;
            let disks = disks_of(tx, &server.record)?;
            let old = disks.iter().find(|stored| stored.record.is_system());
            let old = old.ok_or_else(|| ApiError::internal("a server has no system disk"))?;
            no_snapshot_under_way(tx, &old.record, Code::DiskCreatingSnapshot)?;
            let size_gib = self.size_gib.unwrap_or(old.record.size_gib.max(mapping.size_gib));
            if size_gib < mapping.size_gib {
                return Err(Code::SystemDiskTooSmallForImage.error());
            }
            leave_volume(tx, &old.record, now, seq)?;
            manifests::release_all(tx, old.record.id.as_str())?;
            resources::delete(tx, old, now)?;
            let disk = Disk {
                id: id.clone(),
                size_gib,
                device: SYSTEM_DEVICE.to_owned(),
                image: Some(image.id.clone()),
                source_snapshot: Some(mapping.snapshot.clone()),
                base: mapping.manifest.clone(),
                epoch: 0,
                created: now,
                attached: Some(now),
                ..old.record.clone()
            };
            insert_disk(tx, &disk, seq)?;
            let mut after = server.record.clone();
            after.host_name = host_name;
            after.image = image.id.clone();
            after.os_type = image.os_type;
            after.os_name = image.platform.to_string();
            after.architecture = image.architecture;
            after.boot_mode = image.boot_mode;
            after.password = self.password.as_ref().map(ToString::to_string).or(after.password);
            after.key_pair = self.key_pair.clone().or(after.key_pair);
            resources::update(tx, &server, &after)?;
            Ok(json!({"DiskId": disk.id}))
        })
        .await?;
        cx.engine().wake_keeper();
        Ok(made)
    }
}

/// What the host is called under the new system: as before, unless nobody gave it that name.
fn host_name(server: &Instance, image: &Image) -> ApiResult<HostName> {
    if server.host_name == own_host_name(&server.id, server.os_type) {
        return Ok(own_host_name(&server.id, image.os_type));
    }
    if fits(image.os_type, &server.host_name) {
        Ok(server.host_name.clone())
    } else {
        Err(Code::HostNameNotForImage.error())
    }
}
