//! The disks that a launch asks for: how they are read, and what they become beside the image's own.

use std::collections::HashSet;

use engine::Engine;
use meta::{Tx, manifests, resources};
use model::image::SYSTEM_DEVICE;
use model::volume::free_device;
use model::{
    Description, Disk, DiskCategory, DiskId, DiskStatus, DiskType, Image, Instance, ResourceName, Snapshot, SnapshotId,
    SnapshotStatus,
};
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::input::{self, optional};
use crate::resource::own;

/// The smallest system disk, in GiB, and the size of one that asks for none and whose image is smaller.
const SYSTEM_DISK: (u32, u32) = (20, 40);

/// The largest system disk, in GiB.
const LARGEST_SYSTEM_DISK: u32 = 2048;

/// The disks of a launch.
pub(super) struct WantedDisks {
    system: WantedDisk,
    data: Vec<WantedDisk>,
}

/// A disk as a call asks for it.
struct WantedDisk {
    size_gib: Option<u32>,
    category: DiskCategory,
    performance_level: String,
    name: String,
    description: Description,
    device: Option<String>,
    snapshot: Option<SnapshotId>,
    delete_with_instance: bool,
}

impl WantedDisks {
    /// Reads `SystemDisk` and `DataDisk.N`.
    pub(super) fn read(params: &Params) -> ApiResult<Self> {
        let data = params.items("DataDisk").iter().map(|(_, item)| data_disk(item)).collect::<ApiResult<_>>()?;
        Ok(Self { system: system_disk(params)?, data })
    }

    /// The disks of one server: the system disk, the image's data disks, and those that were asked for.
    pub(super) fn plan(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        instance: &Instance,
        image: &Image,
    ) -> ApiResult<Vec<Disk>> {
        let system = image.disks.first().ok_or(Code::ImageIdNotFound)?;
        let size = self.system.size_gib.unwrap_or(SYSTEM_DISK.1.max(system.size_gib));
        if size < system.size_gib {
            return Err(Code::SystemDiskTooSmallForImage.error());
        }
        let mut disks = vec![Disk {
            disk_type: DiskType::System,
            size_gib: size,
            device: SYSTEM_DEVICE.to_owned(),
            image: Some(image.id.clone()),
            source_snapshot: Some(system.snapshot.clone()),
            base: system.manifest.clone(),
            delete_with_instance: true,
            ..disk(engine, instance, &self.system)
        }];
        let asked_for = |device: &str| self.data.iter().any(|disk| disk.device.as_deref() == Some(device));
        for mapping in image.disks.iter().skip(1).filter(|mapping| !asked_for(&mapping.device)) {
            disks.push(Disk {
                size_gib: mapping.size_gib,
                device: mapping.device.clone(),
                source_snapshot: Some(mapping.snapshot.clone()),
                base: mapping.manifest.clone(),
                ..disk(engine, instance, &self.system)
            });
        }
        let mut taken: HashSet<String> = disks.iter().map(|disk| disk.device.clone()).collect();
        for wanted in &self.data {
            let device = match &wanted.device {
                Some(device) => device.clone(),
                None => {
                    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
                    free_device(&taken).ok_or(Code::TooManyDisks)?
                }
            };
            if !taken.insert(device.clone()) {
                return Err(Code::DeviceInUse.error());
            }
            let snapshot = wanted.snapshot.as_ref().map(|id| snapshot(tx, instance, id)).transpose()?;
            let from_image = image.disks.iter().skip(1).find(|mapping| mapping.device == device);
            let least = snapshot.as_ref().map(|snapshot| snapshot.source_size_gib);
            let least = least.or(from_image.map(|mapping| mapping.size_gib)).unwrap_or(0);
            let size_gib = wanted.size_gib.unwrap_or(least);
            let (smallest, largest) = wanted.category.data_sizes();
            if !(smallest..=largest).contains(&size_gib) {
                return Err(Code::DataDiskSizeInvalid.error());
            }
            if size_gib < least {
                return Err(Code::DataDiskTooSmallForSnapshot.error());
            }
            let base = match (&snapshot, from_image) {
                (Some(snapshot), _) => snapshot.manifest.clone(),
                (None, Some(mapping)) => mapping.manifest.clone(),
                (None, None) => String::new(),
            };
            disks.push(Disk {
                size_gib,
                device,
                source_snapshot: wanted.snapshot.clone().or(from_image.map(|mapping| mapping.snapshot.clone())),
                base,
                delete_with_instance: wanted.delete_with_instance,
                ..disk(engine, instance, wanted)
            });
        }
        if model::quota::DATA_DISKS + 1 < disks.len() {
            return Err(Code::TooManyDisks.error());
        }
        Ok(disks)
    }
}

/// Records a disk and holds what it begins with.
pub(crate) fn insert_disk(tx: &mut Tx<'_>, disk: &Disk, seq: i64) -> ApiResult<()> {
    if !disk.base.is_empty() {
        manifests::hold(tx, &disk.base, disk.id.as_str())?;
    }
    resources::insert(tx, disk, seq)?;
    Ok(())
}

/// A data disk of a server, with what was asked for; where it comes from is the caller's to say.
fn disk(engine: &Engine, instance: &Instance, wanted: &WantedDisk) -> Disk {
    Disk {
        id: DiskId::generate(engine.entropy()),
        owner: instance.owner,
        region: instance.region.clone(),
        zone: instance.zone.clone(),
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        disk_type: DiskType::Data,
        category: wanted.category,
        performance_level: wanted.performance_level.clone(),
        size_gib: 0,
        status: DiskStatus::InUse,
        instance: Some(instance.id.clone()),
        device: String::new(),
        image: None,
        source_snapshot: None,
        base: String::new(),
        epoch: 0,
        node: engine.node().to_owned(),
        delete_with_instance: true,
        delete_auto_snapshot: true,
        tags: Vec::new(),
        created: instance.created,
        attached: Some(instance.created),
        detached: None,
    }
}

fn snapshot(tx: &mut Tx<'_>, instance: &Instance, id: &SnapshotId) -> ApiResult<Snapshot> {
    let code = Code::DataDiskSnapshotNotFound;
    let found = own::<Snapshot>(tx, instance.owner, &instance.region, id.as_str(), code)?.record;
    if found.source_type == DiskType::System {
        return Err(Code::SnapshotOfSystemDisk.error());
    }
    if found.status == SnapshotStatus::Accomplished { Ok(found) } else { Err(Code::SnapshotNotReady403.error()) }
}

fn system_disk(params: &Params) -> ApiResult<WantedDisk> {
    let size: Option<u32> = optional(params, "SystemDisk.Size", Code::SystemDiskSizeInvalid)?;
    // Zero is what a client sends that means nothing by it.
    let size_gib = size.filter(|size| *size != 0);
    if size_gib.is_some_and(|size| size < SYSTEM_DISK.0) {
        return Err(Code::SystemDiskTooSmall.error());
    }
    if size_gib.is_some_and(|size| LARGEST_SYSTEM_DISK < size) {
        return Err(Code::SystemDiskTooLarge.error());
    }
    wanted_disk(params, "SystemDisk.", size_gib, Code::SystemDiskCategoryInvalid)
}

fn data_disk(item: &Params) -> ApiResult<WantedDisk> {
    let size_gib = optional(item, "Size", Code::DataDiskSizeInvalid)?;
    let device: Option<String> = match item.get("Device") {
        None => None,
        Some(device) => {
            let letter = device.strip_prefix("/dev/xvd").and_then(|rest| rest.parse::<char>().ok());
            if !letter.is_some_and(|letter| ('b'..='z').contains(&letter)) {
                return Err(Code::DataDeviceMalformed.error());
            }
            Some(device.to_owned())
        }
    };
    let snapshot = optional(item, "SnapshotId", Code::DataDiskSnapshotNotFound)?;
    if size_gib.is_none() && snapshot.is_none() && device.is_none() {
        return Err(Code::DataDiskSizeInvalid.error());
    }
    Ok(WantedDisk {
        device,
        snapshot,
        delete_with_instance: input::optional_flag(item, "DeleteWithInstance")?.unwrap_or(true),
        ..wanted_disk(item, "", size_gib, Code::DataDiskCategoryInvalid)?
    })
}

fn wanted_disk(params: &Params, prefix: &str, size_gib: Option<u32>, bad: Code) -> ApiResult<WantedDisk> {
    let name = |field: &str| format!("{prefix}{field}");
    if params.get(&name("Encrypted")).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Err(Code::EncryptionUnsupported.error());
    }
    let disk_name: Option<ResourceName> = optional(params, &name("DiskName"), Code::DiskNameMalformed)?;
    Ok(WantedDisk {
        size_gib,
        category: optional(params, &name("Category"), bad)?.unwrap_or(DiskCategory::CloudEssd),
        performance_level: params.get(&name("PerformanceLevel")).unwrap_or("PL1").to_owned(),
        name: disk_name.map_or_else(String::new, |name| name.to_string()),
        description: optional(params, &name("Description"), Code::DiskDescriptionMalformed)?
            .unwrap_or_else(input::no_description),
        device: None,
        snapshot: None,
        delete_with_instance: true,
    })
}
