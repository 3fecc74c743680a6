//! `DescribeSnapshots`: list snapshots.

use meta::resources::Filter;
use model::{DiskType, RegionId, Snapshot, SnapshotStatus};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::{Paging, page, some_json_list, tags_view};

/// The call.
pub(crate) struct DescribeSnapshots {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    dry_run: bool,
}

impl Action for DescribeSnapshots {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeSnapshots",
        summary: "List snapshots.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::SnapshotIdsTooMany,
            Code::SnapshotStatusNotFound,
            Code::SnapshotTypeNotFound,
            Code::SourceDiskTypeInvalid,
            Code::SnapshotUsageInvalid,
            Code::SnapshotsFilterKeyNotFound,
            Code::SnapshotsFilterValueInvalid,
            Code::TagMismatch,
            Code::TagCountInvalid,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_json_list(params, "SnapshotIds", ApiError::invalid("SnapshotIds"), Code::SnapshotIdsTooMany)?,
            names: params.get("SnapshotName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters_or(params, Code::TagCountInvalid)?,
            ..Filter::default()
        }
        .with("market", "Ecs");
        let given = |name: &str| params.get(name).filter(|text| !text.eq_ignore_ascii_case("all"));
        if let Some(text) = given("Status") {
            let status: SnapshotStatus = text.parse().map_err(|_| Code::SnapshotStatusNotFound)?;
            filter = filter.with("status", status.as_str());
        }
        if let Some(text) = params.get("SourceDiskType") {
            let kind: DiskType = text.to_lowercase().parse().map_err(|_| Code::SourceDiskTypeInvalid)?;
            filter = filter.with("disk-type", kind.as_str());
        }
        for (name, facet) in [("DiskId", "disk"), ("InstanceId", "instance")] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        match given("SnapshotType") {
            None | Some("user") => {}
            // Nothing takes automatic snapshots here.
            Some("auto") => filter.ids = Some(Vec::new()),
            Some(_) => return Err(Code::SnapshotTypeNotFound.error()),
        }
        match params.get("Usage") {
            None => {}
            Some("image" | "disk" | "image_disk" | "none") => {}
            Some(_) => return Err(Code::SnapshotUsageInvalid.error()),
        }
        (filter.created_from, filter.created_to) = input::creation_filters(
            params,
            |_| Code::SnapshotsFilterValueInvalid.error(),
            |_, _| Err(Code::SnapshotsFilterKeyNotFound.error()),
        )?;
        if params.get("ResourceGroupId").is_some() || input::flag(params, "Encrypted")? {
            filter.ids = Some(Vec::new());
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            filter,
            paging: Paging::read(params)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeSnapshots", resource: cx.resource("ecs", self.region.as_str(), "snapshot/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        view["Snapshots"] = json!({"Snapshot": found.items.iter().map(snapshot).collect::<Vec<_>>()});
        Ok(view)
    }
}

fn snapshot(snapshot: &Snapshot) -> Value {
    json!({
        "SnapshotId": snapshot.id,
        "SnapshotSN": "",
        "SnapshotName": snapshot.name,
        "SnapshotType": "user",
        "SnapshotLinkId": format!("sl-{}", snapshot.source_disk.trim_start_matches("d-")),
        "Description": snapshot.description,
        "RegionId": snapshot.region,
        "Status": snapshot.status,
        "Progress": format!("{}%", snapshot.progress),
        "RemainTime": 0,
        // Its bytes are fixed from the first moment: it can be read while they go into the store.
        "Available": snapshot.status != SnapshotStatus::Failed,
        "Category": "standard",
        "InstantAccess": false,
        "SourceDiskId": snapshot.source_disk,
        "SourceDiskType": snapshot.source_type,
        "SourceDiskSize": snapshot.source_size_gib.to_string(),
        "SourceStorageType": "disk",
        "Usage": if snapshot.images.is_empty() { "none" } else { "image" },
        "Encrypted": false,
        "KMSKeyId": "",
        "RetentionDays": snapshot.retention_days.unwrap_or(0),
        "ProductCode": "",
        "ResourceGroupId": "",
        "CreationTime": snapshot.created.seconds(),
        "LastModifiedTime": snapshot.modified.seconds(),
        "Tags": tags_view(&snapshot.tags),
    })
}
