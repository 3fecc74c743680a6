//! `ListDisks`: the disks of servers.

use meta::resources::Filter;
use model::{Disk, DiskType};
use serde_json::Value;
use wire::Params;

use super::common::{Call, page_view, some_ids};
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;
use crate::resource::{Paging, page_of};

/// The call.
pub(crate) struct ListDisks {
    call: Call,
    filter: Filter,
    paging: Paging,
}

impl Action for ListDisks {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListDisks",
        summary: "List the disks of servers.",
        codes: &[Code::SwasRegionNotMatched, Code::TagMismatch, Code::TagsTooMany, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_ids(params, "DiskIds", 100, ApiError::invalid("DiskIds"))?,
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        if let Some(text) = params.get("DiskType") {
            let kind: DiskType = text.to_lowercase().parse().map_err(|_| ApiError::invalid("DiskType"))?;
            filter = filter.with("type", kind.as_str());
        }
        if let Some(id) = params.get("InstanceId") {
            filter = filter.with("instance", id);
        }
        if params.get("ResourceGroupId").is_some() {
            filter.ids = Some(Vec::new());
        }
        Ok(Self { call: Call::read(params, cx)?, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListDisks", "disk/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        let found = page_of::<Disk>(&cx, owner, &self.call.region, self.filter, self.paging).await?;
        let disks = found.items.clone();
        let views = cx
            .engine()
            .meta()
            .read(move |tx| disks.iter().map(|disk| views::disk(tx, disk)).collect::<Result<Vec<_>, meta::Error>>());
        Ok(page_view(self.paging, &found, "Disks", views.await?))
    }
}
