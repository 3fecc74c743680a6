//! `DescribeImageFromFamily`: the newest image of a family.

use meta::visible;
use model::{ImageName, RegionId};
use serde_json::{Value, json};
use wire::Params;

use super::describe_images::ImageView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;

/// The call.
pub(crate) struct DescribeImageFromFamily {
    region: RegionId,
    family: String,
}

impl Action for DescribeImageFromFamily {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeImageFromFamily",
        summary: "Show the newest image of a family.",
        codes: &[Code::RegionIdNotFound404],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            family: params.get("ImageFamily").ok_or_else(|| ApiError::missing("ImageFamily"))?.to_owned(),
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeImageFromFamily", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let found = match self.family.trim_start_matches("acs:").parse::<ImageName>() {
            // No image can be of a family that cannot be named.
            Err(_) => None,
            Ok(_) => {
                let (region, family) = (self.region, self.family);
                let read = move |tx: &mut meta::Tx<'_>| visible::newest_of_family(tx, account, &region, &family);
                cx.engine().meta().read(read).await?
            }
        };
        Ok(match found {
            Some(image) => json!({"Image": ImageView::new(&image, account)}),
            None => json!({}),
        })
    }
}
