//! `DescribeDisks`: list disks.

use meta::resources::Filter;
use model::quota::LARGEST_PAGE_OF_DISKS;
use model::{Disk, DiskCategory, DiskStatus, DiskType, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::{Paging, page, some_json_list, tags_view};

/// The call.
pub(crate) struct DescribeDisks {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    dry_run: bool,
}

impl Action for DescribeDisks {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeDisks",
        summary: "List disks.",
        codes: &[
            Code::DisksRegionMissing,
            Code::DisksRegionNotFound,
            Code::DisksZoneNotFound,
            Code::DisksSnapshotInvalid,
            Code::DisksFilterKeyNotFound,
            Code::DisksFilterValueInvalid,
            Code::LockReasonNotFound,
            Code::DiskIdsInvalid,
            Code::DiskIdsTooMany,
            Code::DiskTypeNotSupported,
            Code::DiskCategoryNotSupported,
            Code::DiskStatusNotSupported,
            Code::TagMismatch,
            Code::TagCountInvalid,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("RegionId").is_none() {
            return Err(Code::DisksRegionMissing.error());
        }
        let region = region(params, cx, Code::DisksRegionNotFound)?;
        let mut filter = Filter {
            ids: some_json_list(params, "DiskIds", Code::DiskIdsInvalid, Code::DiskIdsTooMany)?,
            names: params.get("DiskName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters_or(params, Code::TagCountInvalid)?,
            ..Filter::default()
        };
        // `All` and `all` are what the service says for "any".
        let given = |name: &str| params.get(name).filter(|text| !text.eq_ignore_ascii_case("all"));
        if let Some(text) = given("DiskType") {
            let kind: DiskType = text.parse().map_err(|_| Code::DiskTypeNotSupported)?;
            filter = filter.with("type", kind.as_str());
        }
        if let Some(text) = given("Category") {
            let category: DiskCategory = text.parse().map_err(|_| Code::DiskCategoryNotSupported)?;
            filter = filter.with("category", category.as_str());
        }
        if let Some(text) = given("Status") {
            // Creating and ReIniting are states that no disk of this server is ever seen in.
            let known: Result<DiskStatus, _> = text.parse();
            if known.is_err() && !["Creating", "ReIniting"].contains(&text) {
                return Err(Code::DiskStatusNotSupported.error());
            }
            filter = filter.with("status", text);
        }
        if params.get("ZoneId").is_some_and(|zone| !cx.services.catalogue.zones(&region).iter().any(|one| one == zone))
        {
            return Err(Code::DisksZoneNotFound.error());
        }
        if params.get("SnapshotId").is_some_and(|id| !id.starts_with("s-")) {
            return Err(Code::DisksSnapshotInvalid.error());
        }
        (filter.created_from, filter.created_to) = input::creation_filters(
            params,
            |_| Code::DisksFilterValueInvalid.error(),
            |_, _| Err(Code::DisksFilterKeyNotFound.error()),
        )?;
        let is_locked = input::lock_reason(params, &["financial", "security"], Code::LockReasonNotFound)?;
        for (name, facet) in [("InstanceId", "instance"), ("SnapshotId", "snapshot"), ("ZoneId", "zone")] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        if let Some(goes) = input::optional_flag(params, "DeleteWithInstance")? {
            filter = filter.with("delete-with-instance", goes.to_string());
        }
        if asks_for_none(params)? || is_locked {
            filter.ids = Some(Vec::new());
        }
        Ok(Self {
            region,
            filter,
            paging: Paging::read_up_to(params, LARGEST_PAGE_OF_DISKS)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeDisks", resource: cx.resource("ecs", self.region.as_str(), "disk/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        view["Disks"] = json!({"Disk": found.items.iter().map(disk).collect::<Vec<_>>()});
        Ok(view)
    }
}

/// Whether a call asks for what no disk of this server is: of a group, encrypted, shared, paid for in advance, with a
/// policy of snapshots.
fn asks_for_none(params: &Params) -> ApiResult<bool> {
    let is_named =
        ["ResourceGroupId", "KMSKeyId", "AutoSnapshotPolicyId"].iter().any(|name| params.get(name).is_some());
    let is = |name: &str, values: &[&str]| params.get(name).is_some_and(|value| values.contains(&value));
    Ok(is_named
        || is("MultiAttach", &["Enabled", "LegacyShared"])
        || is("DiskChargeType", &["PrePaid"])
        || input::flag(params, "Encrypted")?
        || input::flag(params, "EnableAutomatedSnapshotPolicy")?)
}

fn disk(disk: &Disk) -> Value {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    json!({
        "DiskId": disk.id,
        "DiskName": disk.name,
        "Description": disk.description,
        "RegionId": disk.region,
        "ZoneId": disk.zone,
        "Type": disk.disk_type,
        "Category": disk.category,
        "PerformanceLevel": disk.performance_level,
        "Size": disk.size_gib,
        "Status": disk.status,
        "InstanceId": text(disk.instance.as_ref().map(|id| id.as_str())),
        "Device": disk.device,
        "ImageId": text(disk.image.as_ref().map(|id| id.as_str())),
        "SourceSnapshotId": text(disk.source_snapshot.as_ref().map(|id| id.as_str())),
        "SerialNumber": disk.serial(),
        "Portable": !disk.is_system(),
        "Encrypted": false,
        "KMSKeyId": "",
        "DeleteWithInstance": disk.delete_with_instance,
        "DeleteAutoSnapshot": disk.delete_auto_snapshot,
        "EnableAutoSnapshot": true,
        "EnableAutomatedSnapshotPolicy": false,
        "AutoSnapshotPolicyId": "",
        "DiskChargeType": "PostPaid",
        "ExpiredTime": "2999-09-08T16:00Z",
        "CreationTime": disk.created.seconds(),
        "AttachedTime": disk.attached.map_or_else(String::new, |at| at.seconds()),
        "DetachedTime": disk.detached.map_or_else(String::new, |at| at.seconds()),
        "MultiAttach": "Disabled",
        "BurstingEnabled": false,
        "ProductCode": "",
        "ResourceGroupId": "",
        "IOPS": 0,
        "IOPSRead": 0,
        "IOPSWrite": 0,
        "StorageSetId": "",
        "MountInstanceNum": u8::from(disk.instance.is_some()),
        "Attachments": {"Attachment": disk.instance.iter().map(|id| json!({
            "InstanceId": id,
            "Device": disk.device,
            "AttachedTime": disk.attached.map_or_else(String::new, |at| at.seconds()),
        })).collect::<Vec<_>>()},
        "MountInstances": {"MountInstance": []},
        "OperationLocks": {"OperationLock": []},
        "Tags": tags_view(&disk.tags),
    })
}
