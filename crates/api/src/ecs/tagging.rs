//! What the tag calls have in common: which resources they are about, and how a resource's tags change.

use meta::resources::{self, Record};
use meta::tags::TagFilter;
use meta::{Scope, Tx, images};
use model::network::{KeyPair, SecurityGroup};
use model::quota::TAGGED_RESOURCES_PER_CALL;
use model::{AccountId, Disk, Image, ImageId, Instance, RegionId, Snapshot, Tag, TagKey, TagValue};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;
use crate::resource::own_anywhere;

/// Kinds of resources that are tagged here.
const KINDS: &[&str] =
    &[meta::tags::IMAGE, Instance::KIND, Disk::KIND, Snapshot::KIND, SecurityGroup::KIND, KeyPair::KIND];

/// Kinds of resources that the service tags and this server does not have: none of theirs can be found.
const OTHER_KINDS: &[&str] = &["volume", "eni", "ddh", "launchtemplate"];

/// Resources of one call.
pub(super) struct Resources {
    pub(super) region: RegionId,
    pub(super) kind: String,
    pub(super) ids: Vec<String>,
}

impl Resources {
    /// Reads `RegionId`, `ResourceType` and `ResourceId.N`, which may be absent where `ids_needed` is false.
    pub(super) fn read(params: &Params, cx: &Cx, ids_needed: bool) -> ApiResult<Self> {
        if params.get("RegionId").is_none() {
            return Err(Code::MissingRegionIdForTags.error());
        }
        let region = region(params, cx, Code::RegionIdNotFoundForTags)?;
        let kind = params.get("ResourceType").ok_or(Code::MissingResourceType)?.to_owned();
        if !KINDS.contains(&kind.as_str()) && !OTHER_KINDS.contains(&kind.as_str()) {
            return Err(Code::ResourceTypeNotFound.error());
        }
        let ids: Vec<String> = params.list("ResourceId").into_iter().map(|(_, id)| id.to_owned()).collect();
        if ids.is_empty() && ids_needed {
            return Err(Code::MissingResourceIds.error());
        }
        if ids.len() > TAGGED_RESOURCES_PER_CALL {
            return Err(Code::ResourceIdsTooMany.error());
        }
        Ok(Self { region, kind, ids })
    }

    /// The same for the older calls, which name one resource, in `ResourceId`.
    pub(super) fn read_one(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let kind = params.get("ResourceType").ok_or_else(|| ApiError::missing("ResourceType"))?.to_owned();
        if !KINDS.contains(&kind.as_str()) && !OTHER_KINDS.contains(&kind.as_str()) {
            return Err(Code::ResourceTypeNotFound.error());
        }
        let id = params.get("ResourceId").ok_or_else(|| ApiError::missing("ResourceId"))?.to_owned();
        Ok(Self { region, kind, ids: vec![id] })
    }

    /// Resource names for the policies.
    pub(super) fn access(&self, cx: &Cx) -> Vec<String> {
        let name = |id: &str| cx.resource("ecs", self.region.as_str(), &format!("{}/{id}", self.kind));
        match self.ids.as_slice() {
            [] => vec![name("*")],
            ids => ids.iter().map(|id| name(id)).collect(),
        }
    }

    /// [`Self::change`] for the older calls, which say of one resource that it is not there.
    pub(super) async fn change_the_one(
        self,
        cx: &Allowed<'_>,
        change: impl Fn(&[Tag]) -> ApiResult<Vec<Tag>> + Send + 'static,
    ) -> ApiResult<()> {
        self.change(cx, change).await.map_err(|error| match error.code() {
            Code::ResourceIdNotFound => Code::TagResourceIdNotFound.error(),
            _ => error,
        })
    }

    /// Changes the tags of every resource, or of none when one of them is not there.
    pub(super) async fn change(
        self,
        cx: &Allowed<'_>,
        change: impl Fn(&[Tag]) -> ApiResult<Vec<Tag>> + Send + 'static,
    ) -> ApiResult<()> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let owner = (account, &self.region);
                self.ids.iter().try_for_each(|id| change_one(tx, owner, &self.kind, id, &change))
            })
            .await
    }
}

/// Longest key of a tag.
pub(crate) const LONGEST_KEY: usize = 128;

/// Longest key that the older calls take.
pub(super) const LONGEST_KEY_OF_OLDER_CALLS: usize = 64;

/// Checks tags that a call filters by: keys and values that a resource may have.
pub(crate) fn check_filters(
    filters: &[TagFilter],
    longest_key: usize,
    (bad_key, bad_value): (Code, Code),
) -> ApiResult<()> {
    let is_key = |key: &str| key.chars().count() <= longest_key && key.parse::<TagKey>().is_ok();
    if filters.iter().any(|filter| !is_key(&filter.key)) {
        return Err(bad_key.error());
    }
    if filters.iter().flat_map(|filter| &filter.values).any(|value| value.parse::<TagValue>().is_err()) {
        return Err(bad_value.error());
    }
    Ok(())
}

/// Makes a resource's tags from the ones that it has.
type Change<'a> = &'a dyn Fn(&[Tag]) -> ApiResult<Vec<Tag>>;

fn change_one(
    tx: &mut Tx<'_>,
    owner: (AccountId, &RegionId),
    kind: &str,
    id: &str,
    change: Change<'_>,
) -> ApiResult<()> {
    match kind {
        meta::tags::IMAGE => change_image(tx, owner, id, change),
        Instance::KIND => change_record(tx, owner, id, change, |before, tags| Instance { tags, ..before }),
        Disk::KIND => change_record(tx, owner, id, change, |before, tags| Disk { tags, ..before }),
        Snapshot::KIND => change_snapshot(tx, owner.0, id, change),
        SecurityGroup::KIND => change_record(tx, owner, id, change, |before, tags| SecurityGroup { tags, ..before }),
        KeyPair::KIND => change_record(tx, owner, id, change, |before, tags| KeyPair { tags, ..before }),
        _ => Err(Code::ResourceIdNotFound.error()),
    }
}

fn change_image(
    tx: &mut Tx<'_>,
    (account, region): (AccountId, &RegionId),
    id: &str,
    change: Change<'_>,
) -> ApiResult<()> {
    let id: ImageId = id.parse().map_err(|_| Code::ResourceIdNotFound)?;
    let before = images::get(tx, &id)?
        .filter(|stored| stored.image.owner == account && stored.image.region == *region)
        .ok_or(Code::ResourceIdNotFound)?;
    let tags = change(&before.image.tags)?;
    if tags != before.image.tags {
        images::update(tx, &before, &Image { tags, ..before.image.clone() })?;
    }
    Ok(())
}

fn change_record<R: Record>(
    tx: &mut Tx<'_>,
    (account, region): (AccountId, &RegionId),
    id: &str,
    change: Change<'_>,
    with: fn(R, Vec<Tag>) -> R,
) -> ApiResult<()> {
    // Key pairs are known by their names.
    let found = match resources::get::<R>(tx, id)? {
        None => resources::by_name::<R>(tx, account, region, id)?.filter(|_| R::KIND == KeyPair::KIND),
        found => found,
    };
    let before = found
        .filter(|stored| stored.record.owner() == account && stored.record.region() == region)
        .ok_or(Code::ResourceIdNotFound)?;
    let tags = change(before.record.tags())?;
    resources::update(tx, &before, &with(before.record.clone(), tags))?;
    Ok(())
}

/// A snapshot is found wherever it is: clients that tag the snapshots of a copied image name the region that they are in.
fn change_snapshot(tx: &mut Tx<'_>, account: AccountId, id: &str, change: Change<'_>) -> ApiResult<()> {
    let before = own_anywhere::<Snapshot>(tx, account, id, Code::ResourceIdNotFound)?;
    let tags = change(&before.record.tags)?;
    resources::update(tx, &before, &Snapshot { tags, ..before.record.clone() })?;
    Ok(())
}
