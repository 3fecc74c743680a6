//! `ListCustomImages`: the caller's custom images in a region.

use meta::resources::Filter;
use model::swas::CustomImage;
use serde_json::Value;
use wire::Params;

use super::common::{Call, page_view, some_ids};
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, optional_flag};
use crate::resource::{Paging, page_of};

/// The call.
pub(crate) struct ListCustomImages {
    call: Call,
    filter: Filter,
    paging: Paging,
}

impl Action for ListCustomImages {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListCustomImages",
        summary: "List custom images.",
        codes: &[Code::SwasRegionNotMatched, Code::TagMismatch, Code::TagsTooMany, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let names = some_ids(params, "ImageNames", 100, ApiError::invalid("ImageNames"))?;
        let mut filter = Filter {
            ids: some_ids(params, "ImageIds", 100, ApiError::invalid("ImageIds"))?,
            names: names.unwrap_or_default(),
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        for (name, facet) in [
            ("InstanceId", "instance"),
            ("SystemSnapshotId", "system-snapshot"),
            ("DataSnapshotId", "data-snapshot"),
            ("ResourceGroupId", "resource-group"),
        ] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        if let Some(shared) = optional_flag(params, "Share")? {
            filter = filter.with("in-ecs", shared.to_string());
        }
        Ok(Self { call: Call::read(params, cx)?, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListCustomImages", "customimage/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        let found = page_of::<CustomImage>(&cx, owner, &self.call.region, self.filter, self.paging).await?;
        let images = found.items.clone();
        let views = cx.engine().meta().read(move |tx| {
            images.iter().map(|image| views::custom_image(tx, image)).collect::<Result<Vec<_>, meta::Error>>()
        });
        let mut view = page_view(self.paging, &found, "CustomImages", views.await?);
        for number in ["TotalCount", "PageNumber", "PageSize"] {
            // The other lists answer numbers.
            view[number] = view[number].to_string().into();
        }
        Ok(view)
    }
}
