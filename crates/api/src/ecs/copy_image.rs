//! `CopyImage`: an image becomes a custom image of the caller's own, in another region or in the same.

use engine::flows::{capture, copy_image as flow};
use meta::{images, visible};
use model::quota::Quota;
use model::{ClientToken, Description, Image, ImageId, ImageName, ImageStatus, RegionId, SnapshotId, Tag};
use serde_json::{Value, json};
use wire::Params;

use super::disks::create_snapshot::have_room;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, description, optional, required};
use crate::quota;
use crate::resource::once;

/// The call.
pub(crate) struct CopyImage {
    region: RegionId,
    destination: RegionId,
    image: ImageId,
    name: Option<ImageName>,
    description: Description,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
    dry_run: bool,
}

impl Action for CopyImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CopyImage",
        summary: "Copy an image to another region.",
        codes: &[
            Code::SourceRegionNotFound,
            Code::DestinationRegionNotFound,
            Code::ImageIdNotFound,
            Code::CopyNameMalformed,
            Code::CopyUnderWay,
            Code::CopyDescriptionMalformed,
            Code::EncryptionUnsupported,
            Code::ImageNotAvailableForCopy,
            Code::CommunityImageNotCopied,
            Code::SharedImageSameRegionOnly,
            Code::CopyNameDuplicated,
            Code::ImageQuotaExceeded,
            Code::SnapshotQuotaExceeded,
            Code::ResourceGroupNotFound,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = input::region(params, cx, Code::SourceRegionNotFound)?;
        let destination: RegionId = match params.get("DestinationRegionId") {
            None => return Err(ApiError::missing("DestinationRegionId")),
            Some(text) => text.parse().map_err(|_| Code::DestinationRegionNotFound)?,
        };
        if !cx.services.catalogue.serves(&destination) {
            return Err(Code::DestinationRegionNotFound.error());
        }
        if input::flag(params, "Encrypted")? || params.get("KMSKeyId").is_some() {
            return Err(Code::EncryptionUnsupported.error());
        }
        if params.get("ResourceGroupId").is_some() {
            return Err(Code::ResourceGroupNotFound.error());
        }
        let text = optional(params, "DestinationDescription", Code::CopyDescriptionMalformed)?;
        Ok(Self {
            region,
            destination,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            name: optional(params, "DestinationImageName", Code::CopyNameMalformed)?,
            description: text.unwrap_or(description(params, Code::CopyDescriptionMalformed)?),
            tags: input::tags(params, Code::TagKeyDuplicate)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:CopyImage", resource: cx.resource("ecs", self.region.as_str(), "image/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine().clone());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), ImageId::generate(engine.entropy()));
        let silent = capture::silent(&engine, account);
        let (region, token) = (self.region.clone(), self.token.clone());
        let entropy = engine.clone();
        let answer = once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let source = visible::for_use(tx, account, &self.region, &self.image)?.ok_or(Code::ImageIdNotFound)?;
            if source.status != ImageStatus::Available {
                return Err(Code::ImageNotAvailableForCopy.error());
            }
            if source.is_public {
                return Err(Code::CommunityImageNotCopied.error());
            }
            if source.owner != account && self.destination != self.region {
                return Err(Code::SharedImageSameRegionOnly.error());
            }
            // To each region one at a time; clients copy to several at once.
            let is_under_way =
                |copy: &Image| copy.owner == account && copy.region == self.destination && copy.status.is_building();
            if images::copies(tx, &source.id)?.iter().any(is_under_way) {
                return Err(Code::CopyUnderWay.error());
            }
            let there = images::total(tx, account, &self.destination)?;
            quota::one_more(tx, account, Quota::Images, there, Code::ImageQuotaExceeded)?;
            have_room(tx, (account, &self.destination), source.disks.len(), Code::SnapshotQuotaExceeded)?;
            let name = match &self.name {
                Some(name) => name.clone(),
                None => id.as_str().parse().map_err(ApiError::internal)?,
            };
            if images::by_name(tx, account, &self.destination, &name)?.is_some() {
                return Err(Code::CopyNameDuplicated.error());
            }
            if self.dry_run {
                return Err(Code::DryRunOperation.error());
            }
            let mut copy = Image {
                id: id.clone(),
                owner: account,
                region: self.destination.clone(),
                name,
                description: self.description.clone(),
                status: ImageStatus::Waiting,
                progress: 0,
                family: None,
                tags: with(&source.tags, &self.tags),
                // The copy's flow, by which it can be cancelled.
                task: Some(silent.task.clone()),
                is_copied: true,
                copied_from: Some(source.id.clone()),
                is_public: false,
                is_system: false,
                created: now,
                ..source.clone()
            };
            for disk in &mut copy.disks {
                disk.snapshot = SnapshotId::generate(entropy.entropy());
            }
            if !flow::begin(tx, silent.clone(), &copy, seq)? {
                return Err(Code::CopyNameDuplicated.error());
            }
            Ok(json!({"ImageId": id}))
        })
        .await?;
        engine.wake();
        Ok(answer)
    }
}

/// The source's tags, and over them the ones that were given.
fn with(source: &[Tag], given: &[Tag]) -> Vec<Tag> {
    let kept = source.iter().filter(|tag| given.iter().all(|new| new.key != tag.key));
    let mut tags: Vec<Tag> = kept.chain(given).cloned().collect();
    tags.sort();
    tags.truncate(model::tag::TAGS_AT_MOST);
    tags
}
