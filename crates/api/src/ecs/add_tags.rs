//! `AddTags`: put tags on one resource, the older way.

use model::Tag;
use wire::Params;

use super::tag_resources::with;
use super::tagging::Resources;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// The call.
pub(crate) struct AddTags {
    resource: Resources,
    tags: Vec<Tag>,
}

impl Action for AddTags {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AddTags",
        summary: "Put tags on one resource (the older call).",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ResourceTypeNotFound,
            Code::TagResourceIdNotFound,
            Code::TagCountInvalid,
            Code::TagMismatch,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagKeyDuplicate,
            Code::TagQuotaExceeded,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let resource = Resources::read_one(params, cx)?;
        let tags = input::tags_or(params, Code::TagKeyDuplicate, Code::TagCountInvalid)?;
        if tags.is_empty() {
            return Err(Code::TagCountInvalid.error());
        }
        Ok(Self { resource, tags })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = self.resource.access(cx).into_iter();
        resources.map(|resource| Access { verb: "ecs:AddTags", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let Self { resource, tags } = self;
        resource.change_the_one(&cx, move |before| with(before, &tags)).await?;
        Ok(Nothing {})
    }
}
