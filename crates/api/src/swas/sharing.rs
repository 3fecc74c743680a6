//! Sharing custom images with the servers of other accounts.

use meta::{Tx, accounts, visible};
use model::swas::CustomImage;
use model::{AccountId, ImageId};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Nothing};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::required;
use crate::resource::own;

/// Codes of the two calls.
pub(super) const CODES: &[Code] = &[
    Code::SwasRegionNotMatched,
    Code::SwasImageIdNotFound,
    Code::AccountForbidden,
    Code::AccountNotFound,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// A call about an image and some accounts.
pub(super) struct ShareCall {
    call: Call,
    image: ImageId,
    accounts: Vec<String>,
}

impl ShareCall {
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let accounts: Vec<String> = params.list("Account").into_iter().map(|(_, id)| id.to_owned()).collect();
        if accounts.is_empty() {
            return Err(ApiError::missing("Account"));
        }
        let image = required(params, "ImageId", Code::SwasImageIdNotFound)?;
        Ok(Self { call: Call::read(params, cx)?, image, accounts })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        self.call.access(cx, verb, &format!("customimage/{}", self.image))
    }

    /// Does to each account what `change` does, to all of them or none. The service publishes no codes; ECS's are its
    /// neighbours'.
    pub(super) async fn apply(
        self,
        cx: &Allowed<'_>,
        action: &'static str,
        change: fn(&mut Tx<'_>, &ImageId, AccountId, model::Timestamp) -> Result<(), meta::Error>,
    ) -> ApiResult<Nothing> {
        let (caller, now) = (cx.account(), cx.engine().clock().now());
        let Self { call, image, accounts } = self;
        let region = call.region.clone();
        let work = move |tx: &mut Tx<'_>| {
            own::<CustomImage>(tx, caller.at_swas(), &region, image.as_str(), Code::SwasImageIdNotFound)?;
            let known = accounts::list(tx)?;
            for text in &accounts {
                let id: AccountId = text.parse().map_err(|_| Code::AccountNotFound)?;
                if id == caller {
                    return Err(Code::AccountForbidden.error());
                }
                if !known.iter().any(|known| known.id == id) {
                    return Err(Code::AccountNotFound.error());
                }
                change(tx, &image, id.at_swas(), now)?;
            }
            Ok(())
        };
        call.once(cx, action, work).await?;
        Ok(Nothing {})
    }
}

/// Shares an image with an account.
pub(super) fn add(
    tx: &mut Tx<'_>,
    image: &ImageId,
    account: AccountId,
    now: model::Timestamp,
) -> Result<(), meta::Error> {
    visible::share(tx, image, account, now)
}

/// Takes an image from an account.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    image: &ImageId,
    account: AccountId,
    _now: model::Timestamp,
) -> Result<(), meta::Error> {
    visible::unshare(tx, image, account)
}
