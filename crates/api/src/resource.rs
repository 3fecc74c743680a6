//! What the rooms of resources have in common: finding one's own, listing them, and doing a call once.

use meta::resources::{self, Filter, Record, Stored};
use meta::tokens::TokenKey;
use meta::{Page, Scope, Tx};
use model::{AccountId, ClientToken, RegionId, Tag};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Allowed;
use crate::ecs::idempotency;
use crate::input::{PageNumber, PageToken};

/// The caller's resource with this id in a region, or the code for one that is not there.
pub(crate) fn own<R: Record>(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    id: &str,
    missing: Code,
) -> ApiResult<Stored<R>> {
    resources::get::<R>(tx, id)?
        .filter(|stored| stored.record.owner() == account && stored.record.region() == region)
        .ok_or_else(|| missing.error())
}

/// The caller's resource with this id wherever it is: for calls that need not say where.
pub(crate) fn own_anywhere<R: Record>(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: &str,
    missing: Code,
) -> ApiResult<Stored<R>> {
    let found = resources::get::<R>(tx, id)?;
    found.filter(|stored| stored.record.owner() == account).ok_or_else(|| missing.error())
}

/// A list of texts as JSON: `["i-1","i-2"]`. None when the parameter is absent.
pub(crate) fn json_list(params: &Params, name: &str, bad: impl Into<ApiError>) -> ApiResult<Option<Vec<String>>> {
    let Some(text) = params.get(name) else { return Ok(None) };
    serde_json::from_str(text).map(Some).map_err(|_| bad.into())
}

/// Entries of a list as JSON by which a list of ECS is filtered (DescribeInstances, DescribeDisks and others).
const LISTED_AT_MOST: usize = 100;

/// [`json_list`], which must not be longer than what ECS takes.
pub(crate) fn some_json_list(
    params: &Params,
    name: &str,
    bad: impl Into<ApiError>,
    too_many: impl Into<ApiError>,
) -> ApiResult<Option<Vec<String>>> {
    match json_list(params, name, bad)? {
        Some(list) if LISTED_AT_MOST < list.len() => Err(too_many.into()),
        list => Ok(list),
    }
}

/// What a page is asked for by: its number, or the token of the one before, which then counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    number: PageNumber,
    token: Option<PageToken>,
}

impl Paging {
    pub(crate) fn read(params: &Params) -> ApiResult<Self> {
        Ok(Self { number: PageNumber::read(params)?, token: PageToken::read(params)? })
    }

    /// [`Self::read`], for a call whose largest page by tokens is another.
    pub(crate) fn read_up_to(params: &Params, largest: u64) -> ApiResult<Self> {
        let token = PageToken::read_with(params, largest, || ApiError::invalid("NextToken"))?;
        Ok(Self { number: PageNumber::read(params)?, token })
    }

    /// [`Self::read`], for a call that has a code of its own for a token that is none.
    pub(crate) fn read_or(params: &Params, bad_token: Code) -> ApiResult<Self> {
        let token = PageToken::read_with(params, model::quota::LARGEST_PAGE, || bad_token.error())?;
        Ok(Self { number: PageNumber::read(params)?, token })
    }

    fn window(self) -> meta::images::Window {
        self.token.map_or_else(|| self.number.window(), PageToken::window)
    }

    /// The members that every page begins with.
    pub(crate) fn view<R>(self, page: &Page<R>) -> Value {
        let mut view = json!({
            "TotalCount": page.total,
            "PageNumber": self.number.number,
            "PageSize": self.window().limit,
        });
        if self.token.is_some() {
            view["NextToken"] = page.last.map_or_else(String::new, PageToken::write).into();
        }
        view
    }
}

/// One page of the caller's resources.
pub(crate) async fn page<R: Record + Send + Sync + 'static>(
    cx: &Allowed<'_>,
    region: &RegionId,
    filter: Filter,
    paging: Paging,
) -> ApiResult<Page<R>> {
    page_of(cx, cx.account(), region, filter, paging).await
}

/// One page of the resources of an account that acts for the caller.
pub(crate) async fn page_of<R: Record + Send + Sync + 'static>(
    cx: &Allowed<'_>,
    account: AccountId,
    region: &RegionId,
    filter: Filter,
    paging: Paging,
) -> ApiResult<Page<R>> {
    let (region, window) = (region.clone(), paging.window());
    Ok(cx.engine().meta().read(move |tx| resources::list(tx, account, &region, &filter, window)).await?)
}

/// Does a call's work in one transaction, once for a client token: the same call again gets the first answer.
pub(crate) async fn once<T>(
    cx: &Allowed<'_>,
    (region, action): (&RegionId, &'static str),
    (token, mismatch): (Option<ClientToken>, Code),
    work: impl FnMut(&mut Tx<'_>) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    once_of(cx, cx.account(), (region, action), (token, mismatch), work).await
}

/// [`once`], for an account that acts for the caller.
pub(crate) async fn once_of<T>(
    cx: &Allowed<'_>,
    account: AccountId,
    (region, action): (&RegionId, &'static str),
    (token, mismatch): (Option<ClientToken>, Code),
    mut work: impl FnMut(&mut Tx<'_>) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    let digest = idempotency::digest(cx.params());
    let now = cx.engine().clock().now();
    let key = token.map(|token| TokenKey { account, region: region.clone(), action, token });
    cx.engine()
        .meta()
        .write(Scope::Account(account), move |tx| {
            if let Some(key) = &key {
                match idempotency::recall(tx, key, &digest, now) {
                    Ok(Some(first)) => return serde_json::from_value(first).map_err(ApiError::internal),
                    Ok(None) => {}
                    Err(error) if error.code == Code::IdempotentParameterMismatch => return Err(mismatch.error()),
                    Err(error) => return Err(error),
                }
            }
            let answer = work(tx)?;
            if let Some(key) = &key {
                let value = serde_json::to_value(&answer).map_err(ApiError::internal)?;
                idempotency::remember(tx, key, &digest, &value, now)?;
            }
            Ok(answer)
        })
        .await
}

/// Tags as the lists of networks and of Simple Application Server show them.
pub(crate) fn short_tags_view(tags: &[Tag]) -> Value {
    tags.iter().map(|tag| json!({"Key": tag.key.as_str(), "Value": tag.value.as_str()})).collect()
}

/// Tags as most lists of ECS show them.
pub(crate) fn tags_view(tags: &[Tag]) -> Value {
    let one = |tag: &Tag| json!({"TagKey": tag.key.as_str(), "TagValue": tag.value.as_str()});
    json!({"Tag": tags.iter().map(one).collect::<Vec<_>>()})
}
