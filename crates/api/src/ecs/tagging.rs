//! What the tag calls have in common: which resources they are about, and how a resource's tags change.

use meta::images;
use meta::{Scope, Tx};
use model::quota::TAGGED_RESOURCES_PER_CALL;
use model::{AccountId, Image, ImageId, RegionId, Tag};
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;

/// Kinds of resources that the service tags and this server does not have yet: none of theirs can be found.
const OTHER_KINDS: &[&str] =
    &["instance", "disk", "snapshot", "securitygroup", "volume", "eni", "ddh", "keypair", "launchtemplate"];

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
        if kind != meta::tags::IMAGE && !OTHER_KINDS.contains(&kind.as_str()) {
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

    /// Resource names for the policies.
    pub(super) fn access(&self, cx: &Cx) -> Vec<String> {
        let name = |id: &str| cx.resource("ecs", self.region.as_str(), &format!("{}/{id}", self.kind));
        match self.ids.as_slice() {
            [] => vec![name("*")],
            ids => ids.iter().map(|id| name(id)).collect(),
        }
    }

    /// Changes the tags of every resource, or of none when one of them is not there.
    pub(super) async fn change(
        self,
        cx: &Allowed<'_>,
        change: impl Fn(&[Tag]) -> ApiResult<Vec<Tag>> + Send + 'static,
    ) -> ApiResult<()> {
        if self.kind != meta::tags::IMAGE {
            return Err(Code::ResourceIdNotFound.error());
        }
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                self.ids.iter().try_for_each(|id| change_one(tx, account, &self.region, id, &change))
            })
            .await
    }
}

fn change_one(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    id: &str,
    change: &impl Fn(&[Tag]) -> ApiResult<Vec<Tag>>,
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
