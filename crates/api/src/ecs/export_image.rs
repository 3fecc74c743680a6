//! `ExportImage`: the disks of a custom image become objects of a bucket.

use disk::Format;
use engine::buckets::BucketError;
use engine::flows::export_image::{self as flow, Plan, Target};
use meta::{Scope, Tx, images, tasks, visible};
use model::quota::{EXPORT_DATA_DISK_GIB, EXPORT_DATA_DISKS, Quota};
use model::{
    AccountId, BucketName, FlowId, Image, ImageId, ImageStatus, OssPrefix, RegionId, Task, TaskAction, TaskId,
    TaskItem, TaskStatus, Timestamp,
};
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, optional, region, required};
use crate::quota;
use crate::service_role::{self, Wanted};

/// The role that lets the service write buckets, unless the call names another.
const DEFAULT_ROLE: &str = "AliyunECSImageExportDefaultRole";

/// The days within which begun exports count against a quota.
const WEEK_MILLIS: i64 = 7 * 24 * 3_600_000;

/// The call.
pub(crate) struct ExportImage {
    region: RegionId,
    image: ImageId,
    bucket: BucketName,
    prefix: Option<OssPrefix>,
    format: Format,
    role: String,
    dry_run: bool,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Exporting {
    region_id: RegionId,
    task_id: TaskId,
    /// The name of the same value in older documents.
    export_task_id: TaskId,
}

impl Action for ExportImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ExportImage",
        summary: "Write the disks of a custom image into a bucket.",
        codes: &[
            Code::RegionIdNotFound400,
            Code::ExportRegionNotSupport,
            Code::ImageIdNotFound,
            Code::OssBucketNotFound,
            Code::OssBucketNotMatched,
            Code::OssBucketEncrypted,
            Code::OssPrefixMalformed,
            Code::ImageFormatMalformed,
            Code::ImageCategoryNotSupported,
            Code::ImageNotAvailable,
            Code::ImageDisksTooLarge,
            Code::ImageLicenseNotSupported,
            Code::ImageIsBeingExported,
            Code::TooManyExports,
            Code::TooManyExportsThisWeek,
            Code::NoRole,
            Code::DryRunOperation,
        ],
    };
    type Output = Exporting;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound400)?;
        if !cx.services.catalogue.moves_images(&region) {
            return Err(Code::ExportRegionNotSupport.error());
        }
        Ok(Self {
            region,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            bucket: required(params, "OSSBucket", Code::OssBucketNotFound)?,
            prefix: optional(params, "OSSPrefix", Code::OssPrefixMalformed)?,
            format: optional(params, "ImageFormat", Code::ImageFormatMalformed)?.unwrap_or(Format::Raw),
            role: params.get("RoleName").unwrap_or(DEFAULT_ROLE).to_owned(),
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        vec![Access { verb: "ecs:ExportImage", resource: cx.resource("ecs", self.region.as_str(), &image) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Exporting> {
        let account = cx.account();
        let (id, place) = (self.image.clone(), self.region.clone());
        let found = cx.engine().meta().read(move |tx| visible::get(tx, account, &place, &id)).await?;
        let image = found.ok_or(Code::ImageIdNotFound)?;
        if image.owner != account {
            // The server's own, or one that somebody shares.
            return Err(Code::ImageCategoryNotSupported.error());
        }
        self.check_image(&image)?;
        let targets = self.targets(&image);
        self.check_bucket(&cx, &targets).await?;
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        self.begin(&cx, image, targets).await
    }
}

impl ExportImage {
    fn check_image(&self, image: &Image) -> ApiResult<()> {
        if image.is_public {
            return Err(Code::ImageCategoryNotSupported.error());
        }
        if image.status != ImageStatus::Available {
            return Err(Code::ImageNotAvailable.error());
        }
        if image.platform.is_windows() && image.license != model::LicenseType::Byol {
            return Err(Code::ImageLicenseNotSupported.error());
        }
        let data = image.disks.get(1..).unwrap_or_default();
        if data.len() > EXPORT_DATA_DISKS || data.iter().any(|disk| disk.size_gib > EXPORT_DATA_DISK_GIB) {
            return Err(Code::ImageDisksTooLarge.error());
        }
        Ok(())
    }

    /// `[PREFIX_]IMAGE_system.EXT` and `[PREFIX_]IMAGE_data_xvdb.EXT`: what the Terraform provider deletes by name.
    fn targets(&self, image: &Image) -> Vec<Target> {
        let prefix = self.prefix.as_ref().map_or(String::new(), |prefix| format!("{prefix}_"));
        let suffix = flow::suffix(self.format);
        let name = |(index, disk): (usize, &model::DiskMapping)| {
            let role = match index {
                0 => "system".to_owned(),
                _ => format!("data_{}", disk.device.trim_start_matches("/dev/")),
            };
            Target { manifest: disk.manifest.clone(), key: format!("{prefix}{}_{role}.{suffix}", image.id) }
        };
        image.disks.iter().enumerate().map(name).collect()
    }

    async fn check_bucket(&self, cx: &Allowed<'_>, targets: &[Target]) -> ApiResult<()> {
        let account = cx.account();
        let bucket_resource = format!("acs:oss:{}:{account}:{}", self.region, self.bucket);
        let mut wanted = vec![Wanted { verb: "oss:GetBucketLocation", resource: bucket_resource.clone() }];
        for target in targets {
            let resource = format!("{bucket_resource}/{}", target.key);
            wanted
                .extend(["oss:PutObject", "oss:DeleteObject"].map(|verb| Wanted { verb, resource: resource.clone() }));
        }
        service_role::check(cx.services(), account, &self.role, &wanted).await?;
        let bucket = cx.engine().buckets().get(&self.bucket).await.map_err(|error| match error {
            BucketError::NoSuchBucket => Code::OssBucketNotFound.error(),
            BucketError::Records(error) => error.into(),
            other => ApiError::internal(other),
        })?;
        if bucket.owner != account {
            return Err(Code::OssBucketNotMatched.error());
        }
        if bucket.region != self.region {
            return Err(Code::OssBucketNotFound.error());
        }
        if bucket.encryption.is_some() {
            return Err(Code::OssBucketEncrypted.error());
        }
        Ok(())
    }

    async fn begin(self, cx: &Allowed<'_>, image: Image, targets: Vec<Target>) -> ApiResult<Exporting> {
        let engine = cx.engine();
        let (entropy, now) = (engine.entropy(), engine.clock().now());
        let items = targets
            .iter()
            .map(|target| TaskItem {
                related: vec![
                    ("OSSBucket".to_owned(), self.bucket.to_string()),
                    ("OSSObject".to_owned(), target.key.clone()),
                    ("ImageFormat".to_owned(), self.format.to_string().to_lowercase()),
                ],
                done: false,
            })
            .collect();
        let task = Task {
            id: TaskId::generate(entropy),
            account: cx.account(),
            region: self.region.clone(),
            action: TaskAction::ExportImage,
            resource: image.id.to_string(),
            status: TaskStatus::Processing,
            progress: 0,
            items,
            failure: None,
            created: now,
            finished: None,
        };
        let plan = Plan { image: image.id.clone(), bucket: self.bucket, format: self.format.to_string(), targets };
        let flow_id = FlowId::generate(entropy);
        let seq = engine.age_sequence(now);
        let answer = Exporting { region_id: self.region, task_id: task.id.clone(), export_task_id: task.id.clone() };
        engine
            .meta()
            .write(Scope::Account(cx.account()), move |tx| {
                // The image may have been deleted since it was read.
                let there = images::get(tx, &image.id)?.ok_or(Code::ImageIdNotFound)?;
                if there.image.is_public {
                    return Err(Code::ImageCategoryNotSupported.error());
                }
                if there.image.status != ImageStatus::Available {
                    return Err(Code::ImageNotAvailable.error());
                }
                let (account, region) = (task.account, &task.region);
                if tasks::is_running(tx, account, region, TaskAction::ExportImage, image.id.as_str())? {
                    return Err(Code::ImageIsBeingExported.error());
                }
                have_room(tx, account, region, now)?;
                Ok(flow::begin(tx, flow_id.clone(), &task, seq, plan.clone())?)
            })
            .await?;
        engine.wake();
        Ok(answer)
    }
}

/// Whether one more export may run, and one more be begun within seven days.
fn have_room(tx: &mut Tx<'_>, account: AccountId, region: &RegionId, now: Timestamp) -> ApiResult<()> {
    let exports = tasks::Filter { action: Some(TaskAction::ExportImage), ..tasks::Filter::default() };
    let none = images::Window { offset: 0, limit: 0, below: None };
    let running = tasks::Filter { status: Some(TaskStatus::Processing), ..exports.clone() };
    let running = tasks::list(tx, account, region, &running, none)?.total;
    quota::one_more(tx, account, Quota::RunningExports, running, Code::TooManyExports)?;
    let begun = tasks::Filter { created_from: Some(now.plus_millis(-WEEK_MILLIS)), ..exports };
    let begun = tasks::list(tx, account, region, &begun, none)?.total;
    quota::one_more(tx, account, Quota::ExportsPerWeek, begun, Code::TooManyExportsThisWeek)
}
