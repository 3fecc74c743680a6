//! `DescribeImageSupportInstanceTypes`: the types of servers that an image can run on.

use meta::visible;
use model::instance::INSTANCE_TYPES;
use model::{ImageId, RegionId};
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;

/// The call.
pub(crate) struct DescribeImageSupportInstanceTypes {
    region: RegionId,
    image: ImageId,
}

impl Action for DescribeImageSupportInstanceTypes {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeImageSupportInstanceTypes",
        summary: "List the types of servers that an image can run on.",
        codes: &[Code::RegionIdNotFound404, Code::ImageNotFoundForTypes, Code::InvalidParamter],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        match params.get("ActionType") {
            None | Some("CreateEcs" | "ChangeOS") => {}
            Some(_) => return Err(Code::InvalidParamter.error()),
        }
        let image = params.get("ImageId").ok_or_else(|| ApiError::missing("ImageId"))?;
        Ok(Self { region, image: image.parse().map_err(|_| Code::ImageNotFoundForTypes)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", self.region.as_str(), &format!("image/{}", self.image));
        vec![Access { verb: "ecs:DescribeImageSupportInstanceTypes", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let Self { region, image } = self;
        let found = cx.engine().meta().read({
            let region = region.clone();
            move |tx| visible::get(tx, account, &region, &image)
        });
        let image = found.await?.ok_or(Code::ImageNotFoundForTypes)?;
        let types: Vec<Value> = INSTANCE_TYPES
            .iter()
            .filter(|row| views::fits(row, image.features.nvme))
            .map(|row| {
                json!({
                    "InstanceTypeId": row.id,
                    "InstanceTypeFamily": row.family,
                    "CpuCoreCount": row.cpus,
                    "MemorySize": f64::from(row.memory_mib) / 1024.0,
                })
            })
            .collect();
        Ok(json!({"RegionId": region, "ImageId": image.id, "InstanceTypes": {"InstanceType": types}}))
    }
}
