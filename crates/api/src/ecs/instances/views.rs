//! Servers and their types on the wire.

use model::instance::{BoundEip, Market};
use model::{Instance, InstanceStatus, InstanceType, NvmeSupport, Timestamp};
use serde_json::{Value, json};

use crate::resource::tags_view;

/// When servers that are paid by use expire: never, in the words of the service.
const NEVER: &str = "2099-12-31T15:59Z";

/// The addresses of a server, as every view of it begins.
fn addresses(instance: &Instance) -> Value {
    let place = &instance.place;
    let in_vpc = place.vpc.is_some();
    let public = if place.is_public { vec![place.host_address] } else { Vec::new() };
    // In the classic network the inner address is one that the host reaches.
    let inner = if in_vpc { Vec::new() } else { vec![place.host_address] };
    let eip = place.eip.as_ref();
    let text = |take: fn(&BoundEip) -> String| eip.map_or_else(String::new, take);
    json!({
        "PublicIpAddress": {"IpAddress": public},
        "InnerIpAddress": {"IpAddress": inner},
        "RdmaIpAddress": {"IpAddress": []},
        "EipAddress": {
            "AllocationId": text(|eip| eip.allocation.to_string()),
            "IpAddress": text(|eip| eip.address.to_string()),
            "InternetChargeType": text(|_| "PayByBandwidth".to_owned()),
            "Bandwidth": eip.map_or(0, |eip| eip.bandwidth),
            "IsSupportUnassociate": true,
        },
        "VpcAttributes": {
            "VpcId": place.vpc.as_ref().map_or("", |vpc| vpc.as_str()),
            "VSwitchId": place.vswitch.as_ref().map_or("", |vswitch| vswitch.as_str()),
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": if in_vpc { vec![place.private_ip] } else { Vec::new() }},
        },
        "SecurityGroupIds": {"SecurityGroupId": place.groups},
    })
}

/// A server in a list.
pub(super) fn instance(instance: &Instance) -> Value {
    let place = &instance.place;
    let family = InstanceType::find(&instance.instance_type).map_or("", |row| row.family);
    let bits = "64";
    let mut view = json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "Description": instance.description,
        "HostName": instance.host_name,
        "ImageId": instance.image,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "ClusterId": "",
        "Status": instance.status,
        "StoppedMode": if instance.status == InstanceStatus::Stopped { "KeepCharging" } else { "Not-applicable" },
        "InstanceType": instance.instance_type,
        "InstanceTypeFamily": family,
        "Cpu": instance.cpus,
        "CPU": instance.cpus,
        "Memory": instance.memory_mib,
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "OSType": instance.os_type,
        "OSName": format!("{}  {bits}位", instance.os_name),
        "OSNameEn": format!("{}  {bits} bit", instance.os_name),
        "SerialNumber": instance.serial,
        "KeyPairName": instance.key_pair.as_ref().map_or("", |name| name.as_str()),
        "InstanceNetworkType": if place.vpc.is_some() { "vpc" } else { "classic" },
        "InstanceChargeType": if instance.expires.is_some() { "PrePaid" } else { "PostPaid" },
        "InternetChargeType": instance.internet_charge,
        "InternetMaxBandwidthIn": instance.bandwidth_in,
        "InternetMaxBandwidthOut": instance.bandwidth_out,
        "IoOptimized": true,
        "DeviceAvailable": true,
        "Recyclable": false,
        "DeletionProtection": instance.deletion_protection,
        "SaleCycle": "",
        "SpotStrategy": "NoSpot",
        "SpotPriceLimit": 0.0,
        "SpotDuration": 1,
        "AutoReleaseTime": instance.release_at.map_or_else(String::new, Timestamp::minutes),
        "CreationTime": instance.created.minutes(),
        "StartTime": instance.started.map_or_else(String::new, |started| started.minutes()),
        "ExpiredTime": instance.expires.map_or_else(|| NEVER.to_owned(), |expires| expires.minutes()),
        "ResourceGroupId": "",
        "DeploymentSetId": "",
        "HpcClusterId": "",
        "VlanId": "",
        "CreditSpecification": "",
        "ISP": "",
        "MetadataOptions": {
            "HttpEndpoint": instance.metadata.endpoint,
            "HttpTokens": instance.metadata.tokens,
            "HttpPutResponseHopLimit": 0,
        },
        "ImageOptions": {"LoginAsNonRoot": false, "CurrentOSNVMeSupported": instance.nvme},
        "NetworkInterfaces": {"NetworkInterface": [{
            "NetworkInterfaceId": place.interface,
            "MacAddress": place.mac.as_str(),
            "PrimaryIpAddress": place.private_ip,
            "Type": "Primary",
            "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": place.private_ip, "Primary": true}]},
        }]},
        // Why a server is not what was asked for stands where the service says why one is locked.
        "OperationLocks": {"LockReason": locks(instance)},
        "Tags": tags_view(&instance.tags),
    });
    merge(&mut view, addresses(instance));
    view
}

/// A server by itself (DescribeInstanceAttribute).
pub(super) fn attribute(instance: &Instance) -> Value {
    let mut view = json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "Description": instance.description,
        "HostName": instance.host_name,
        "ImageId": instance.image,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "ClusterId": "",
        "Status": instance.status,
        "StoppedMode": if instance.status == InstanceStatus::Stopped { "KeepCharging" } else { "Not-applicable" },
        "InstanceType": instance.instance_type,
        "Cpu": instance.cpus,
        "Memory": instance.memory_mib,
        "SerialNumber": instance.serial,
        "InstanceNetworkType": if instance.place.vpc.is_some() { "vpc" } else { "classic" },
        "InstanceChargeType": if instance.expires.is_some() { "PrePaid" } else { "PostPaid" },
        "InternetChargeType": instance.internet_charge,
        "InternetMaxBandwidthIn": instance.bandwidth_in,
        "InternetMaxBandwidthOut": instance.bandwidth_out,
        "IoOptimized": "optimized",
        "VlanId": "",
        "CreditSpecification": "",
        "CreationTime": instance.created.seconds(),
        "ExpiredTime": instance.expires.map_or_else(|| NEVER.to_owned(), |expires| expires.minutes()),
        "OperationLocks": {"LockReason": []},
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": ""},
    });
    merge(&mut view, addresses(instance));
    // Of addresses, the list of servers shows more.
    view.as_object_mut().expect("an object").remove("RdmaIpAddress");
    view["EipAddress"].as_object_mut().expect("an object").remove("IsSupportUnassociate");
    view
}

fn locks(instance: &Instance) -> Vec<Value> {
    let is_told = !instance.reason.is_empty() && instance.market == Market::Ecs;
    is_told.then(|| json!({"LockReason": "", "LockMsg": instance.reason})).into_iter().collect()
}

fn merge(view: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (view, more) {
        members.extend(more);
    }
}

/// A type of servers.
pub(super) fn instance_type(row: &InstanceType) -> Value {
    json!({
        "InstanceTypeId": row.id,
        "InstanceTypeFamily": row.family,
        "InstanceCategory": "General-purpose",
        "InstanceFamilyLevel": "EnterpriseLevel",
        "CpuArchitecture": "X86",
        "CpuCoreCount": row.cpus,
        "MemorySize": f64::from(row.memory_mib) / 1024.0,
        "NvmeSupport": if row.nvme { "required" } else { NvmeSupport::Unsupported.as_str() },
        "DiskQuantity": model::quota::DATA_DISKS + 1,
        "EniQuantity": 1,
        "EniTotalQuantity": 1,
        "EniPrivateIpAddressQuantity": 1,
        "EniIpv6AddressQuantity": 0,
        "EniTrunkSupported": false,
        "EriQuantity": 0,
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageAmount": 0,
        "LocalStorageCategory": "",
        "PrimaryEniQueueNumber": 1,
        "SecondaryEniQueueNumber": 0,
        "NetworkCardQuantity": 1,
        "SupportedBootModes": {"SupportedBootMode": ["BIOS", "UEFI"]},
    })
}

/// Whether an image's guest can run on a type.
pub(super) fn fits(row: &InstanceType, nvme: NvmeSupport) -> bool {
    !row.nvme || nvme == NvmeSupport::Supported
}
