//! `DeleteImage`: delete a custom image.
//!
//! The record goes and its id is never given again; the bytes that nothing else needs go with a later collection. One
//! transaction decides between the deletion and whatever else would use the image.

use meta::{Scope, Tx, images, manifests, resources, tasks, visible};
use model::{Image, ImageId, Instance, RegionId, Snapshot, TaskAction, Timestamp};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region_or_default, required};

/// The call.
pub(crate) struct DeleteImage {
    region: RegionId,
    image: ImageId,
    /// Skips the check for servers that were made from the image, and nothing else.
    force: bool,
    dry_run: bool,
}

impl Action for DeleteImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteImage",
        summary: "Delete a custom image.",
        codes: &[
            Code::RegionIdNotFoundForDelete,
            Code::ImageIdNotFound,
            Code::ImageIsImporting,
            Code::ImageIsCreating,
            Code::ImageIsExporting,
            Code::ImageIsBeingCopied,
            Code::ImageIsPublic,
            Code::ImageIsShared,
            Code::ImageUsedByInstance,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFoundForDelete)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            force: input::flag(params, "Force")?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        vec![Access { verb: "ecs:DeleteImage", resource: cx.resource("ecs", self.region.as_str(), &image) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let Self { region, image, force, dry_run } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = images::get_exclusive(tx, &image)?
                    .filter(|stored| stored.image.owner == account && stored.image.region == region)
                    .ok_or(Code::ImageIdNotFound)?;
                if let Some(code) = against_deletion(tx, &before.image, force)? {
                    return Err(code.error());
                }
                if dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                images::delete(tx, &before, now)?;
                manifests::release_all(tx, image.as_str())?;
                unlink_snapshots(tx, &image, now)?;
                Ok(Nothing {})
            })
            .await
    }
}

/// The first of the things that speak against deleting an image: what is being done with it, who else sees it, and what
/// was made of it.
pub(crate) fn against_deletion(tx: &mut Tx<'_>, image: &Image, force: bool) -> ApiResult<Option<Code>> {
    if image.status.is_building() {
        return Ok(Some(match (image.is_copied, &image.task) {
            (true, _) => Code::ImageIsBeingCopied,
            (false, Some(_)) => Code::ImageIsImporting,
            (false, None) => Code::ImageIsCreating,
        }));
    }
    if tasks::is_running(tx, image.owner, &image.region, TaskAction::ExportImage, image.id.as_str())? {
        return Ok(Some(Code::ImageIsExporting));
    }
    if image.is_public {
        return Ok(Some(Code::ImageIsPublic));
    }
    if !visible::shared_with(tx, &image.id)?.is_empty() {
        return Ok(Some(Code::ImageIsShared));
    }
    let is_used = !force && 0 < resources::count_with::<Instance>(tx, "image", image.id.as_str())?;
    Ok(is_used.then_some(Code::ImageUsedByInstance))
}

/// Lets go of the image's snapshots: those that were made for an image go with the last one that names
/// them, the others are theirs who took them.
pub(crate) fn unlink_snapshots(tx: &mut Tx<'_>, image: &ImageId, now: Timestamp) -> ApiResult<()> {
    for snapshot in resources::all_with::<Snapshot>(tx, "image", image.as_str())? {
        if snapshot.record.goes_with(image) {
            manifests::release_all(tx, snapshot.record.id.as_str())?;
            resources::delete(tx, &snapshot, now)?;
            continue;
        }
        let mut without = snapshot.record.clone();
        without.images.retain(|other| other != image);
        resources::update(tx, &snapshot, &without)?;
    }
    Ok(())
}
