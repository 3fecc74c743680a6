//! `TagResources`: put tags on resources. A key that is there gets the new value.

use model::Tag;
use wire::Params;

use super::common;
use super::tagging::Resources;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct TagResources {
    resources: Resources,
    tags: Vec<Tag>,
}

impl Action for TagResources {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "TagResources",
        summary: "Put tags on resources.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasDiskIdNotFound,
            Code::SwasSnapshotIdNotFound,
            Code::SwasImageIdNotFound,
            Code::TagQuotaExceeded,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let tags = common::tags(params)?;
        if tags.is_empty() {
            return Err(ApiError::missing("Tag"));
        }
        Ok(Self { resources: Resources::read(params, cx, true)?, tags })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.resources.access(cx, "swas-open:TagResources")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let new = self.tags;
        let put = move |tags: &mut Vec<Tag>| {
            tags.retain(|tag| !new.iter().any(|new| new.key == tag.key));
            tags.extend(new.iter().cloned());
        };
        self.resources.change(&cx, Self::SPEC.name, put).await
    }
}
