//! `DeleteCustomImages`: delete custom images, all of them or none.

use meta::Tx;
use model::ImageId;
use model::quota::SWAS_IMAGES_PER_CALL;
use wire::Params;

use super::common::{Call, ids};
use super::delete_custom_image::delete;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DeleteCustomImages {
    call: Call,
    images: Vec<ImageId>,
}

impl Action for DeleteCustomImages {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "DeleteCustomImages",
        summary: "Delete custom images.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasImageIdNotFound,
            Code::SwasImagesShared,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let images = ids(params, "ImageIds", SWAS_IMAGES_PER_CALL)?;
        let images = images.iter().map(|id| id.parse().map_err(|_| Code::SwasImageIdNotFound));
        Ok(Self { call: Call::read(params, cx)?, images: images.collect::<Result<_, _>>()? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let one = |id: &ImageId| self.call.access(cx, "swas-open:DeleteCustomImages", &format!("customimage/{id}"));
        self.images.iter().flat_map(one).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            let shared = Code::SwasImagesShared;
            self.images.iter().try_for_each(|id| delete(tx, (owner, &self.call.region), id, (shared, now)))
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}
