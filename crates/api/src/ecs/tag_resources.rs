//! `TagResources`: put tags on resources. A key that a resource has gets the new value.

use model::Tag;
use model::tag::TAGS_AT_MOST;
use wire::Params;

use super::tagging::Resources;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// The call.
pub(crate) struct TagResources {
    resources: Resources,
    tags: Vec<Tag>,
}

impl Action for TagResources {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "TagResources",
        summary: "Put tags on resources.",
        codes: &[
            Code::MissingRegionIdForTags,
            Code::RegionIdNotFoundForTags,
            Code::MissingResourceType,
            Code::ResourceTypeNotFound,
            Code::MissingResourceIds,
            Code::ResourceIdsTooMany,
            Code::ResourceIdNotFound,
            Code::MissingTags,
            Code::TagsTooMany,
            Code::TagMismatch,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagKeyDuplicate,
            Code::TagQuotaExceeded,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let resources = Resources::read(params, cx, true)?;
        let tags = input::tags(params, Code::TagKeyDuplicate)?;
        if tags.is_empty() {
            return Err(Code::MissingTags.error());
        }
        Ok(Self { resources, tags })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = self.resources.access(cx).into_iter();
        resources.map(|resource| Access { verb: "ecs:TagResources", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let Self { resources, tags } = self;
        resources.change(&cx, move |before| with(before, &tags)).await?;
        Ok(Nothing {})
    }
}

pub(super) fn with(before: &[Tag], more: &[Tag]) -> ApiResult<Vec<Tag>> {
    let kept = before.iter().filter(|tag| more.iter().all(|new| new.key != tag.key));
    let mut tags: Vec<Tag> = kept.chain(more).cloned().collect();
    if tags.len() > TAGS_AT_MOST {
        return Err(Code::TagQuotaExceeded.error());
    }
    tags.sort();
    Ok(tags)
}
