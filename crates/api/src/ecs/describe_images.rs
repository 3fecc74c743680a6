//! `DescribeImages`: the images that the caller sees in a region, newest first.

use meta::images::Filter;
use meta::visible::{self, Whose};
use model::instance::InstanceType;
use model::{AccountId, Architecture, Image, ImageFeatures, ImageStatus, OsType, RegionId, Tag};
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, PageNumber, PageToken, comma_list, optional, region_or_default};

/// The call.
pub(crate) struct DescribeImages {
    region: RegionId,
    filter: Filter,
    /// False when nothing that this server has can match.
    may_match: bool,
    whose: Vec<Whose>,
    page: PageNumber,
    /// Given instead of a page number, which it then overrules.
    token: Option<PageToken>,
    dry_run: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Images {
    total_count: u64,
    page_number: u64,
    page_size: u64,
    /// The token of the next page, empty on the last; only for callers who page by tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    region_id: RegionId,
    images: ImageList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImageList {
    image: Vec<ImageView>,
}

impl Action for DescribeImages {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeImages",
        summary: "List the images that the caller sees in a region.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ArchitectureInvalid,
            Code::OsTypeInvalid,
            Code::UsageInvalid,
            Code::FilterKeyNotFound,
            Code::FilterValueInvalid,
            Code::NetworkTypeInvalid,
            Code::OwnerAliasNotSupported,
            Code::OwnerAliasNotForPublic,
            Code::OwnerIdUnsupported,
            Code::InvalidParamter,
            Code::TagMismatch,
            Code::TagCountInvalid,
            Code::InstanceTypeNotFoundForImages,
            Code::DryRunOperation,
        ],
    };
    type Output = Images;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let (mut filter, mut may_match) = (Filter::default(), true);
        filter.statuses = statuses(params)?;
        filter.ids = comma_list(params, "ImageId");
        filter.name = params.get("ImageName").map(str::to_owned);
        filter.family = params.get("ImageFamily").map(str::to_owned);
        filter.architecture = optional::<Architecture>(params, "Architecture", Code::ArchitectureInvalid)?;
        filter.os_type = optional::<OsType>(params, "OSType", Code::OsTypeInvalid)?;
        filter.snapshot = params.get("SnapshotId").map(str::to_owned);
        filter.resource_group = params.get("ResourceGroupId").map(str::to_owned);
        filter.tags = input::tag_filters_or(params, Code::TagCountInvalid)?;
        may_match &= more_filters(params, &mut filter)?;
        let whose = whose(params)?;
        // Whose id is none's has published nothing.
        match params.get("ImageOwnerId").map(str::parse) {
            Some(Ok(owner)) => filter.owner = Some(owner),
            Some(Err(_)) => may_match = false,
            None => {}
        }
        filter.used = match params.get("Usage") {
            None => None,
            Some("none") => Some(false),
            Some("instance") => Some(true),
            Some(_) => return Err(Code::UsageInvalid.error()),
        };
        may_match &= abilities(params, &mut filter)?;
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFound404)?,
            filter,
            may_match,
            whose,
            page: PageNumber::read(params)?,
            token: PageToken::read(params)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = |id: &str| cx.resource("ecs", self.region.as_str(), &format!("image/{id}"));
        let resources = match self.filter.ids.as_slice() {
            [] => vec![resource("*")],
            ids => ids.iter().map(|id| resource(id)).collect(),
        };
        resources.into_iter().map(|resource| Access { verb: "ecs:DescribeImages", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Images> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        let Self { region, filter, may_match, whose, page, token, .. } = self;
        let (account, place) = (cx.account(), region.clone());
        let window = token.map_or_else(|| page.window(), PageToken::window);
        let found = if may_match && !whose.is_empty() {
            let read = move |tx: &mut meta::Tx<'_>| {
                let found = visible::list(tx, account, &place, &whose, &filter, window)?;
                let ids: Vec<&str> = found.items.iter().map(|image| image.id.as_str()).collect();
                let (used, shared) = (visible::used_among(tx, &ids)?, visible::shared_among(tx, &ids)?);
                let view = |image: &Image| {
                    let mut view = ImageView::new(image, account);
                    view.usage = if used.contains(image.id.as_str()) { "instance" } else { "none" };
                    let is_shared = image.owner == account && shared.contains(image.id.as_str());
                    view.is_self_shared = if is_shared { "True" } else { "" };
                    view
                };
                let views = found.items.iter().map(view).collect();
                Ok::<_, meta::Error>(meta::Page { items: views, total: found.total, last: found.last })
            };
            cx.engine().meta().read(read).await?
        } else {
            meta::Page { items: Vec::new(), total: 0, last: None }
        };
        Ok(Images {
            total_count: found.total,
            page_number: page.number,
            page_size: window.limit,
            next_token: token.map(|_| found.last.map_or_else(String::new, PageToken::write)),
            region_id: region,
            images: ImageList { image: found.items },
        })
    }
}

/// A comma list of statuses, `ALL` alone, or nothing, which means `Available`.
fn statuses(params: &Params) -> ApiResult<Vec<ImageStatus>> {
    let texts = comma_list(params, "Status");
    match texts.as_slice() {
        [] => Ok(vec![ImageStatus::Available]),
        [all] if all == "ALL" => Ok(Vec::new()),
        texts => {
            let mut statuses: Vec<ImageStatus> = Vec::new();
            for text in texts {
                let status = text.parse().map_err(|_| Code::InvalidParamter)?;
                if !statuses.contains(&status) {
                    statuses.push(status);
                }
            }
            Ok(statuses)
        }
    }
}

/// `Filter.N`: times narrow the list; what every server of ours can do, or none, decides it at once.
fn more_filters(params: &Params, filter: &mut Filter) -> ApiResult<bool> {
    let mut may_match = true;
    let other = |key: &str, value: &str| match (key, value) {
        ("NetworkType", "vpc" | "classic") => Ok(()),
        ("NetworkType", _) => Err(Code::NetworkTypeInvalid.error()),
        ("CpuOnlineUpgrade" | "CpuOnlineDowngrade" | "MemoryOnlineUpgrade" | "MemoryOnlineDowngrade", value) => {
            match value {
                "supported" => may_match = false,
                "unsupported" => {}
                _ => return Err(Code::FilterValueInvalid.error()),
            }
            Ok(())
        }
        _ => Err(Code::FilterKeyNotFound.error()),
    };
    let bad_time = |_: &str| Code::FilterValueInvalid.error();
    (filter.created_from, filter.created_to) = input::creation_filters(params, bad_time, other)?;
    Ok(may_match)
}

/// Whose images are wanted: without a word, all that the caller may use.
fn whose(params: &Params) -> ApiResult<Vec<Whose>> {
    let public = input::flag(params, "IsPublic")?;
    let alias = params.get("ImageOwnerAlias");
    if public && alias != Some("others") {
        return Err(Code::OwnerAliasNotForPublic.error());
    }
    if params.get("ImageOwnerId").is_some() && alias != Some("others") {
        return Err(Code::OwnerIdUnsupported.error());
    }
    match alias {
        None => Ok(vec![Whose::Own, Whose::System, Whose::Shared]),
        Some("self") => Ok(vec![Whose::Own]),
        Some("system") => Ok(vec![Whose::System]),
        Some("others") if public => Ok(vec![Whose::Community]),
        Some("others") => Ok(vec![Whose::Shared]),
        Some("marketplace") => Ok(Vec::new()),
        Some(_) => Err(Code::OwnerAliasNotSupported.error()),
    }
}

/// What the images are good for: server types, cloud-init, and being usable at all.
fn abilities(params: &Params, filter: &mut Filter) -> ApiResult<bool> {
    let mut may_match = true;
    match params.get("ActionType") {
        None | Some("CreateEcs" | "ChangeOS") => {}
        Some(_) => return Err(Code::InvalidParamter.error()),
    }
    // Images fit types of servers by their NVMe driver alone, which a launch looks at.
    if params.get("InstanceType").is_some_and(|id| InstanceType::find(id).is_err()) {
        return Err(Code::InstanceTypeNotFoundForImages.error());
    }
    for name in ["IsSupportCloudinit", "IsSupportIoOptimized"] {
        may_match &= input::optional_flag(params, name)? != Some(false);
    }
    if let Some(usable) = input::optional_flag(params, "Usable")? {
        if params.get("Status").is_none() {
            return Err(ApiError::missing("Status"));
        }
        let all = if filter.statuses.is_empty() { ImageStatus::ALL } else { &filter.statuses };
        filter.statuses = all.iter().copied().filter(|status| status.is_usable() == usable).collect();
        may_match &= !filter.statuses.is_empty();
    }
    Ok(may_match)
}

/// An image on the wire. Unset texts are empty, not absent: a client waits for a description to read as it was set.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageView {
    image_id: String,
    image_name: String,
    image_family: String,
    image_version: String,
    image_owner_alias: &'static str,
    image_owner_id: AccountId,
    description: String,
    status: &'static str,
    usable: bool,
    progress: String,
    creation_time: String,
    size: u32,
    architecture: &'static str,
    platform: &'static str,
    #[serde(rename = "OSType")]
    os_type: &'static str,
    #[serde(rename = "OSName")]
    os_name: String,
    #[serde(rename = "OSNameEn")]
    os_name_en: String,
    boot_mode: &'static str,
    license_type: &'static str,
    usage: &'static str,
    is_copied: bool,
    is_public: bool,
    is_self_shared: &'static str,
    is_subscribed: bool,
    is_support_cloudinit: bool,
    is_support_io_optimized: bool,
    login_as_non_root_supported: bool,
    product_code: &'static str,
    supplier_name: &'static str,
    resource_group_id: String,
    features: Features,
    disk_device_mappings: DiskList,
    tags: TagList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Features {
    nvme_support: &'static str,
    imds_support: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DiskList {
    disk_device_mapping: Vec<DiskView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DiskView {
    device: String,
    r#type: &'static str,
    size: String,
    snapshot_id: String,
    format: String,
    #[serde(rename = "ImportOSSBucket")]
    import_oss_bucket: String,
    #[serde(rename = "ImportOSSObject")]
    import_oss_object: String,
    progress: String,
    remain_time: u32,
    encrypted: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagList {
    tag: Vec<TagView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagView {
    tag_key: String,
    tag_value: String,
}

impl ImageView {
    pub(super) fn new(image: &Image, caller: AccountId) -> Self {
        let ImageFeatures { nvme, imds } = image.features;
        let progress = format!("{}%", image.progress);
        let os_name =
            format!("{} {}", image.platform, if image.architecture == Architecture::I386 { "32位" } else { "64位" });
        let bits = if image.architecture == Architecture::I386 { "32 bit" } else { "64 bit" };
        let disk = |(index, disk): (usize, &model::DiskMapping)| DiskView {
            device: disk.device.clone(),
            r#type: if index == 0 { "system" } else { "data" },
            size: disk.size_gib.to_string(),
            snapshot_id: disk.snapshot.to_string(),
            format: disk.format.clone(),
            import_oss_bucket: disk.bucket.clone(),
            import_oss_object: disk.object.clone(),
            progress: progress.clone(),
            remain_time: 0,
            encrypted: false,
        };
        Self {
            image_id: image.id.to_string(),
            image_name: image.name.to_string(),
            image_family: match &image.family {
                Some(family) if image.is_system => format!("acs:{family}"),
                Some(family) => family.to_string(),
                None => String::new(),
            },
            image_version: image.version.clone(),
            image_owner_alias: match image.owner {
                AccountId::SYSTEM => "system",
                owner if owner == caller => "self",
                _ => "others",
            },
            image_owner_id: image.owner,
            description: image.description.to_string(),
            status: image.status.as_str(),
            usable: image.status.is_usable(),
            progress: progress.clone(),
            creation_time: image.created.seconds(),
            size: image.size_gib(),
            architecture: image.architecture.as_str(),
            platform: image.platform.as_str(),
            os_type: image.os_type.as_str(),
            os_name,
            os_name_en: format!("{} {bits}", image.platform),
            boot_mode: image.boot_mode.as_str(),
            license_type: image.license.as_str(),
            usage: "none",
            is_copied: image.is_copied,
            is_public: image.is_system || image.is_public,
            is_self_shared: "",
            is_subscribed: false,
            is_support_cloudinit: image.os_type == OsType::Linux,
            is_support_io_optimized: true,
            login_as_non_root_supported: false,
            product_code: "",
            supplier_name: "",
            resource_group_id: image.resource_group.clone(),
            features: Features { nvme_support: nvme.as_str(), imds_support: imds.as_str() },
            disk_device_mappings: DiskList { disk_device_mapping: image.disks.iter().enumerate().map(disk).collect() },
            tags: TagList {
                tag: image
                    .tags
                    .iter()
                    .map(|Tag { key, value }| TagView {
                        tag_key: key.as_str().to_owned(),
                        tag_value: value.as_str().to_owned(),
                    })
                    .collect(),
            },
        }
    }
}
