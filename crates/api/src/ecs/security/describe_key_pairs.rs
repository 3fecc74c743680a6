//! `DescribeKeyPairs`: list key pairs.

use meta::resources::Filter;
use model::RegionId;
use model::network::KeyPair;
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::{Paging, page, tags_view};

/// The call.
pub(crate) struct DescribeKeyPairs {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    with_keys: bool,
}

impl Action for DescribeKeyPairs {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeKeyPairs",
        summary: "List key pairs.",
        codes: &[Code::RegionIdNotFound404, Code::TagMismatch, Code::TagsTooMany],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            names: params.get("KeyPairName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        if let Some(print) = params.get("KeyPairFingerPrint") {
            filter = filter.with("fingerprint", print);
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            filter,
            paging: Paging::read(params)?,
            with_keys: input::flag(params, "IncludePublicKey")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeKeyPairs", resource: cx.resource("ecs", self.region.as_str(), "keypair/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        let one = |pair: &KeyPair| {
            let mut view = json!({
                "KeyPairId": pair.id,
                "KeyPairName": pair.name,
                "KeyPairFingerPrint": pair.fingerprint,
                "ResourceGroupId": "",
                "CreationTime": pair.created.seconds(),
                "Tags": tags_view(&pair.tags),
            });
            if self.with_keys {
                view["PublicKey"] = json!(pair.public_key);
            }
            view
        };
        view["KeyPairs"] = json!({"KeyPair": found.items.iter().map(one).collect::<Vec<_>>()});
        Ok(view)
    }
}
