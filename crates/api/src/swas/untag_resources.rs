//! `UntagResources`: take tags off resources: those with the keys, or all of them.

use model::Tag;
use model::tag::TAGS_AT_MOST;
use wire::Params;

use super::tagging::Resources;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::flag;

/// The call.
pub(crate) struct UntagResources {
    resources: Resources,
    keys: Vec<String>,
    all: bool,
}

impl Action for UntagResources {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "UntagResources",
        summary: "Take tags off resources.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasDiskIdNotFound,
            Code::SwasSnapshotIdNotFound,
            Code::SwasImageIdNotFound,
            Code::TagQuotaExceeded,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let keys: Vec<String> = params.list("TagKey").into_iter().map(|(_, key)| key.to_owned()).collect();
        if TAGS_AT_MOST < keys.len() {
            return Err(ApiError::invalid("TagKey"));
        }
        // Keys count before the word for all of them.
        let all = flag(params, "All")? && keys.is_empty();
        Ok(Self { resources: Resources::read(params, cx, true)?, keys, all })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.resources.access(cx, "swas-open:UntagResources")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let Self { resources, keys, all } = self;
        let take =
            move |tags: &mut Vec<Tag>| tags.retain(|tag| !all && !keys.iter().any(|key| key == tag.key.as_str()));
        resources.change(&cx, Self::SPEC.name, take).await
    }
}
