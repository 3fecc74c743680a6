//! `DeleteImage`: delete a custom image.
//!
//! The record goes and its id is never given again; the bytes that nothing else needs go with a later collection. One
//! transaction decides between the deletion and whatever else would use the image.

use meta::{Scope, images, manifests, tasks};
use model::{ImageId, ImageStatus, RegionId, TaskAction};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region_or_default, required};

/// The call.
pub(crate) struct DeleteImage {
    region: RegionId,
    image: ImageId,
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
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        // `Force` skips the check for servers made from the image. There are no servers yet, so it only must be well
        // formed.
        input::flag(params, "Force")?;
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFoundForDelete)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
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
        let Self { region, image, dry_run } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = images::get(tx, &image)?
                    .filter(|stored| stored.image.owner == account && stored.image.region == region)
                    .ok_or(Code::ImageIdNotFound)?;
                match before.image.status {
                    ImageStatus::Waiting | ImageStatus::Creating if before.image.task.is_some() => {
                        return Err(Code::ImageIsImporting.error());
                    }
                    ImageStatus::Waiting | ImageStatus::Creating => return Err(Code::ImageIsCreating.error()),
                    _ => {}
                }
                if tasks::is_running(tx, account, &region, TaskAction::ExportImage, image.as_str())? {
                    return Err(Code::ImageIsExporting.error());
                }
                if dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                images::delete(tx, &before, now)?;
                manifests::release_all(tx, image.as_str())?;
                Ok(Nothing {})
            })
            .await
    }
}
