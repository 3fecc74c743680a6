//! `ListCustomImageShareAccounts`: the accounts that a custom image is shared with.

use meta::visible;
use model::swas::CustomImage;
use model::{AccountId, ImageId, Timestamp};
use serde_json::{Value, json};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{PageNumber, required};
use crate::resource::own;

/// Accounts of a page (ListCustomImageShareAccounts, `PageSize`).
const LARGEST_PAGE: u64 = 50;

/// The call.
pub(crate) struct ListCustomImageShareAccounts {
    call: Call,
    image: ImageId,
    page: PageNumber,
}

impl Action for ListCustomImageShareAccounts {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListCustomImageShareAccounts",
        summary: "List the accounts that a custom image is shared with.",
        codes: &[Code::SwasRegionNotMatched, Code::SwasImageIdNotFound, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let page = PageNumber::read(params)?;
        if LARGEST_PAGE < page.size {
            return Err(ApiError::invalid("PageSize"));
        }
        let image = required(params, "ImageId", Code::SwasImageIdNotFound)?;
        Ok(Self { call: Call::read(params, cx)?, image, page })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListCustomImageShareAccounts", &format!("customimage/{}", self.image))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, page) = (cx.account().at_swas(), self.page);
        let found = cx.engine().meta().read(move |tx| {
            own::<CustomImage>(tx, owner, &self.call.region, self.image.as_str(), Code::SwasImageIdNotFound)?;
            Ok::<_, ApiError>(visible::shared_with(tx, &self.image)?)
        });
        // The account itself stands there when the image is shared with ECS.
        let shares: Vec<_> = found.await?.into_iter().filter(|(account, _)| account.is_at_swas()).collect();
        let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let window = page.window();
        let users = shares.iter().skip(place(window.offset)).take(place(window.limit)).map(user);
        Ok(json!({
            "TotalCount": shares.len(),
            "PageNumber": page.number,
            "PageSize": page.size,
            "ImageShareUsers": users.collect::<Vec<_>>(),
        }))
    }
}

fn user((account, since): &(AccountId, Timestamp)) -> Value {
    // This list alone writes times without the letters, and with a fraction.
    let since = since.seconds().replace('T', " ").replace('Z', ".0");
    json!({"UserId": account.customer(), "SharedTime": since})
}
