//! `ModifyImageShareStatus`: share a custom image with Elastic Compute Service, or take it back.
//!
//! There it is one of others' images in the same region of the same account: servers can be made of it, and a copy of it is
//! the account's own. Taken back it is gone from there, and disks made of it cannot begin anew.

use meta::{Tx, resources, visible};
use model::ImageId;
use model::quota::Quota;
use model::swas::CustomImage;
use wire::Params;

use super::common::Call;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::required;
use crate::resource::own;

/// The call.
pub(crate) struct ModifyImageShareStatus {
    call: Call,
    image: ImageId,
    share: bool,
}

impl Action for ModifyImageShareStatus {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ModifyImageShareStatus",
        summary: "Share a custom image with Elastic Compute Service, or take it back.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasImageIdNotFound,
            Code::SwasShareOperationIllegal,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;
    const PER_MINUTE: Option<Quota> = Some(Quota::ShareStatusPerMinute);

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let operation: String = required(params, "Operation", Code::SwasShareOperationIllegal)?;
        Ok(Self {
            call: Call::read(params, cx)?,
            image: required(params, "ImageId", Code::SwasImageIdNotFound)?,
            share: match operation.as_str() {
                "Share" => true,
                "UnShare" => false,
                _ => return Err(Code::SwasShareOperationIllegal.error()),
            },
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ModifyImageShareStatus", &format!("customimage/{}", self.image))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now, call) = (cx.account(), cx.engine().clock().now(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            let code = Code::SwasImageIdNotFound;
            let id = self.image.as_str();
            let before = own::<CustomImage>(tx, account.at_swas(), &self.call.region, id, code)?;
            if self.share {
                visible::share(tx, &self.image, account, now)?;
            } else {
                visible::unshare(tx, &self.image, account)?;
            }
            resources::update(tx, &before, &CustomImage { in_ecs: self.share, ..before.record.clone() })?;
            Ok(())
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}
