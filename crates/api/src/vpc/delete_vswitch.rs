//! `DeleteVSwitch`: delete a subnet that no server is in.

use meta::Scope;
use meta::resources::{self, count_with};
use model::network::VSwitch;
use model::{Instance, RegionId, VSwitchId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DeleteVSwitch {
    region: RegionId,
    vswitch: VSwitchId,
    dry_run: bool,
}

impl Action for DeleteVSwitch {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DeleteVSwitch",
        summary: "Delete a subnet that no server is in.",
        codes: &[
            Code::RegionNotFoundOfVSwitch,
            Code::VSwitchIdNotFound404,
            Code::VSwitchHasResources,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionNotFoundOfVSwitch)?,
            vswitch: required(params, "VSwitchId", Code::VSwitchIdNotFound404)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let id = format!("vswitch/{}", self.vswitch);
        vec![Access { verb: "vpc:DeleteVSwitch", resource: cx.resource("vpc", self.region.as_str(), &id) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let id = self.vswitch.as_str();
                let found = own_anywhere::<VSwitch>(tx, account, id, Code::VSwitchIdNotFound404)?;
                if 0 < count_with::<Instance>(tx, "vswitch", id)? {
                    return Err(Code::VSwitchHasResources.error());
                }
                if self.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                resources::delete(tx, &found, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
