//! `ListSnapshots`: snapshots of the disks of servers.

use meta::resources::Filter;
use model::{Disk, DiskType, Snapshot};
use serde_json::Value;
use wire::Params;

use super::common::{self, Call, page_view, some_ids};
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;
use crate::resource::{Paging, own, page_of};

/// The call.
pub(crate) struct ListSnapshots {
    call: Call,
    disk: Option<String>,
    instance: Option<String>,
    filter: Filter,
    paging: Paging,
}

impl Action for ListSnapshots {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListSnapshots",
        summary: "List snapshots.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasParamInvalid,
            Code::SwasDiskIdNotFound,
            Code::SwasInstanceIdNotFound,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_ids(params, "SnapshotIds", 100, Code::SwasParamInvalid)?,
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        if let Some(text) = params.get("SourceDiskType") {
            let kind: DiskType = text.to_lowercase().parse().map_err(|_| Code::SwasParamInvalid)?;
            filter = filter.with("disk-type", kind.as_str());
        }
        if let Some(text) = params.get("Status") {
            filter = filter.with("status", text.to_lowercase());
        }
        if params.get("ResourceGroupId").is_some() {
            filter.ids = Some(Vec::new());
        }
        let text = |name: &str| params.get(name).map(str::to_owned);
        Ok(Self {
            call: Call::read(params, cx)?,
            disk: text("DiskId"),
            instance: text("InstanceId"),
            filter,
            paging: Paging::read(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListSnapshots", "snapshot/*")
    }

    async fn run(mut self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        let (region, disk, instance) = (self.call.region.clone(), self.disk.clone(), self.instance.clone());
        let look = cx.engine().meta().read(move |tx| {
            if let Some(id) = &disk {
                own::<Disk>(tx, owner, &region, id, Code::SwasDiskIdNotFound)?;
            }
            if let Some(id) = &instance {
                common::server(tx, owner, &region, id)?;
            }
            Ok::<_, crate::ApiError>(())
        });
        look.await?;
        for (facet, value) in [("disk", self.disk), ("instance", self.instance)] {
            if let Some(value) = value {
                self.filter = self.filter.with(facet, value);
            }
        }
        let found = page_of::<Snapshot>(&cx, owner, &self.call.region, self.filter, self.paging).await?;
        let views = found.items.iter().map(views::snapshot).collect();
        Ok(page_view(self.paging, &found, "Snapshots", views))
    }
}
