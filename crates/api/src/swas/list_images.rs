//! `ListImages`: what servers can be made from.
//!
//! A custom image is listed from its first moment: Terraform looks for it here as soon as it has its id.

use meta::images::{Filter, Window};
use meta::visible::{self, Whose};
use model::ImageStatus;
use serde_json::{Value, json};
use wire::Params;

use super::common::{Call, some_ids};
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// Ids of one call (ListImages, `ImageIds`).
const AT_MOST: usize = 50;

/// Images of one answer, which knows no pages: more than anybody has.
const EVERY: Window = Window { offset: 0, limit: 10_000, below: None };

/// The call.
pub(crate) struct ListImages {
    call: Call,
    /// Any, when none.
    ids: Option<Vec<String>>,
    system: bool,
    custom: bool,
}

impl Action for ListImages {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListImages",
        summary: "List the images that servers can be made from.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasImageTypeInvalid,
            Code::SwasParamInvalid,
            Code::ClientTokenMalformed,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let (system, custom) = match params.get("ImageType") {
            None => (true, true),
            Some("system") => (true, false),
            Some("custom") => (false, true),
            // The service's application images are its own.
            Some("app") => (false, false),
            Some(_) => return Err(Code::SwasImageTypeInvalid.error()),
        };
        Ok(Self {
            call: Call::read(params, cx)?,
            ids: some_ids(params, "ImageIds", AT_MOST, Code::SwasParamInvalid)?,
            system,
            custom,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListImages", "*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        if self.ids.as_ref().is_some_and(Vec::is_empty) {
            return Ok(json!({"Images": []}));
        }
        let found = cx.engine().meta().read(move |tx| {
            let ids = self.ids.clone().unwrap_or_default();
            let mut images = Vec::new();
            if self.system {
                let filter = Filter { statuses: vec![ImageStatus::Available], ids: ids.clone(), ..Filter::default() };
                images.extend(visible::list(tx, owner, &self.call.region, &[Whose::System], &filter, EVERY)?.items);
            }
            if self.custom {
                let filter = Filter { ids, ..Filter::default() };
                let whose = [Whose::Own, Whose::Shared];
                images.extend(visible::list(tx, owner, &self.call.region, &whose, &filter, EVERY)?.items);
            }
            Ok::<_, meta::Error>(images)
        });
        Ok(json!({"Images": found.await?.iter().map(views::image).collect::<Vec<_>>()}))
    }
}
