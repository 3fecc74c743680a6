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
            Some(image) => json!({"Image": shown(&ImageView::new(&image, account))?}),
            None => json!({}),
        })
    }
}

/// Members of an image that only the list of images shows.
const NOT_SHOWN: &[&str] = &[
    "ImageOwnerId",
    "Usable",
    "OSNameEn",
    "BootMode",
    "LicenseType",
    "IsPublic",
    "LoginAsNonRootSupported",
    "SupplierName",
    "ResourceGroupId",
    "Features",
];

/// Members of a disk of an image that only the list of images shows.
const NOT_SHOWN_OF_DISKS: &[&str] = &["Progress", "RemainTime", "Encrypted"];

fn shown(image: &ImageView) -> ApiResult<Value> {
    let mut view = serde_json::to_value(image).map_err(ApiError::internal)?;
    let leave_out = |view: &mut Value, names: &[&str]| {
        view.as_object_mut().expect("a view is an object").retain(|name, _| !names.contains(&name.as_str()));
    };
    leave_out(&mut view, NOT_SHOWN);
    let disks = view["DiskDeviceMappings"]["DiskDeviceMapping"].as_array_mut().expect("disks are a list");
    disks.iter_mut().for_each(|disk| leave_out(disk, NOT_SHOWN_OF_DISKS));
    Ok(view)
}
