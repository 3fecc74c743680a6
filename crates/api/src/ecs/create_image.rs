//! `CreateImage`: a server, a snapshot or a set of disks becomes a custom image.
//!
//! Of a server, all disks are captured at one moment while its guest goes on. Of snapshots nothing is copied: the image
//! names the same bytes. Precedence of sources: a server, then a set of disks, then a snapshot.

use std::collections::HashSet;

use engine::Engine;
use engine::flows::capture::{self, Part, VolumeSpec, Work};
use engine::machines::disks_of;
use meta::resources::Stored;
use meta::{Tx, images, manifests, resources};
use model::image::{SYSTEM_DEVICE, device_name};
use model::quota::{DATA_DISKS, Quota};
use model::volume::free_device;
use model::{
    AccountId, Architecture, BootMode, ClientToken, Description, DiskMapping, DiskType, Image, ImageFeatures, ImageId,
    ImageName, ImageStatus, ImdsSupport, Instance, InstanceId, InstanceStatus, LicenseType, NvmeSupport, OsType,
    Platform, RegionId, Snapshot, SnapshotId, SnapshotStatus, Tag, Timestamp,
};
use serde_json::{Value, json};
use wire::Params;

use super::disks::create_snapshot;
use super::modify_image_attribute::family_has_room;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, description, optional, region};
use crate::quota;
use crate::resource::{once, own};

/// The sizes of a disk of an image that no snapshot backs, in GiB, and the size when none is asked for.
const EMPTY_DISK: (u32, u32, u32) = (1, 65_536, 20);

/// The call.
pub(crate) struct CreateImage {
    region: RegionId,
    source: Source,
    name: Option<ImageName>,
    description: Description,
    family: Option<ImageName>,
    version: String,
    platform: Option<Platform>,
    architecture: Option<Architecture>,
    boot_mode: Option<BootMode>,
    imds: Option<ImdsSupport>,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
    dry_run: bool,
}

enum Source {
    Instance(InstanceId),
    Disks(Vec<WantedDisk>),
    Snapshot(SnapshotId),
}

/// One `DiskDeviceMapping`.
#[derive(Clone)]
struct WantedDisk {
    device: Option<String>,
    disk_type: Option<DiskType>,
    size_gib: Option<u32>,
    snapshot: Option<SnapshotId>,
}

impl Action for CreateImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateImage",
        summary: "Make a custom image of a server, a snapshot or a set of disks.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ImageSourceMissing,
            Code::ImageNameMalformedForCreate,
            Code::ImageNameDuplicatedForCreate,
            Code::ImageDescriptionMalformedForCreate,
            Code::ImageFamilyMalformed,
            Code::ImageVersionMalformed,
            Code::PlatformMalformed,
            Code::ArchitectureMalformed,
            Code::BootModeNotSupport,
            Code::ImdsSupportInvalid,
            Code::ResourceGroupNotFound,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagQuotaExceeded,
            Code::ClientTokenMalformed,
            Code::ImageTokenMismatch,
            Code::InstanceIdNotFoundForImage,
            Code::InstanceStatusIncorrectForImage,
            Code::SnapshotIdNotFound,
            Code::SnapshotNotReadyForImage,
            Code::SnapshotIsOfDataDisk,
            Code::SnapshotUnderWay,
            Code::SnapshotQuotaExceeded,
            Code::DiskStatusIncorrect,
            Code::ImageDeviceMalformed,
            Code::ImageDeviceInUse,
            Code::ImageDiskSizeInvalid,
            Code::ImageDiskTypeInvalid,
            Code::ImageSystemDiskMissing,
            Code::ImageQuotaExceeded,
            Code::ImageFamiliesFull,
            Code::ImageFamilyFull,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let disks = params.items("DiskDeviceMapping");
        let source = if let Some(id) = optional(params, "InstanceId", Code::InstanceIdNotFoundForImage)? {
            Source::Instance(id)
        } else if !disks.is_empty() {
            Source::Disks(disks.iter().map(|(_, item)| wanted_disk(item)).collect::<ApiResult<_>>()?)
        } else if let Some(id) = optional(params, "SnapshotId", Code::SnapshotIdNotFound)? {
            Source::Snapshot(id)
        } else {
            return Err(Code::ImageSourceMissing.error());
        };
        let version = params.get("ImageVersion").unwrap_or_default().to_owned();
        if 40 < version.chars().count() {
            return Err(Code::ImageVersionMalformed.error());
        }
        if params.get("ResourceGroupId").is_some() {
            return Err(Code::ResourceGroupNotFound.error());
        }
        let architecture = optional(params, "Architecture", Code::ArchitectureMalformed)?;
        let boot_mode = optional(params, "BootMode", Code::BootModeNotSupport)?;
        if (architecture, boot_mode) == (Some(Architecture::Arm64), Some(BootMode::Bios)) {
            return Err(Code::BootModeNotSupport.error());
        }
        Ok(Self {
            region,
            source,
            name: optional(params, "ImageName", Code::ImageNameMalformedForCreate)?,
            description: description(params, Code::ImageDescriptionMalformedForCreate)?,
            family: optional(params, "ImageFamily", Code::ImageFamilyMalformed)?,
            version,
            platform: optional(params, "Platform", Code::PlatformMalformed)?,
            architecture,
            boot_mode,
            imds: optional(params, "Features.ImdsSupport", Code::ImdsSupportInvalid)?,
            tags: input::tags_or(params, Code::TagKeyDuplicate, Code::TagQuotaExceeded)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let region = self.region.as_str();
        let mut resources = vec![cx.resource("ecs", region, "image/*")];
        let snapshot = |id: &SnapshotId| cx.resource("ecs", region, &format!("snapshot/{id}"));
        match &self.source {
            Source::Instance(id) => resources.push(cx.resource("ecs", region, &format!("instance/{id}"))),
            Source::Disks(disks) => {
                resources.extend(disks.iter().filter_map(|disk| disk.snapshot.as_ref()).map(snapshot))
            }
            Source::Snapshot(id) => resources.push(snapshot(id)),
        }
        resources.into_iter().map(|resource| Access { verb: "ecs:CreateImage", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine().clone());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), ImageId::generate(engine.entropy()));
        let silent = capture::silent(&engine, account);
        let (region, token) = (self.region.clone(), self.token.clone());
        let (made_by, fresh) = (engine.clone(), id.clone());
        let answer = once(&cx, (&region, Self::SPEC.name), (token, Code::ImageTokenMismatch), move |tx| {
            let (image, snapshots, node) = self.plan(tx, &made_by, account, (&id, now))?;
            let there = images::total(tx, account, &self.region)?;
            quota::one_more(tx, account, Quota::Images, there, Code::ImageQuotaExceeded)?;
            create_snapshot::have_room(tx, (account, &self.region), snapshots.len(), Code::SnapshotQuotaExceeded)?;
            if let Some(family) = &image.family {
                let full = (Code::ImageFamiliesFull, Code::ImageFamilyFull);
                family_has_room(tx, (account, &self.region), family, full)?;
            }
            if images::by_name(tx, account, &self.region, &image.name)?.is_some() {
                return Err(Code::ImageNameDuplicatedForCreate.error());
            }
            if self.dry_run {
                return Err(Code::DryRunOperation.error());
            }
            if !images::insert(tx, &image, seq)? {
                return Err(Code::ImageNameDuplicatedForCreate.error());
            }
            let mut parts = Vec::new();
            for (n, (snapshot, volume)) in (0..).zip(snapshots) {
                parts.push(Part {
                    snapshot: snapshot.id.clone(),
                    disk: snapshot.source_disk.parse().map_err(|_| Code::DiskStatusIncorrect)?,
                    volume,
                });
                resources::insert(tx, &snapshot, seq + n)?;
            }
            let holder = id.as_str();
            image
                .disks
                .iter()
                .filter(|disk| !disk.manifest.is_empty())
                .try_for_each(|disk| manifests::hold(tx, &disk.manifest, holder))?;
            capture::begin(tx, silent.clone(), Work { image: Some(id.clone()), parts }, &node)?;
            Ok(json!({"ImageId": id}))
        })
        .await?;
        if answer["ImageId"] == json!(fresh) {
            engine.freeze_now(captured_of(&engine, fresh).await?).await;
        }
        engine.wake();
        Ok(answer)
    }
}

/// The snapshots of an image that was just begun.
async fn captured_of(engine: &Engine, image: ImageId) -> ApiResult<Vec<SnapshotId>> {
    let found = engine.meta().read(move |tx| images::get(tx, &image)).await?;
    Ok(found.into_iter().flat_map(|stored| stored.image.disks).map(|disk| disk.snapshot).collect())
}

/// What is captured for an image: the snapshots to be, with the volumes they are of.
type Captures = Vec<(Snapshot, VolumeSpec)>;

impl CreateImage {
    /// The image to be, what is captured for it, and the node that must do so.
    fn plan(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        account: AccountId,
        (id, now): (&ImageId, Timestamp),
    ) -> ApiResult<(Image, Captures, String)> {
        match &self.source {
            Source::Instance(instance) => self.of_instance(tx, engine, account, (id, instance), now),
            Source::Snapshot(snapshot) => {
                let snapshot = self.snapshot(tx, account, snapshot)?;
                if !snapshot.record.is_system() {
                    return Err(Code::SnapshotIsOfDataDisk.error());
                }
                let disks = vec![mapping(&snapshot.record, SYSTEM_DEVICE, snapshot.record.source_size_gib)];
                let image = self.image(tx, id, account, now, disks, snapshot.record.source_image.as_ref())?;
                link(tx, &snapshot, id)?;
                Ok((image, Vec::new(), String::new()))
            }
            Source::Disks(wanted) => self.of_disks(tx, account, id, now, wanted),
        }
    }

    fn of_instance(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        account: AccountId,
        (id, instance): (&ImageId, &InstanceId),
        now: Timestamp,
    ) -> ApiResult<(Image, Captures, String)> {
        let code = Code::InstanceIdNotFoundForImage;
        let server = own::<Instance>(tx, account, &self.region, instance.as_str(), code)?.record;
        if !matches!(server.status, InstanceStatus::Running | InstanceStatus::Stopped) {
            return Err(Code::InstanceStatusIncorrectForImage.error());
        }
        let (mut captures, mut disks) = (Vec::new(), Vec::new());
        for stored in disks_of(tx, &server)? {
            let disk = stored.record;
            create_snapshot::check(tx, &disk)?;
            let snapshot = SnapshotId::generate(engine.entropy());
            let mut snapshot = create_snapshot::of(tx, &disk, (snapshot, account), now)?;
            snapshot.name = format!("SnapshotForImage-{id}");
            snapshot.images.push(id.clone());
            disks.push(mapping(&snapshot, &disk.device, disk.size_gib));
            captures.push((snapshot, VolumeSpec::of(&disk)));
        }
        let mut image = self.image(tx, id, account, now, disks, Some(&server.image))?;
        image.os_type = server.os_type;
        image.boot_mode = self.boot_mode.unwrap_or(server.boot_mode);
        Ok((image, captures, server.node))
    }

    fn of_disks(
        &self,
        tx: &mut Tx<'_>,
        account: AccountId,
        id: &ImageId,
        now: Timestamp,
        wanted: &[WantedDisk],
    ) -> ApiResult<(Image, Captures, String)> {
        let (mut disks, mut taken, mut source) = (Vec::new(), HashSet::new(), None);
        for disk in wanted {
            let snapshot = disk.snapshot.as_ref().map(|id| self.snapshot(tx, account, id)).transpose()?;
            let is_system = disk.device.as_deref() == Some(SYSTEM_DEVICE)
                || disk.disk_type == Some(DiskType::System)
                || (disk.device.is_none()
                    && disk.disk_type.is_none()
                    && snapshot.as_ref().is_some_and(|s| s.record.is_system()));
            let device = match (&disk.device, is_system) {
                (_, true) => SYSTEM_DEVICE.to_owned(),
                (Some(device), false) => device.clone(),
                (None, false) => {
                    let names: Vec<&str> = taken.iter().map(String::as_str).collect();
                    free_device(&names).ok_or(Code::ImageDeviceMalformed)?
                }
            };
            if !taken.insert(device.clone()) {
                return Err(Code::ImageDeviceInUse.error());
            }
            if is_system && snapshot.is_none() {
                return Err(Code::ImageSystemDiskMissing.error());
            }
            let least = snapshot.as_ref().map_or(EMPTY_DISK.0, |snapshot| snapshot.record.source_size_gib);
            let size_gib = disk.size_gib.unwrap_or(if snapshot.is_some() { least } else { EMPTY_DISK.2 });
            if !(least..=EMPTY_DISK.1).contains(&size_gib) {
                return Err(Code::ImageDiskSizeInvalid.error());
            }
            match snapshot {
                Some(snapshot) => {
                    if is_system {
                        source.clone_from(&snapshot.record.source_image);
                    }
                    disks.push(mapping(&snapshot.record, &device, size_gib));
                    link(tx, &snapshot, id)?;
                }
                None => disks.push(empty_mapping(device, size_gib)),
            }
        }
        // The system disk first, then by device.
        disks.sort_by(|one, two| one.device.cmp(&two.device));
        if !disks.first().is_some_and(DiskMapping::is_system) {
            return Err(Code::ImageSystemDiskMissing.error());
        }
        if DATA_DISKS + 1 < disks.len() {
            return Err(Code::ImageDeviceMalformed.error());
        }
        let image = self.image(tx, id, account, now, disks, source.as_ref())?;
        Ok((image, Vec::new(), String::new()))
    }

    /// The image to be. What the caller does not say, the image says that the disks once came from.
    fn image(
        &self,
        tx: &mut Tx<'_>,
        id: &ImageId,
        account: AccountId,
        now: Timestamp,
        disks: Vec<DiskMapping>,
        source: Option<&ImageId>,
    ) -> ApiResult<Image> {
        let source = match source {
            None => None,
            Some(source) => images::get(tx, source)?.map(|stored| stored.image),
        };
        let from = source.as_ref();
        let architecture = self.architecture.or(from.map(|from| from.architecture)).unwrap_or(Architecture::X86_64);
        let platform = self.platform.or(from.map(|from| from.platform)).unwrap_or(Platform::OthersLinux);
        let inherited = ImageFeatures { nvme: NvmeSupport::Unsupported, imds: ImdsSupport::V1 };
        let mut features = from.map_or(inherited, |from| from.features);
        features.imds = self.imds.unwrap_or(features.imds);
        let name = match &self.name {
            Some(name) => name.clone(),
            None => id.as_str().parse().map_err(|_| Code::ImageNameMalformedForCreate)?,
        };
        Ok(Image {
            id: id.clone(),
            owner: account,
            region: self.region.clone(),
            name,
            description: self.description.clone(),
            family: self.family.clone(),
            version: self.version.clone(),
            status: ImageStatus::Waiting,
            progress: 0,
            architecture,
            os_type: from
                .map_or(if platform.is_windows() { OsType::Windows } else { OsType::Linux }, |from| from.os_type),
            platform,
            boot_mode: self.boot_mode.or(from.map(|from| from.boot_mode)).unwrap_or(match architecture {
                Architecture::Arm64 => BootMode::Uefi,
                Architecture::I386 | Architecture::X86_64 => BootMode::Bios,
            }),
            license: from.map_or(LicenseType::Auto, |from| from.license),
            features,
            detection: None,
            disks,
            tags: self.tags.clone(),
            resource_group: String::new(),
            task: None,
            is_copied: false,
            copied_from: None,
            is_public: false,
            is_system: false,
            created: now,
        })
    }

    fn snapshot(&self, tx: &mut Tx<'_>, account: AccountId, id: &SnapshotId) -> ApiResult<Stored<Snapshot>> {
        let found = own::<Snapshot>(tx, account, &self.region, id.as_str(), Code::SnapshotIdNotFound)?;
        if found.record.status == SnapshotStatus::Accomplished {
            Ok(found)
        } else {
            Err(Code::SnapshotNotReadyForImage.error())
        }
    }
}

/// Notes at a snapshot that an image is made of it: it cannot be deleted before the image.
pub(crate) fn link(tx: &mut Tx<'_>, snapshot: &Stored<Snapshot>, image: &ImageId) -> ApiResult<()> {
    let mut after = snapshot.record.clone();
    if !after.images.contains(image) {
        after.images.push(image.clone());
    }
    resources::update(tx, snapshot, &after)?;
    Ok(())
}

/// A disk of an image that a snapshot backs.
pub(crate) fn mapping(snapshot: &Snapshot, device: &str, size_gib: u32) -> DiskMapping {
    DiskMapping {
        device: device.to_owned(),
        snapshot: snapshot.id.clone(),
        size_gib,
        format: String::new(),
        bucket: String::new(),
        object: String::new(),
        manifest: snapshot.manifest.clone(),
        digest: snapshot.digest.clone(),
        virtual_size: snapshot.virtual_size,
    }
}

/// A data disk that is empty on every server made from the image.
fn empty_mapping(device: String, size_gib: u32) -> DiskMapping {
    DiskMapping {
        device,
        snapshot: SnapshotId::from_record(String::new()),
        size_gib,
        format: String::new(),
        bucket: String::new(),
        object: String::new(),
        manifest: String::new(),
        digest: String::new(),
        virtual_size: u64::from(size_gib) << 30,
    }
}

fn wanted_disk(item: &Params) -> ApiResult<WantedDisk> {
    let device = match item.get("Device") {
        None => None,
        Some(device) if (0..=25).any(|n| device == device_name(n)) => Some(device.to_owned()),
        Some(_) => return Err(Code::ImageDeviceMalformed.error()),
    };
    Ok(WantedDisk {
        device,
        disk_type: optional(item, "DiskType", Code::ImageDiskTypeInvalid)?,
        size_gib: optional(item, "Size", Code::ImageDiskSizeInvalid)?,
        snapshot: optional(item, "SnapshotId", Code::SnapshotIdNotFound)?,
    })
}
