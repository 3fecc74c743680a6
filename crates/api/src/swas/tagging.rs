//! What the tag calls have in common: which resources they are about, and how a resource's tags change.

use meta::Tx;
use meta::resources::{self, Record};
use model::quota::TAGGED_RESOURCES_PER_CALL;
use model::swas::CustomImage;
use model::tag::TAGS_AT_MOST;
use model::{AccountId, Disk, Instance, RegionId, Snapshot, Tag};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Nothing};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::own;

/// Kinds of resources that are tagged here.
const KINDS: &[&str] = &[Instance::KIND, Disk::KIND, Snapshot::KIND, CustomImage::KIND];

/// Kinds that the service tags and this server keeps no tags of: none of theirs can be found.
const OTHER_KINDS: &[&str] = &["command", "firewallrule"];

/// Resources of one call.
pub(super) struct Resources {
    pub(super) call: Call,
    pub(super) kind: String,
    pub(super) ids: Vec<String>,
}

impl Resources {
    /// Reads `ResourceType` and `ResourceId.N`, which may be absent where `ids_needed` is false.
    pub(super) fn read(params: &Params, cx: &Cx, ids_needed: bool) -> ApiResult<Self> {
        let kind = params.get("ResourceType").ok_or_else(|| ApiError::missing("ResourceType"))?.to_lowercase();
        if !KINDS.contains(&kind.as_str()) && !OTHER_KINDS.contains(&kind.as_str()) {
            return Err(ApiError::invalid("ResourceType"));
        }
        let ids: Vec<String> = params.list("ResourceId").into_iter().map(|(_, id)| id.to_owned()).collect();
        if ids.is_empty() && ids_needed {
            return Err(ApiError::missing("ResourceId"));
        }
        if TAGGED_RESOURCES_PER_CALL < ids.len() {
            return Err(ApiError::invalid("ResourceId"));
        }
        Ok(Self { call: Call::read(params, cx)?, kind, ids })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        if self.ids.is_empty() {
            return self.call.access(cx, verb, &format!("{}/*", self.kind));
        }
        self.ids.iter().flat_map(|id| self.call.access(cx, verb, &format!("{}/{id}", self.kind))).collect()
    }

    /// Changes the tags of every resource, or of none when one of them is not there.
    pub(super) async fn change(
        self,
        cx: &Allowed<'_>,
        action: &'static str,
        change: impl Fn(&mut Vec<Tag>) + Send + 'static,
    ) -> ApiResult<Nothing> {
        let owner = cx.account().at_swas();
        let Self { call, kind, ids } = self;
        let region = call.region.clone();
        let work =
            move |tx: &mut Tx<'_>| ids.iter().try_for_each(|id| change_one(tx, (owner, &region), (&kind, id), &change));
        call.once(cx, action, work).await?;
        Ok(Nothing {})
    }
}

/// Makes a resource's tags from the ones that it has.
type Change<'a> = &'a dyn Fn(&mut Vec<Tag>);

fn change_one(
    tx: &mut Tx<'_>,
    owner: (AccountId, &RegionId),
    (kind, id): (&str, &str),
    change: Change<'_>,
) -> ApiResult<()> {
    match kind {
        Instance::KIND => {
            change_record::<Instance>(tx, owner, (id, Code::SwasInstanceIdNotFound), |record| &mut record.tags, change)
        }
        Disk::KIND => {
            change_record::<Disk>(tx, owner, (id, Code::SwasDiskIdNotFound), |record| &mut record.tags, change)
        }
        Snapshot::KIND => {
            change_record::<Snapshot>(tx, owner, (id, Code::SwasSnapshotIdNotFound), |record| &mut record.tags, change)
        }
        CustomImage::KIND => {
            change_record::<CustomImage>(tx, owner, (id, Code::SwasImageIdNotFound), |record| &mut record.tags, change)
        }
        _ => Err(ApiError::invalid("ResourceId")),
    }
}

fn change_record<R: Record>(
    tx: &mut Tx<'_>,
    (owner, region): (AccountId, &RegionId),
    (id, missing): (&str, Code),
    tags_of: fn(&mut R) -> &mut Vec<Tag>,
    change: Change<'_>,
) -> ApiResult<()> {
    let before = own::<R>(tx, owner, region, id, missing)?;
    let mut after = before.record.clone();
    let tags = tags_of(&mut after);
    change(tags);
    tags.sort();
    if TAGS_AT_MOST < tags.len() {
        return Err(Code::TagQuotaExceeded.error());
    }
    resources::update(tx, &before, &after)?;
    Ok(())
}
