//! `DeleteCustomImage`: delete a custom image that is shared with nobody. Servers made of it cannot be reset to it any more.

use meta::{Tx, images, manifests, resources, visible};
use model::swas::CustomImage;
use model::{AccountId, ImageId, RegionId, Timestamp};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::delete_image::unlink_snapshots;
use crate::input::required;
use crate::resource::own;

/// The call.
pub(crate) struct DeleteCustomImage {
    call: Call,
    image: ImageId,
}

impl Action for DeleteCustomImage {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "DeleteCustomImage",
        summary: "Delete a custom image.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasImageIdNotFound,
            Code::SwasImageShared,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { call: Call::read(params, cx)?, image: required(params, "ImageId", Code::SwasImageIdNotFound)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:DeleteCustomImage", &format!("customimage/{}", self.image))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let work =
            move |tx: &mut Tx<'_>| delete(tx, (owner, &self.call.region), &self.image, (Code::SwasImageShared, now));
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}

/// Deletes a custom image, whether it is built or not: what builds it finds it gone and leaves it so.
pub(super) fn delete(
    tx: &mut Tx<'_>,
    (owner, region): (AccountId, &RegionId),
    id: &ImageId,
    (shared, now): (Code, Timestamp),
) -> ApiResult<()> {
    let missing = Code::SwasImageIdNotFound;
    let origin = own::<CustomImage>(tx, owner, region, id.as_str(), missing)?;
    let image = images::get_exclusive(tx, id)?.ok_or(missing)?;
    if !visible::shared_with(tx, id)?.is_empty() {
        return Err(shared.error());
    }
    images::delete(tx, &image, now)?;
    resources::delete(tx, &origin, now)?;
    manifests::release_all(tx, id.as_str())?;
    unlink_snapshots(tx, id, now)
}
