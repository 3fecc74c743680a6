//! `ImportImage`: disk files in a bucket become a custom image.
//!
//! Everything that can be known at once is checked before the call returns, because a client that polls a failed import
//! loses an hour: the caller's parameters, the name, the quota, the role that lets the service read the bucket, the
//! bucket, the object, and the head of the file itself. What is left to the flow is the reading of the bytes.

use std::sync::Arc;

use disk::{Checked, ErrorKind, Foreign, Format, Limits};
use engine::buckets::{BucketError, ObjectFile};
use engine::flows::import_image::{self as flow, Source};
use meta::buckets::Object;
use meta::tokens::TokenKey;
use meta::{Scope, Tx, images};
use model::image::device_name;
use model::quota::{IMPORT_DISKS, LARGEST_DISK_GIB, Quota};
use model::{
    AccountId, Architecture, BootMode, BucketName, ClientToken, Description, DetectionStrategy, DiskMapping, FlowId,
    Image, ImageFeatures, ImageId, ImageName, ImageStatus, ImdsSupport, LicenseType, NvmeSupport, OsType, Platform,
    RegionId, SnapshotId, Tag, Task, TaskAction, TaskId, TaskItem, TaskStatus,
};
use serde::{Deserialize, Serialize};
use wire::Params;

use super::disks::create_snapshot::have_room;
use super::idempotency;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx, Services};
use crate::input::{self, optional, region};
use crate::quota;
use crate::service_role::{self, Wanted};

/// The role that lets the service read buckets, unless the call names another.
const DEFAULT_ROLE: &str = "AliyunECSImageImportDefaultRole";

/// Endings of files that are packed and must be unpacked first, and of discs.
const REFUSED_SUFFIXES: &[&str] = &[".gz", ".tgz", ".zip", ".xz", ".bz2", ".zst", ".7z", ".rar", ".tar", ".iso"];

const GIB: u64 = 1 << 30;

/// The call.
pub(crate) struct ImportImage {
    region: RegionId,
    disks: Vec<DiskFile>,
    name: Option<ImageName>,
    description: Description,
    architecture: Architecture,
    os_type: OsType,
    platform: Platform,
    boot_mode: BootMode,
    license: LicenseType,
    features: ImageFeatures,
    detection: Option<DetectionStrategy>,
    role: String,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
    dry_run: bool,
}

/// One `DiskDeviceMapping`.
struct DiskFile {
    bucket: BucketName,
    object: String,
    format: Option<Format>,
    size_gib: Option<u32>,
    device: String,
}

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Imported {
    image_id: ImageId,
    region_id: RegionId,
    task_id: TaskId,
    /// The name of the same value in the 2016 document.
    import_task_id: TaskId,
}

impl Action for ImportImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ImportImage",
        summary: "Turn disk files in a bucket into a custom image.",
        codes: &[
            Code::ImportRegionNotFound,
            Code::ImportRegionNotSupport,
            Code::MissingDiskDeviceMapping,
            Code::OssBucketMalformed,
            Code::OssObjectMalformed,
            Code::OssObjectSuffix,
            Code::FormatMalformed,
            Code::DiskImageSizeOutOfRange,
            Code::DeviceMalformed,
            Code::DestinationImageNameMalformed,
            Code::DestinationDescriptionMalformed,
            Code::ArchitectureMalformed,
            Code::ArchitecturePlatformUnsupported,
            Code::OsTypeMalformed,
            Code::PlatformMalformed,
            Code::BootModeMalformed,
            Code::BootModeNotSupport,
            Code::LicenseTypeNotSupported,
            Code::LicenseTypeByolOnly,
            Code::ImdsSupportInvalid,
            Code::DetectionStrategyInvalid,
            Code::DetectionUnsupportedForWindows,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::TagKeyDuplication,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::ResourceGroupNotFound,
            Code::CloudBoxUnsupported,
            Code::DestinationImageNameDuplicated,
            Code::ImageIsImporting,
            Code::ImportImageStatusIncorrect,
            Code::ImageQuotaExceeded,
            Code::ImportSnapshotQuotaExceeded,
            Code::NoRole,
            Code::OssBucketNotFound,
            Code::OssBucketNotMatched,
            Code::OssBucketEncrypted,
            Code::OssObjectNotFound,
            Code::OssObjectEmpty,
            Code::OssObjectNeedsRestore,
            Code::ImageFormatMalformed,
            Code::VhdSizeIncorrect,
            Code::VhdBlockSizeNotSupport,
            Code::DiskImageSizeTooSmall,
            Code::DryRunSuccess,
        ],
    };
    type Output = Imported;
    const DENIED: Option<Code> = Some(Code::ImportForbidden);

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::ImportRegionNotFound)?;
        if !cx.services.catalogue.moves_images(&region) {
            return Err(Code::ImportRegionNotSupport.error());
        }
        let mappings = params.items("DiskDeviceMapping");
        if mappings.is_empty() {
            return Err(Code::MissingDiskDeviceMapping.error());
        }
        let disks = mappings
            .iter()
            .take(IMPORT_DISKS) // the service ignores the rest
            .enumerate()
            .map(|(index, (_, mapping))| disk_file(index, mapping))
            .collect::<ApiResult<Vec<_>>>()?;
        let architecture =
            optional(params, "Architecture", Code::ArchitectureMalformed)?.unwrap_or(Architecture::X86_64);
        let platform = optional(params, "Platform", Code::PlatformMalformed)?.unwrap_or(Platform::OthersLinux);
        let this = Self {
            region,
            disks,
            name: optional(params, "ImageName", Code::DestinationImageNameMalformed)?,
            description: optional(params, "Description", Code::DestinationDescriptionMalformed)?
                .unwrap_or_else(|| "".parse().expect("no description is a description")),
            architecture,
            os_type: optional(params, "OSType", Code::OsTypeMalformed)?.unwrap_or(OsType::Linux),
            platform,
            boot_mode: boot_mode(params, architecture)?,
            license: optional(params, "LicenseType", Code::LicenseTypeNotSupported)?.unwrap_or(LicenseType::Auto),
            features: ImageFeatures {
                nvme: optional(params, "Features.NvmeSupport", ApiError::invalid("Features.NvmeSupport"))?
                    .unwrap_or(NvmeSupport::Unsupported),
                imds: optional(params, "Features.ImdsSupport", Code::ImdsSupportInvalid)?.unwrap_or(ImdsSupport::V1),
            },
            detection: optional(params, "DetectionStrategy", Code::DetectionStrategyInvalid)?,
            role: params.get("RoleName").unwrap_or(DEFAULT_ROLE).to_owned(),
            tags: input::tags(params, Code::TagKeyDuplication)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
            dry_run: input::flag(params, "DryRun")?,
        };
        if params.get("ResourceGroupId").is_some() {
            // There are no resource groups but the default one, which has no id to name.
            return Err(Code::ResourceGroupNotFound.error());
        }
        if params.get("StorageLocationArn").is_some() {
            return Err(Code::CloudBoxUnsupported.error());
        }
        this.check_together()?;
        Ok(this)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:ImportImage", resource: cx.resource("ecs", self.region.as_str(), "image/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Imported> {
        let digest = idempotency::digest(cx.params());
        let token = self.token.clone().map(|token| TokenKey {
            account: cx.account(),
            region: self.region.clone(),
            action: Self::SPEC.name,
            token,
        });
        if let Some(first) = self.check_records(&cx, token.clone(), digest.clone()).await? {
            return Ok(first);
        }
        let mut files = Vec::with_capacity(self.disks.len());
        for disk in &self.disks {
            files.push(self.check_file(cx.services(), cx.account(), disk).await?);
        }
        if self.dry_run {
            return Err(Code::DryRunSuccess.error());
        }
        self.begin(&cx, files, token, digest).await
    }
}

fn disk_file(index: usize, mapping: &Params) -> ApiResult<DiskFile> {
    // The service does not say which of them it means.
    let field = |name: &str| format!("DiskDeviceMapping.n.{name}");
    let bucket = mapping.get("OSSBucket").ok_or_else(|| ApiError::missing(&field("OSSBucket")))?;
    let object = mapping.get("OSSObject").ok_or_else(|| ApiError::missing(&field("OSSObject")))?;
    let bucket = bucket.parse().map_err(|_| Code::OssBucketMalformed)?;
    if object.len() > 1023 || object.starts_with(['/', '\\']) || object.chars().any(char::is_control) {
        return Err(Code::OssObjectMalformed.error());
    }
    let lower = object.to_ascii_lowercase();
    if REFUSED_SUFFIXES.iter().any(|suffix| lower.ends_with(suffix)) {
        return Err(Code::OssObjectSuffix.error());
    }
    // The older name counts when the newer one is not there.
    let size = mapping.get("DiskImageSize").or_else(|| mapping.get("DiskImSize"));
    let size_gib = match size {
        None => None,
        Some(text) => {
            let size: u32 = text.parse().map_err(|_| Code::DiskImageSizeOutOfRange)?;
            if !(1..=LARGEST_DISK_GIB).contains(&size) {
                return Err(Code::DiskImageSizeOutOfRange.error());
            }
            Some(size)
        }
    };
    let device = match mapping.get("Device").filter(|device| *device != "null") {
        None => device_name(index),
        Some(device) => {
            let letter = device.strip_prefix("/dev/xvd").and_then(|rest| rest.parse::<char>().ok());
            if !letter.is_some_and(|letter| letter.is_ascii_lowercase()) {
                return Err(Code::DeviceMalformed.error());
            }
            device.to_owned()
        }
    };
    let format = optional(mapping, "Format", Code::FormatMalformed)?;
    Ok(DiskFile { bucket, object: object.to_owned(), format, size_gib, device })
}

/// Arm guests boot by UEFI and nothing else; the others by BIOS unless they ask.
fn boot_mode(params: &Params, architecture: Architecture) -> ApiResult<BootMode> {
    let asked: Option<BootMode> = optional(params, "BootMode", Code::BootModeMalformed)?;
    match (asked, architecture) {
        (Some(BootMode::UefiPreferred), _) => Err(Code::BootModeMalformed.error()),
        (Some(mode), _) if !mode.fits(architecture) => Err(Code::BootModeNotSupport.error()),
        (None, Architecture::Arm64) => Ok(BootMode::Uefi),
        (asked, _) => Ok(asked.unwrap_or(BootMode::Bios)),
    }
}

impl ImportImage {
    /// Rules across fields.
    fn check_together(&self) -> ApiResult<()> {
        let windows = self.os_type == OsType::Windows || self.platform.is_windows();
        if windows && self.architecture == Architecture::Arm64 {
            return Err(Code::ArchitecturePlatformUnsupported.error());
        }
        // What the service sells no licence for, it cannot license.
        if self.license == LicenseType::Aliyun && self.platform == Platform::OtherWindows {
            return Err(Code::LicenseTypeByolOnly.error());
        }
        if windows && self.detection.is_some() {
            return Err(Code::DetectionUnsupportedForWindows.error());
        }
        Ok(())
    }

    /// What the records say against the call: a token that was used, a name that is taken, a quota that is full.
    async fn check_records(
        &self,
        cx: &Allowed<'_>,
        token: Option<TokenKey>,
        digest: String,
    ) -> ApiResult<Option<Imported>> {
        let (account, region, name) = (cx.account(), self.region.clone(), self.name.clone());
        let first = (self.disks[0].bucket.to_string(), self.disks[0].object.clone());
        let n_disks = self.disks.len();
        let now = cx.engine().clock().now();
        cx.engine()
            .meta()
            .read(move |tx| {
                if let Some(first) = recall(tx, token.as_ref(), &digest, now)? {
                    return Ok(Some(first));
                }
                if let Some(name) = &name
                    && let Some(there) = images::by_name(tx, account, &region, name)?
                {
                    return Err(name_taken(&there.image, (&first.0, &first.1)).error());
                }
                has_room(tx, account, &region, n_disks)?;
                Ok(None)
            })
            .await
    }

    /// Everything about one file that can be known without reading it whole.
    async fn check_file(
        &self,
        services: &Services,
        account: AccountId,
        disk: &DiskFile,
    ) -> ApiResult<(Object, Checked)> {
        let bucket_resource = format!("acs:oss:{}:{account}:{}", self.region, disk.bucket);
        let wanted = [
            Wanted { verb: "oss:GetObject", resource: format!("{bucket_resource}/{}", disk.object) },
            Wanted { verb: "oss:GetBucketLocation", resource: bucket_resource },
        ];
        service_role::check(services, account, &self.role, &wanted).await?;
        let buckets = services.engine.buckets();
        let bucket = buckets.get(&disk.bucket).await.map_err(refuse_bucket)?;
        if bucket.owner != account {
            return Err(Code::OssBucketNotMatched.error());
        }
        if bucket.region != self.region {
            return Err(Code::OssBucketNotFound.error());
        }
        let object = buckets.object(&disk.bucket, &disk.object).await.map_err(refuse_bucket)?;
        if bucket.encryption.is_some() || object.encryption.is_some() {
            return Err(Code::OssBucketEncrypted.error());
        }
        if object.size == 0 {
            return Err(Code::OssObjectEmpty.error());
        }
        if object.storage_class.contains("Archive") {
            return Err(Code::OssObjectNeedsRestore.error());
        }
        let file = ObjectFile::new(buckets.blobs().clone(), &object.blobs, tokio::runtime::Handle::current());
        let declared = disk.format;
        // Invariant: a parser that panics ends one call, never the server.
        let checked = tokio::task::spawn_blocking(move || disk::check(Arc::new(file), declared, &Limits::default()))
            .await
            .map_err(ApiError::internal)?
            .map_err(refuse_file)?;
        if disk.size_gib.is_some_and(|gib| u64::from(gib) * GIB < checked.virtual_size) {
            return Err(Code::DiskImageSizeTooSmall.error());
        }
        Ok((object, checked))
    }

    /// Records the image, its task and its flow, in one transaction that decides every race.
    async fn begin(
        self,
        cx: &Allowed<'_>,
        files: Vec<(Object, Checked)>,
        token: Option<TokenKey>,
        digest: String,
    ) -> ApiResult<Imported> {
        let engine = cx.engine();
        let (entropy, now) = (engine.entropy(), engine.clock().now());
        let (image_id, task_id) = (ImageId::generate(entropy), TaskId::generate(entropy));
        let flow_id = FlowId::generate(entropy);
        let mut disks = Vec::new();
        let mut sources = Vec::new();
        let mut items = Vec::new();
        for (disk, (object, checked)) in self.disks.iter().zip(files) {
            let snapshot = SnapshotId::generate(entropy);
            items.push(TaskItem {
                related: vec![
                    ("ImageId".to_owned(), image_id.to_string()),
                    ("OSSBucket".to_owned(), disk.bucket.to_string()),
                    ("OSSObject".to_owned(), disk.object.clone()),
                    ("SnapshotId".to_owned(), snapshot.to_string()),
                ],
                done: false,
            });
            disks.push(DiskMapping {
                device: disk.device.clone(),
                snapshot,
                size_gib: disk.size_gib.unwrap_or_else(|| whole_gib(checked.virtual_size)),
                format: checked.format.to_string(),
                bucket: disk.bucket.to_string(),
                object: disk.object.clone(),
                manifest: String::new(),
                digest: String::new(),
                virtual_size: checked.virtual_size,
            });
            sources.push(Source { blobs: object.blobs, format: checked.format.to_string() });
        }
        let name = match self.name {
            Some(name) => name,
            // The 2016 document lets the name be absent; an id is unique and well formed.
            None => image_id.as_str().parse().map_err(ApiError::internal)?,
        };
        let image = Image {
            id: image_id.clone(),
            owner: cx.account(),
            region: self.region.clone(),
            name,
            description: self.description,
            family: None,
            status: ImageStatus::Waiting,
            progress: 0,
            architecture: self.architecture,
            os_type: self.os_type,
            platform: self.platform,
            boot_mode: self.boot_mode,
            license: self.license,
            features: self.features,
            detection: self.detection,
            disks,
            tags: self.tags,
            resource_group: String::new(),
            task: Some(task_id.clone()),
            is_copied: false,
            copied_from: None,
            is_public: false,
            is_system: false,
            version: String::new(),
            created: now,
        };
        let task = Task {
            id: task_id.clone(),
            account: cx.account(),
            region: self.region.clone(),
            action: TaskAction::ImportImage,
            resource: image_id.to_string(),
            status: TaskStatus::Processing,
            progress: 0,
            items,
            failure: None,
            created: now,
            finished: None,
        };
        let seq = engine.age_sequence(now);
        let answer = Imported { image_id, region_id: self.region, task_id: task_id.clone(), import_task_id: task_id };
        let account = cx.account();
        let begun = engine
            .meta()
            .write(Scope::Account(account), move |tx| {
                if let Some(first) = recall(tx, token.as_ref(), &digest, now)? {
                    return Ok(first);
                }
                has_room(tx, account, &image.region, image.disks.len())?;
                if let Some(there) = images::by_name(tx, account, &image.region, &image.name)? {
                    let first = &image.disks[0];
                    return Err(name_taken(&there.image, (&first.bucket, &first.object)).error());
                }
                if !flow::begin(tx, flow_id.clone(), (&image, &task, seq), sources.clone())? {
                    return Err(Code::DestinationImageNameDuplicated.error());
                }
                if let Some(key) = &token {
                    let value = serde_json::to_value(&answer).map_err(ApiError::internal)?;
                    idempotency::remember(tx, key, &digest, &value, now)?;
                }
                Ok(answer.clone())
            })
            .await?;
        engine.wake();
        Ok(begun)
    }
}

fn recall(
    tx: &mut Tx<'_>,
    token: Option<&TokenKey>,
    digest: &str,
    now: model::Timestamp,
) -> ApiResult<Option<Imported>> {
    let Some(key) = token else { return Ok(None) };
    let Some(first) = idempotency::recall(tx, key, digest, now)? else { return Ok(None) };
    serde_json::from_value(first).map(Some).map_err(ApiError::internal)
}

/// What is said of a name that an image has. An import of the same object under the same name that is still under way is
/// told apart: clients that call again take it for success. So is an image that never became usable: its owner deletes
/// it and calls again.
fn name_taken(there: &Image, (bucket, object): (&str, &str)) -> Code {
    let is_same = there.disks.first().is_some_and(|disk| disk.bucket == bucket && disk.object == object);
    match there.status {
        ImageStatus::Waiting | ImageStatus::Creating if is_same => Code::ImageIsImporting,
        ImageStatus::CreateFailed | ImageStatus::UnAvailable => Code::ImportImageStatusIncorrect,
        ImageStatus::Waiting | ImageStatus::Creating | ImageStatus::Available | ImageStatus::Deprecated => {
            Code::DestinationImageNameDuplicated
        }
    }
}

/// Whether an image with so many disks may be added, each of which will have a snapshot.
fn has_room(tx: &mut Tx<'_>, account: AccountId, region: &RegionId, n_disks: usize) -> ApiResult<()> {
    let there = images::total(tx, account, region)?;
    quota::one_more(tx, account, Quota::Images, there, Code::ImageQuotaExceeded)?;
    have_room(tx, (account, region), n_disks, Code::ImportSnapshotQuotaExceeded)
}

fn whole_gib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(GIB).max(1)).unwrap_or(LARGEST_DISK_GIB)
}

fn refuse_bucket(error: BucketError) -> ApiError {
    match error {
        BucketError::NoSuchBucket => Code::OssBucketNotFound.error(),
        BucketError::NoSuchKey => Code::OssObjectNotFound.error(),
        BucketError::Records(error) => error.into(),
        other => ApiError::internal(other),
    }
}

fn refuse_file(error: disk::Error) -> ApiError {
    tracing::warn!(%error, "the file of an import is refused");
    match error.kind() {
        ErrorKind::VhdSize => Code::VhdSizeIncorrect.error(),
        ErrorKind::VhdBlockSize => Code::VhdBlockSizeNotSupport.error(),
        ErrorKind::TooLarge => Code::DiskImageSizeTooSmall.error(),
        ErrorKind::Unsupported if error.foreign().is_some_and(|kind| kind.is_packed() || kind == Foreign::Iso) => {
            Code::OssObjectSuffix.error()
        }
        ErrorKind::Malformed
        | ErrorKind::FormatMismatch
        | ErrorKind::Truncated
        | ErrorKind::PointsOutside
        | ErrorKind::Encrypted
        | ErrorKind::Unsupported => Code::ImageFormatMalformed.error(),
        ErrorKind::Io | ErrorKind::Cancelled => ApiError::internal(error),
    }
}
