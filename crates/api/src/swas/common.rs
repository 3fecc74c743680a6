//! What the rooms of Simple Application Server have in common.

use meta::resources::{self, Stored};
use meta::{Page, Tx};
use model::instance::Market;
use model::{AccountId, ClientToken, Disk, Image, ImageId, Instance, InstanceStatus, RegionId, Tag, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::Params;

use crate::action::Access;
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, optional};
use crate::resource::{Paging, json_list, once_of, own};

/// Longest key and value of a tag, which is half of what ECS takes (CreateCustomImage, `Tag`).
const LONGEST_TAG: usize = 64;

/// Longest name of a server or a snapshot (UpdateInstanceAttribute, CreateSnapshot).
pub(super) const LONGEST_NAME: usize = 50;

/// What every call has.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) region: RegionId,
    token: Option<ClientToken>,
}

impl Call {
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { region: region(params, cx)?, token: optional(params, "ClientToken", Code::ClientTokenMalformed)? })
    }

    /// The one question to the policies that most calls ask.
    pub(super) fn access(&self, cx: &Cx, verb: &'static str, relative: &str) -> Vec<Access> {
        vec![Access { verb, resource: cx.resource("swas-open", self.region.as_str(), relative) }]
    }

    /// Does the call's work in one transaction, once for its client token.
    pub(super) async fn once<T>(
        &self,
        cx: &Allowed<'_>,
        action: &'static str,
        work: impl FnMut(&mut Tx<'_>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let token = (self.token.clone(), Code::IdempotentParameterMismatch);
        once_of(cx, cx.account().at_swas(), (&self.region, action), token, work).await
    }
}

/// The region of a call: the one that it names, else the one that the host names, else the first.
pub(super) fn region(params: &Params, cx: &Cx) -> ApiResult<RegionId> {
    if params.get("RegionId").is_some() {
        return input::region(params, cx, Code::SwasRegionNotMatched);
    }
    let catalogue = &cx.services.catalogue;
    let named = cx.host.split(['.', ':']).filter_map(|label| label.parse().ok());
    Ok(named.into_iter().find(|region| catalogue.serves(region)).unwrap_or_else(|| catalogue.default_region().clone()))
}

/// Reads tags that are to be put on something.
pub(super) fn tags(params: &Params) -> ApiResult<Vec<Tag>> {
    let tags = input::tags(params, Code::TagKeyDuplicate)?;
    if tags.iter().any(|tag| LONGEST_TAG < tag.key.as_str().chars().count()) {
        return Err(Code::TagKeyMalformed.error());
    }
    if tags.iter().any(|tag| LONGEST_TAG < tag.value.as_str().chars().count()) {
        return Err(Code::TagValueMalformed.error());
    }
    Ok(tags)
}

/// Ids that a call must name, in the text of a JSON array.
pub(super) fn ids(params: &Params, name: &str, most: usize) -> ApiResult<Vec<String>> {
    let ids = some_ids(params, name, most, ApiError::invalid(name))?.ok_or_else(|| ApiError::missing(name))?;
    if ids.is_empty() { Err(ApiError::missing(name)) } else { Ok(ids) }
}

/// Ids that a call may name, in the text of a JSON array.
pub(super) fn some_ids(
    params: &Params,
    name: &str,
    most: usize,
    bad: impl Into<ApiError>,
) -> ApiResult<Option<Vec<String>>> {
    let bad = bad.into();
    match json_list(params, name, ApiError::invalid(name)) {
        Ok(Some(ids)) if most < ids.len() => Err(bad),
        Err(_) => Err(bad),
        found => found,
    }
}

/// The members that every page begins with.
pub(super) fn page_view<R>(paging: Paging, page: &Page<R>, list: &str, items: Vec<Value>) -> Value {
    let mut view = paging.view(page);
    view[list] = items.into();
    view
}

/// The server with this id, which must be there.
pub(super) fn server(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId, id: &str) -> ApiResult<Stored<Instance>> {
    let found = own::<Instance>(tx, owner, region, id, Code::SwasInstanceIdNotFound)?;
    debug_assert_eq!(found.record.market, Market::Swas, "nothing else is sold to this account");
    Ok(found)
}

/// The server of a disk.
pub(super) fn server_of(tx: &mut Tx<'_>, disk: &Disk) -> ApiResult<Stored<Instance>> {
    let id = disk.instance.as_ref().ok_or_else(|| ApiError::internal("a disk is of no server"))?;
    server(tx, disk.owner, &disk.region, id.as_str())
}

/// Whether a server is at rest, one way or the other, and paid for.
pub(super) fn at_rest(server: &Instance, now: Timestamp) -> bool {
    matches!(server.status, InstanceStatus::Running | InstanceStatus::Stopped) && !is_expired(server, now)
}

/// Whether the time is over that a server was paid for.
pub(super) fn is_expired(server: &Instance, now: Timestamp) -> bool {
    server.expires.is_some_and(|end| end <= now)
}

/// How many servers there are in a region.
pub(super) fn servers(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId) -> ApiResult<u64> {
    Ok(resources::total::<Instance>(tx, owner, region)?)
}

/// An image from which servers can be made: the deployment's, one's own, or one that another account shares.
pub(super) fn usable_image(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId, id: &ImageId) -> ApiResult<Image> {
    let found = meta::visible::for_use(tx, owner, region, id)?.filter(|image| image.status.is_usable());
    found.ok_or_else(|| Code::SwasImageIdNotFound.error())
}
