//! `ListTagResources`: resources with their tags. There are never so many that a second page is needed.

use meta::tags::{self, Query, TagFilter};
use serde_json::{Value, json};
use wire::Params;

use super::tagging::Resources;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// Tags of an answer: more than quotas let an account have of one kind.
const EVERY: u64 = 10_000;

/// The call.
pub(crate) struct ListTagResources {
    resources: Resources,
    filters: Vec<TagFilter>,
}

impl Action for ListTagResources {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListTagResources",
        summary: "List resources with their tags.",
        codes: &[Code::SwasRegionNotMatched, Code::TagMismatch, Code::TagsTooMany, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { resources: Resources::read(params, cx, false)?, filters: input::tag_filters(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.resources.access(cx, "swas-open:ListTagResources")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let Resources { call, kind, ids } = self.resources;
        let query = Query {
            account: cx.account().at_swas(),
            region: call.region,
            kind: kind.clone(),
            resources: ids,
            filters: self.filters,
            after: None,
            limit: EVERY,
        };
        let found = cx.engine().meta().read(move |tx| tags::list(tx, &query)).await?;
        let view = |tag: tags::TaggedResource| json!({"ResourceType": kind, "ResourceId": tag.resource, "TagKey": tag.key, "TagValue": tag.value});
        let found: Vec<Value> = found.into_iter().map(view).collect();
        // Here, and here alone, a list is wrapped as in ECS.
        Ok(json!({"NextToken": "", "TagResources": {"TagResource": found}}))
    }
}
