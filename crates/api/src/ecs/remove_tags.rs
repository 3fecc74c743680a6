//! `RemoveTags`: take tags from one resource, the older way. A tag with a value goes only where it has that value.

use model::Tag;
use wire::Params;

use super::tagging::{LONGEST_KEY_OF_OLDER_CALLS, Resources, check_filters};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// The call.
pub(crate) struct RemoveTags {
    resource: Resources,
    filters: Vec<meta::tags::TagFilter>,
}

impl Action for RemoveTags {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "RemoveTags",
        summary: "Take tags from one resource (the older call).",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ResourceTypeNotFound,
            Code::TagResourceIdNotFound,
            Code::TagCountInvalid,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let resource = Resources::read_one(params, cx)?;
        let filters = input::tag_filters_or(params, Code::TagCountInvalid)?;
        check_filters(&filters, LONGEST_KEY_OF_OLDER_CALLS, (Code::TagKeyMalformed, Code::TagValueMalformed))?;
        if filters.is_empty() {
            return Err(Code::TagCountInvalid.error());
        }
        Ok(Self { resource, filters })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = self.resource.access(cx).into_iter();
        resources.map(|resource| Access { verb: "ecs:RemoveTags", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let Self { resource, filters } = self;
        let goes = move |tag: &Tag| {
            filters.iter().any(|filter| {
                filter.key == tag.key.as_str()
                    && (filter.values.is_empty() || filter.values.iter().any(|value| value == tag.value.as_str()))
            })
        };
        resource
            .change_the_one(&cx, move |before| Ok(before.iter().filter(|tag| !goes(tag)).cloned().collect()))
            .await?;
        Ok(Nothing {})
    }
}
