//! `DescribeVpcs`: list private networks.

use meta::resources::{self, Filter};
use meta::tags::TagFilter;
use model::RegionId;
use model::network::Vpc;
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::tagging::{LONGEST_KEY, check_filters};
use crate::input::{self, region_or_default};
use crate::resource::{Paging, page};

/// Ids of a comma list.
const IDS_AT_MOST: usize = 20;

/// The call.
pub(crate) struct DescribeVpcs {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    dry_run: bool,
}

impl Action for DescribeVpcs {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DescribeVpcs",
        summary: "List private networks.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::VpcIdsTooMany,
            Code::TagKeysInvalid,
            Code::TagValuesInvalid,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let ids = some_ids(params, "VpcId", Code::VpcIdsTooMany)?;
        let filter = Filter {
            ids: (!ids.is_empty()).then_some(ids),
            names: params.get("VpcName").map(str::to_owned).into_iter().collect(),
            tags: tag_filters(params)?,
            ..Filter::default()
        };
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFound404)?,
            filter,
            paging: Paging::read(params)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:DescribeVpcs", resource: cx.resource("vpc", self.region.as_str(), "vpc/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        let views = cx
            .engine()
            .meta()
            .read(move |tx| found.items.iter().map(|item| views::vpc(tx, item)).collect::<ApiResult<Vec<Value>>>());
        view["Vpcs"] = json!({"Vpc": views.await?});
        Ok(view)
    }
}

/// Ids of a comma list by which a list is filtered.
pub(super) fn some_ids(params: &Params, name: &str, too_many: Code) -> ApiResult<Vec<String>> {
    let ids = input::comma_list(params, name);
    if IDS_AT_MOST < ids.len() { Err(too_many.error()) } else { Ok(ids) }
}

/// Tags by which a list is filtered.
pub(super) fn tag_filters(params: &Params) -> ApiResult<Vec<TagFilter>> {
    let filters = input::tag_filters(params)?;
    check_filters(&filters, LONGEST_KEY, (Code::TagKeysInvalid, Code::TagValuesInvalid))?;
    Ok(filters)
}

/// The caller's network with this id.
pub(super) fn get(
    tx: &mut meta::Tx<'_>,
    account: model::AccountId,
    id: &str,
    missing: Code,
) -> ApiResult<resources::Stored<Vpc>> {
    crate::resource::own_anywhere(tx, account, id, missing)
}
