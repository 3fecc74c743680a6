//! `UntagResources`: take tags off resources. Keys that a resource does not have are no error.

use model::tag::TAGS_AT_MOST;
use model::{Tag, TagKey};
use wire::Params;

use super::tagging::Resources;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// The call.
pub(crate) struct UntagResources {
    resources: Resources,
    keys: Vec<String>,
    all: bool,
}

impl Action for UntagResources {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "UntagResources",
        summary: "Take tags off resources.",
        codes: &[
            Code::MissingRegionIdForTags,
            Code::RegionIdNotFoundForTags,
            Code::MissingResourceType,
            Code::ResourceTypeNotFound,
            Code::MissingResourceIds,
            Code::ResourceIdsTooMany,
            Code::ResourceIdNotFound,
            Code::TagsTooMany,
            Code::AllAndTagKeys,
            Code::MissingTags,
            Code::TagKeyMalformed,
            Code::TagKeyDuplicate,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let resources = Resources::read(params, cx, true).map_err(without_full_stop)?;
        let keys: Vec<String> = params.list("TagKey").into_iter().map(|(_, key)| key.to_owned()).collect();
        let all = input::flag(params, "All")?;
        if all && !keys.is_empty() {
            return Err(Code::AllAndTagKeys.error());
        }
        if keys.len() > TAGS_AT_MOST {
            return Err(without_full_stop(Code::TagsTooMany.error()));
        }
        if keys.is_empty() && !all {
            return Err(without_full_stop(Code::MissingTags.error()));
        }
        if keys.iter().any(|key| key.parse::<TagKey>().is_err()) {
            return Err(Code::TagKeyMalformed.error());
        }
        if input::repeats(&keys) {
            return Err(Code::TagKeyDuplicate.error());
        }
        Ok(Self { resources, keys, all })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = self.resources.access(cx).into_iter();
        resources.map(|resource| Access { verb: "ecs:UntagResources", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let Self { resources, keys, all } = self;
        let keep = move |tag: &&Tag| !all && !keys.iter().any(|key| key == tag.key.as_str());
        resources.change(&cx, move |before| Ok(before.iter().filter(&keep).cloned().collect())).await?;
        Ok(Nothing {})
    }
}

/// The texts of this call stand without the full stop that the others' have.
fn without_full_stop(error: ApiError) -> ApiError {
    match error.code() {
        Code::MissingRegionIdForTags
        | Code::MissingResourceType
        | Code::MissingResourceIds
        | Code::MissingTags
        | Code::ResourceIdsTooMany
        | Code::TagsTooMany => error.code().with(error.code().text().trim_end_matches('.')),
        _ => error,
    }
}
