//! `ListTagResources`: pairs of a resource and a tag.

use meta::tags::{self, Query, TagFilter};
use serde::Serialize;
use wire::Params;

use super::tagging::{LONGEST_KEY, Resources, check_filters};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;

/// Pairs of one page.
const PAGE: usize = 50;

/// `TagFilter.N` and `TagFilter.N.TagValues.N` that one call may name.
const FILTERS_AT_MOST: usize = 5;

/// The call.
pub(crate) struct ListTagResources {
    resources: Resources,
    filters: Vec<TagFilter>,
    after: Option<(String, String)>,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagPage {
    next_token: String,
    tag_resources: TagList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagList {
    tag_resource: Vec<TagView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagView {
    resource_type: String,
    resource_id: String,
    tag_key: String,
    tag_value: String,
}

impl Action for ListTagResources {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ListTagResources",
        summary: "List resources with their tags.",
        codes: &[
            Code::MissingRegionIdForTags,
            Code::RegionIdNotFoundForTags,
            Code::MissingResourceType,
            Code::ResourceTypeNotFound,
            Code::ResourceIdsTooMany,
            Code::TagMismatch,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagKeyDuplicate,
            Code::TagsTooMany,
            Code::TagsAndResourcesEmpty,
            Code::TagsBesideFilters,
            Code::TagFilterMalformed,
            Code::TagValuesTooMany,
            Code::NextTokenInvalid,
        ],
    };
    type Output = TagPage;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let resources = Resources::read(params, cx, false)?;
        let by_tag = input::tag_filters(params)?;
        check_filters(&by_tag, LONGEST_KEY, (Code::TagKeyMalformed, Code::TagValueMalformed))?;
        if by_tag.iter().enumerate().any(|(n, filter)| by_tag[..n].iter().any(|other| other.key == filter.key)) {
            return Err(Code::TagKeyDuplicate.error());
        }
        let by_filter = tag_filters(params)?;
        if !by_tag.is_empty() && !by_filter.is_empty() {
            return Err(Code::TagsBesideFilters.error());
        }
        let filters = [by_tag, by_filter].concat();
        if filters.is_empty() && resources.ids.is_empty() {
            return Err(Code::TagsAndResourcesEmpty.error());
        }
        let after = params.get("NextToken").map(|token| read_token(token).ok_or(Code::NextTokenInvalid)).transpose()?;
        Ok(Self { resources, filters, after })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:ListTagResources", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<TagPage> {
        let Self { resources, filters, after } = self;
        let kind = resources.kind.clone();
        let query = Query {
            account: cx.account(),
            region: resources.region,
            kind: resources.kind,
            resources: resources.ids,
            filters,
            after,
            limit: PAGE as u64 + 1,
        };
        let mut found = cx.engine().meta().read(move |tx| tags::list(tx, &query)).await?;
        let next_token = if found.len() > PAGE {
            found.truncate(PAGE);
            found.last().map_or_else(String::new, |last| write_token(&last.resource, &last.key))
        } else {
            String::new()
        };
        let view = |tag: tags::TaggedResource| TagView {
            resource_type: kind.clone(),
            resource_id: tag.resource,
            tag_key: tag.key,
            tag_value: tag.value,
        };
        let tag_resource = found.into_iter().map(view).collect();
        Ok(TagPage { next_token, tag_resources: TagList { tag_resource } })
    }
}

fn tag_filters(params: &Params) -> ApiResult<Vec<TagFilter>> {
    let (items, bad) = (params.items("TagFilter"), Code::TagFilterMalformed);
    if items.len() > FILTERS_AT_MOST {
        return Err(Code::TagFilterMalformed.error());
    }
    items
        .iter()
        .map(|(_, item)| {
            let key = item.get("TagKey").ok_or(Code::TagFilterMalformed)?.to_owned();
            let values: Vec<String> = item.list("TagValues").into_iter().map(|(_, value)| value.to_owned()).collect();
            if values.len() > FILTERS_AT_MOST {
                return Err(Code::TagValuesTooMany.error());
            }
            let filter = TagFilter { key, values };
            check_filters(std::slice::from_ref(&filter), LONGEST_KEY, (bad, bad))?;
            Ok(filter)
        })
        .collect()
}

/// A token is the last pair of a page, opaque to clients: a page after it does not move when tags come and go.
fn write_token(resource: &str, key: &str) -> String {
    hex::encode(format!("{resource}\n{key}"))
}

fn read_token(token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(hex::decode(token).ok()?).ok()?;
    let (resource, key) = text.split_once('\n')?;
    Some((resource.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        assert_eq!(read_token(&write_token("m-1", "环境")), Some(("m-1".into(), "环境".into())));
        for bad in ["x", "00", "ff", "616263"] {
            assert_eq!(read_token(bad), None, "{bad}");
        }
    }
}
