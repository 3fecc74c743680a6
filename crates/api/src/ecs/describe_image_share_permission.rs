//! `DescribeImageSharePermission`: the accounts that an image is shared with. Only its owner sees them.

use meta::{images, visible};
use model::{ImageId, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{PageNumber, region, required};

/// The call.
pub(crate) struct DescribeImageSharePermission {
    region: RegionId,
    image: ImageId,
    page: PageNumber,
}

impl Action for DescribeImageSharePermission {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeImageSharePermission",
        summary: "List the accounts that an image is shared with.",
        codes: &[Code::RegionIdNotFoundForDelete, Code::ImageIdNotFound],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForDelete)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            page: PageNumber::read(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        let resource = cx.resource("ecs", self.region.as_str(), &image);
        vec![Access { verb: "ecs:DescribeImageSharePermission", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let Self { region, image, page } = self;
        let (place, id) = (region.clone(), image.clone());
        let accounts = cx.engine().meta().read(move |tx| {
            images::get(tx, &id)?
                .filter(|stored| stored.image.owner == account && stored.image.region == place)
                .ok_or(Code::ImageIdNotFound)?;
            Ok::<_, crate::code::ApiError>(visible::shared_with(tx, &id)?)
        });
        let accounts = accounts.await?;
        let window = page.window();
        let shown = accounts
            .iter()
            .skip(usize::try_from(window.offset).unwrap_or(usize::MAX))
            .take(usize::try_from(window.limit).unwrap_or(usize::MAX));
        let view = |(id, since): &(model::AccountId, model::Timestamp)| json!({"AliyunId": id.to_string(), "SharedTime": since.seconds()});
        Ok(json!({
            "RegionId": region,
            "ImageId": image,
            "TotalCount": accounts.len(),
            "PageNumber": page.number,
            "PageSize": page.size,
            "Accounts": {"Account": shown.map(view).collect::<Vec<_>>()},
            "ShareGroups": {"ShareGroup": []},
        }))
    }
}
