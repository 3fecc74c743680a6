//! `ListInstanceStatus`: where servers stand, and nothing else.

use meta::resources::Filter;
use model::Instance;
use serde_json::{Value, json};
use wire::Params;

use super::common::{Call, page_view, some_ids};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::{Paging, page_of};

/// The call.
pub(crate) struct ListInstanceStatus {
    call: Call,
    filter: Filter,
    paging: Paging,
}

impl Action for ListInstanceStatus {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListInstanceStatus",
        summary: "List where servers stand.",
        codes: &[Code::SwasRegionNotMatched, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let ids = some_ids(params, "InstanceIds", 100, ApiError::invalid("InstanceIds"))?;
        let filter = Filter { ids, ..Filter::default() };
        Ok(Self { call: Call::read(params, cx)?, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListInstanceStatus", "instance/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        let found = page_of::<Instance>(&cx, owner, &self.call.region, self.filter, self.paging).await?;
        let one = |server: &Instance| json!({"InstanceId": server.id, "Status": server.status});
        let views = found.items.iter().map(one).collect();
        Ok(page_view(self.paging, &found, "InstanceStatuses", views))
    }
}
