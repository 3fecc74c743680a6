//! `DescribeTags`: the tags that the caller's resources have, the older way, and how many of each kind have each.

use std::collections::BTreeMap;

use meta::tags::{self, Query};
use model::RegionId;
use serde_json::{Map, Value, json};
use wire::Params;

use super::tagging::{LONGEST_KEY_OF_OLDER_CALLS, check_filters};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, PageNumber, region};

/// Kinds, and what the answer calls them.
const KINDS: &[(&str, &str)] = &[
    ("instance", "Instance"),
    ("disk", "Disk"),
    ("image", "Image"),
    ("snapshot", "Snapshot"),
    ("securitygroup", "Securitygroup"),
    ("keypair", "KeyPair"),
];

/// Tags of a kind that one answer looks at.
const AT_MOST: u64 = 100_000;

/// The call.
pub(crate) struct DescribeTags {
    region: RegionId,
    kind: Option<&'static str>,
    resource: Option<String>,
    filters: Vec<tags::TagFilter>,
    page: PageNumber,
}

impl Action for DescribeTags {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeTags",
        summary: "List tags and how many resources have them (the older call).",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ResourceTypeNotFound,
            Code::TagCountInvalid,
            Code::TagMismatch,
            Code::TagKeyIllegal,
            Code::TagValueIllegal,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let kind = match params.get("ResourceType") {
            None => None,
            Some(text) => {
                let known = KINDS.iter().find(|(kind, _)| *kind == text).ok_or(Code::ResourceTypeNotFound)?;
                Some(known.0)
            }
        };
        let filters = input::tag_filters_or(params, Code::TagCountInvalid)?;
        check_filters(&filters, LONGEST_KEY_OF_OLDER_CALLS, (Code::TagKeyIllegal, Code::TagValueIllegal))?;
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            kind,
            resource: params.get("ResourceId").map(str::to_owned),
            filters,
            page: PageNumber::read(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeTags", resource: cx.resource("ecs", self.region.as_str(), "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let Self { region, kind, resource, filters, page } = self;
        let counted = cx.engine().meta().read(move |tx| {
            let mut counts: BTreeMap<(String, String), BTreeMap<&str, u64>> = BTreeMap::new();
            for (name, shown) in KINDS.iter().filter(|(name, _)| kind.is_none_or(|kind| kind == *name)) {
                let query = Query {
                    account,
                    region: region.clone(),
                    kind: (*name).to_owned(),
                    resources: resource.clone().into_iter().collect(),
                    filters: filters.clone(),
                    after: None,
                    limit: AT_MOST,
                };
                for tag in tags::list(tx, &query)? {
                    *counts.entry((tag.key, tag.value)).or_default().entry(shown).or_default() += 1;
                }
            }
            Ok::<_, meta::Error>(counts)
        });
        let counted = counted.await?;
        let total = counted.len();
        let window = page.window();
        let (skip, take) = (usize::try_from(window.offset), usize::try_from(window.limit));
        let shown = counted.into_iter().skip(skip.unwrap_or(usize::MAX)).take(take.unwrap_or(usize::MAX));
        let view = |((key, value), counts): ((String, String), BTreeMap<&str, u64>)| {
            let counts: Map<String, Value> = KINDS
                .iter()
                .map(|(_, shown)| ((*shown).to_owned(), counts.get(shown).copied().unwrap_or(0).into()))
                .collect();
            json!({"TagKey": key, "TagValue": value, "ResourceTypeCount": counts})
        };
        Ok(json!({
            "TotalCount": total,
            "PageNumber": page.number,
            "PageSize": page.size,
            "Tags": {"Tag": shown.map(view).collect::<Vec<_>>()},
        }))
    }
}
