//! `ListRegions`: the regions that this server serves.

use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::catalogue::LANGUAGES;
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListRegions {
    language: &'static str,
}

impl Action for ListRegions {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListRegions",
        summary: "List the regions that this server serves.",
        codes: &[],
    };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        // A language that nobody speaks is no fault here: the action has no code for it.
        let asked = params.get("AcceptLanguage").unwrap_or(LANGUAGES[0]);
        Ok(Self { language: LANGUAGES.into_iter().find(|known| *known == asked).unwrap_or(LANGUAGES[0]) })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "swas-open:ListRegions", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let catalogue = &cx.services().catalogue;
        let view = |region: &model::RegionId| {
            json!({
                "RegionId": region,
                "LocalName": catalogue.local_name(region, self.language),
                "RegionEndpoint": cx.cx().host,
            })
        };
        Ok(json!({"Regions": catalogue.regions.iter().map(view).collect::<Vec<_>>()}))
    }
}
