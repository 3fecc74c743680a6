//! Servers, disks, snapshots and images on the wire. Lists are bare arrays here, and unset texts are empty.

use engine::machines::disks_of;
use meta::resources;
use meta::{Tx, images, visible};
use model::swas::CustomImage;
use model::{Disk, DiskType, Image, ImageStatus, Instance, OsType, Snapshot, Timestamp};
use serde_json::{Value, json};

use super::common::is_expired;
use super::plans::{DISK_CATEGORY, PLAN_TYPE, Plan};
use crate::resource::short_tags_view;

/// A server in a list.
pub(super) fn server(tx: &mut Tx<'_>, server: &Instance, now: Timestamp) -> Result<Value, meta::Error> {
    let disks = disks_of(tx, server)?;
    let image = images::get(tx, &server.image)?.map(|stored| stored.image);
    let plan = Plan::find(&server.instance_type);
    let place = &server.place;
    Ok(json!({
        "InstanceId": server.id,
        "InstanceName": server.name,
        "RegionId": server.region,
        "Status": server.status,
        "BusinessStatus": if is_expired(server, now) { "Expired" } else { "Normal" },
        "ChargeType": "PrePaid",
        "CreationTime": server.created.seconds(),
        "ExpiredTime": server.expires.map_or_else(String::new, |end| end.seconds()),
        "PlanId": server.instance_type,
        "PlanType": PLAN_TYPE,
        "ImageId": server.image,
        "Image": {
            "ImageName": image.as_ref().map_or("", |image| image.name.as_str()),
            "ImageType": image.as_ref().map_or("custom", image_type),
            "ImageVersion": image.as_ref().map_or("", |image| image.version.as_str()),
            "ImageIconUrl": "",
            "ImageContact": "",
            "OsType": os_type(server.os_type),
        },
        "PublicIpAddress": place.host_address,
        "InnerIpAddress": place.private_ip,
        "NetworkAttributes": [{
            "PublicIpAddress": place.host_address,
            "PrivateIpAddress": place.private_ip,
            "PeakBandwidth": server.bandwidth_out,
            "PublicIpDdosStatus": "Normal",
        }],
        "DdosStatus": "Normal",
        // Why it does not run, or that nothing boots here: the service has no better place for it.
        "DisableReason": server.reason,
        "Combination": false,
        "CombinationInstanceId": "",
        "Uuid": server.serial,
        "ResourceGroupId": "",
        "ResourceSpec": {
            "Cpu": server.cpus,
            "Memory": f64::from(server.memory_mib) / 1024.0,
            "DiskSize": server.plan_disk_gib,
            "DiskCategory": DISK_CATEGORY,
            "Bandwidth": server.bandwidth_out,
            "Flow": plan.map_or(0.0, |plan| f64::from(plan.flow_gib)),
        },
        "Disks": disks.iter().map(|stored| disk_with(&stored.record, "DiskTags")).collect::<Vec<_>>(),
        "Tags": short_tags_view(&server.tags),
    }))
}

/// A disk in a list.
pub(super) fn disk(tx: &mut Tx<'_>, disk: &Disk) -> Result<Value, meta::Error> {
    let server = match &disk.instance {
        None => None,
        Some(id) => resources::get::<Instance>(tx, id.as_str())?.map(|stored| stored.record),
    };
    let mut view = disk_with(disk, "Tags");
    view["InstanceId"] = server.as_ref().map_or("", |server| server.id.as_str()).into();
    view["InstanceName"] = server.as_ref().map_or("", |server| server.name.as_str()).into();
    Ok(view)
}

/// What both lists say of a disk. They call its tags differently.
fn disk_with(disk: &Disk, tags: &str) -> Value {
    json!({
        "DiskId": disk.id,
        "DiskName": disk.name,
        "DiskType": disk_type(disk.disk_type),
        "DiskChargeType": "PrePaid",
        "Category": DISK_CATEGORY,
        "RegionId": disk.region,
        "Device": disk.device,
        "Size": disk.size_gib,
        "Status": disk.status,
        "Remark": disk.description,
        "ResourceGroupId": "",
        "CreationTime": disk.created.seconds(),
        tags: short_tags_view(&disk.tags),
    })
}

/// A snapshot in a list.
pub(super) fn snapshot(snapshot: &Snapshot) -> Value {
    json!({
        "SnapshotId": snapshot.id,
        "SnapshotName": snapshot.name,
        "RegionId": snapshot.region,
        // Lower case, as the service says it now; its documents begin the words with capitals.
        "Status": snapshot.status,
        "Progress": format!("{}%", snapshot.progress),
        "Remark": snapshot.description,
        "SourceDiskId": snapshot.source_disk,
        "SourceDiskType": disk_type(snapshot.source_type),
        "InstanceId": snapshot.instance.as_ref().map_or("", |id| id.as_str()),
        "RollbackTime": "",
        "ResourceGroupId": "",
        "CreationTime": snapshot.created.seconds(),
        "Tags": short_tags_view(&snapshot.tags),
    })
}

/// A custom image in a list.
pub(super) fn custom_image(tx: &mut Tx<'_>, custom: &CustomImage) -> Result<Value, meta::Error> {
    let image = images::get(tx, &custom.id)?.map(|stored| stored.image);
    let image = image.as_ref();
    let size = |index: usize| image.and_then(|image| image.disks.get(index)).map_or(0, |disk| disk.size_gib);
    let made = resources::all_with::<Instance>(tx, "image", custom.id.as_str())?;
    let made: Vec<_> =
        made.into_iter().filter(|stored| stored.record.owner == custom.owner).map(|stored| stored.record.id).collect();
    let shares = visible::shared_with(tx, &custom.id)?;
    let mut name = |id: &str| resources::get::<Snapshot>(tx, id).map(|found| found.map(|found| found.record.name));
    let data = custom.data_snapshot.as_ref().map_or("", |id| id.as_str());
    Ok(json!({
        "ImageId": custom.id,
        "Name": custom.name,
        "Description": image.map_or("", |image| image.description.as_str()),
        "RegionId": custom.region,
        "Status": image.map_or("3", |image| status(image.status)),
        "InstanceId": custom.instance,
        "InstanceName": custom.instance_name,
        "SystemSnapshotId": custom.system_snapshot,
        "SystemSnapshotName": name(custom.system_snapshot.as_str())?.unwrap_or_default(),
        "DataSnapshotId": data,
        "DataSnapshotName": name(data)?.unwrap_or_default(),
        "SourceImageName": custom.source.0,
        "SourceImageVersion": custom.source.1,
        "OsType": os_type(image.map_or(OsType::Linux, |image| image.os_type)),
        "RequiredSystemDiskSize": size(0),
        "RequiredDataDiskSize": size(1),
        "InShare": custom.in_ecs,
        "InShareUser": shares.iter().any(|(account, _)| account.is_at_swas()),
        "CreateInstances": made,
        "UserId": custom.owner.customer(),
        "ResourceGroupId": custom.resource_group,
        "CreationTime": custom.created.seconds(),
        "Tags": short_tags_view(&custom.tags),
    }))
}

/// An image that servers can be made from, or will be.
pub(super) fn image(image: &Image) -> Value {
    json!({
        "ImageId": image.id,
        "ImageName": image.name,
        "ImageType": image_type(image),
        "Description": image.description,
        "Platform": os_type(image.os_type),
    })
}

fn image_type(image: &Image) -> &'static str {
    if image.is_system { "system" } else { "custom" }
}

/// The status of a custom image, which is a digit (ListCustomImages, `Status`). `0` is a copy's, and none is made.
fn status(status: ImageStatus) -> &'static str {
    match status {
        ImageStatus::Available | ImageStatus::Deprecated => "1",
        ImageStatus::UnAvailable => "2",
        ImageStatus::CreateFailed => "3",
        ImageStatus::Waiting | ImageStatus::Creating => "4",
    }
}

fn disk_type(disk_type: DiskType) -> &'static str {
    match disk_type {
        DiskType::System => "System",
        DiskType::Data => "Data",
    }
}

fn os_type(os: OsType) -> &'static str {
    match os {
        OsType::Linux => "Linux",
        OsType::Windows => "Windows",
    }
}
