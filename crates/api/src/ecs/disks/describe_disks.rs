//! `DescribeDisks`: list disks.

use meta::resources::Filter;
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
            Code::RegionIdNotFound404,
            Code::DiskIdsInvalid,
            Code::DiskIdsTooMany,
            Code::DiskTypeNotSupported,
            Code::DiskCategoryNotSupported,
            Code::DiskStatusNotSupported,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_json_list(params, "DiskIds", Code::DiskIdsInvalid, Code::DiskIdsTooMany)?,
            names: params.get("DiskName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters(params)?,
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
        for (name, facet) in [("InstanceId", "instance"), ("SnapshotId", "snapshot"), ("ZoneId", "zone")] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        if let Some(goes) = input::optional_flag(params, "DeleteWithInstance")? {
            filter = filter.with("delete-with-instance", goes.to_string());
        }
        if params.get("ResourceGroupId").is_some() {
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
