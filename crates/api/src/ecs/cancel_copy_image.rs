//! `CancelCopyImage`: end a copy that is under way. The copy goes, its source stays.

use meta::{Scope, flows, images};
use model::{ImageId, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region, required};

/// The call.
pub(crate) struct CancelCopyImage {
    region: RegionId,
    image: ImageId,
}

impl Action for CancelCopyImage {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CancelCopyImage",
        summary: "End the copying of an image.",
        codes: &[Code::RegionIdNotFound404, Code::ImageIdNotFound, Code::ImageNotFromCopy, Code::ImageNotBeingCopied],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        vec![Access { verb: "ecs:CancelCopyImage", resource: cx.resource("ecs", self.region.as_str(), &image) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let found = images::get(tx, &self.image)?
                    .filter(|stored| stored.image.owner == account && stored.image.region == self.region)
                    .ok_or(Code::ImageIdNotFound)?;
                if !found.image.is_copied {
                    return Err(Code::ImageNotFromCopy.error());
                }
                let task = found.image.task.filter(|_| found.image.status.is_building());
                let is_cancelled = match task {
                    Some(task) => flows::cancel(tx, &task)?,
                    None => false,
                };
                if is_cancelled { Ok(()) } else { Err(Code::ImageNotBeingCopied.error()) }
            })
            .await?;
        cx.engine().cancelled();
        Ok(Nothing {})
    }
}
