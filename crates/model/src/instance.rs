//! Servers: their attributes and their life cycle.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{
    AccountId, AllocationId, ImageId, InstanceId, NetworkInterfaceId, RegionId, SecurityGroupId, VSwitchId, VpcId,
};
use crate::image::{Architecture, BootMode, OsType};
use crate::name::{Description, HostName, Malformed, ResourceName};
use crate::tag::Tag;
use crate::wire_enum::wire_enum;

wire_enum!(
    /// Where a server stands. What is between two rests is also what is still to be done: the status is the journal.
    InstanceStatus {
        /// Accepted; its disks are being made.
        Pending = "Pending",
        /// On its way to `Running`.
        Starting = "Starting",
        /// Its machine runs.
        Running = "Running",
        /// On its way to `Stopped`.
        Stopping = "Stopping",
        /// Its machine does not run; its disks are kept.
        Stopped = "Stopped",
    }
);

/// What can happen to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceEvent {
    /// Its disks are there, and it is to stay at rest.
    Created,
    /// It was told to start, or its disks are there and it is to run at once.
    StartAsked,
    /// Its machine runs.
    Started,
    /// It was told to stop.
    StopAsked,
    /// It was told to stop and start again.
    RebootAsked,
    /// Its machine runs no more, or could not be started.
    Halted,
}

/// The event cannot happen to a server in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a server that is {from}")]
pub struct IllegalInstanceTransition {
    /// The status in which the server was.
    pub from: InstanceStatus,
    /// What was to happen.
    pub event: InstanceEvent,
}

impl InstanceStatus {
    /// The status after `event`.
    pub const fn on(self, event: InstanceEvent) -> Result<Self, IllegalInstanceTransition> {
        use InstanceEvent as E;
        match (self, event) {
            (Self::Pending, E::Created) => Ok(Self::Stopped),
            (Self::Pending | Self::Stopped, E::StartAsked) | (Self::Running, E::RebootAsked) => Ok(Self::Starting),
            (Self::Starting, E::Started) => Ok(Self::Running),
            (Self::Running, E::StopAsked) => Ok(Self::Stopping),
            (Self::Pending | Self::Starting | Self::Running | Self::Stopping, E::Halted) => Ok(Self::Stopped),
            (from, event) => Err(IllegalInstanceTransition { from, event }),
        }
    }

    /// True while something is still to be done.
    pub const fn is_moving(self) -> bool {
        matches!(self, Self::Pending | Self::Starting | Self::Stopping)
    }
}

wire_enum!(
    /// Who pays what for a connection (`InternetChargeType`).
    InternetChargeType {
        /// By traffic, the default.
        ByTraffic = "PayByTraffic",
        /// By bandwidth.
        ByBandwidth = "PayByBandwidth",
    }
);

wire_enum!(
    /// Whether metadata is answered without a token (`HttpTokens`).
    HttpTokens {
        /// With and without, the default.
        Optional = "optional",
        /// With a token only.
        Required = "required",
    }
);

wire_enum!(
    /// Whether there is a metadata service at all (`HttpEndpoint`).
    HttpEndpoint {
        /// There is, the default.
        Enabled = "enabled",
        /// There is none.
        Disabled = "disabled",
    }
);

/// Which product sells a server. It decides which API shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Market {
    /// Elastic Compute Service.
    Ecs,
    /// Simple Application Server.
    Swas,
}

/// A hardware address of the range that belongs to QEMU's and its users' machines: `52:54:00` and three bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MacAddress(String);

impl MacAddress {
    /// The address with these last bytes.
    pub fn new([a, b, c]: [u8; 3]) -> Self {
        Self(format!("52:54:00:{a:02x}:{b:02x}:{c:02x}"))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An elastic address that a server has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundEip {
    /// Its id.
    pub allocation: AllocationId,
    /// The address.
    pub address: Ipv4Addr,
    /// Mbit/s, as asked for.
    pub bandwidth: u32,
}

/// Where a server is in the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The network; none for a server of the classic network.
    pub vpc: Option<VpcId>,
    /// The subnet.
    pub vswitch: Option<VSwitchId>,
    /// Its address in the subnet.
    pub private_ip: Ipv4Addr,
    /// The hardware address of its interface.
    pub mac: MacAddress,
    /// The interface.
    pub interface: NetworkInterfaceId,
    /// Its groups; at least one.
    pub groups: Vec<SecurityGroupId>,
    /// The host's address, in 127.0.0.0/8, that is this server's own from its first day to its last.
    pub host_address: Ipv4Addr,
    /// True when the server has a public address: the host's.
    pub is_public: bool,
    /// The elastic address, when it has one.
    pub eip: Option<BoundEip>,
}

impl Place {
    /// Addresses of the host at which the server's open ports are.
    pub fn reachable_at(&self) -> Vec<Ipv4Addr> {
        let own = (self.is_public || self.vpc.is_none()).then_some(self.host_address);
        own.into_iter().chain(self.eip.as_ref().map(|eip| eip.address)).collect()
    }
}

/// What a server's guest may ask the metadata service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// Whether it is answered.
    pub endpoint: HttpEndpoint,
    /// Whether it needs tokens.
    pub tokens: HttpTokens,
}

/// A server as it stands in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Whose server it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// The zone.
    pub zone: String,
    /// The product that sells it.
    pub market: Market,
    /// Its name.
    pub name: ResourceName,
    /// What the owner says of it.
    pub description: Description,
    /// The name that the guest gives itself.
    pub host_name: HostName,
    /// The image of its system disk.
    pub image: ImageId,
    /// The kind of guest system.
    pub os_type: OsType,
    /// The guest's distribution, as DescribeImages calls it.
    pub os_name: String,
    /// The processor that the guest needs.
    pub architecture: Architecture,
    /// The firmware that it boots with.
    pub boot_mode: BootMode,
    /// True when its disks are NVMe devices.
    pub nvme: bool,
    /// Its type, or its plan in Simple Application Server.
    pub instance_type: String,
    /// Processors.
    pub cpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Where it stands.
    pub status: InstanceStatus,
    /// Why it stands there, when that was not asked for.
    pub reason: String,
    /// On the way: whether `Stopping` pulls the plug, and whether `Pending` and `Starting` come from a reboot.
    pub force: bool,
    /// `Pending`: it is to run once it is made. `Starting`: it runs already and is to start again.
    pub and_start: bool,
    /// The key pair that lets its owner in.
    pub key_pair: Option<ResourceName>,
    /// The password that was asked for.
    pub password: Option<String>,
    /// User data as it came: Base64.
    pub user_data: String,
    /// The network.
    pub place: Place,
    /// Mbit/s into it, as asked for.
    pub bandwidth_in: u32,
    /// Mbit/s out of it, as asked for.
    pub bandwidth_out: u32,
    /// How its traffic is paid.
    pub internet_charge: InternetChargeType,
    /// The metadata service.
    pub metadata: MetadataOptions,
    /// The serial number that the guest reads from its firmware: a UUID.
    pub serial: String,
    /// The node that has its machine and its disks.
    pub node: String,
    /// True when it must not be released by a call.
    pub deletion_protection: bool,
    /// When it is released by itself; protection does not keep it then.
    #[serde(default)]
    pub release_at: Option<Timestamp>,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When its machine last started.
    pub started: Option<Timestamp>,
    /// When it expires: servers that are paid for a time.
    pub expires: Option<Timestamp>,
    /// Simple Application Server: the plan's size of the system disk, in GiB.
    pub plan_disk_gib: u32,
}

/// The type of a server: what it gives to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name.
    pub id: &'static str,
    /// Its family.
    pub family: &'static str,
    /// Processors.
    pub cpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Whether its disks are NVMe devices.
    pub nvme: bool,
}

const fn row(id: &'static str, family: &'static str, cpus: u32, memory_mib: u32, nvme: bool) -> InstanceType {
    InstanceType { id, family, cpus, memory_mib, nvme }
}

/// The types that are offered: of each common family the sizes that fit a laptop or a workstation.
pub const INSTANCE_TYPES: &[InstanceType] = &[
    row("ecs.n1.tiny", "ecs.n1", 1, 1024, false),
    row("ecs.n1.small", "ecs.n1", 1, 2048, false),
    row("ecs.n1.medium", "ecs.n1", 2, 4096, false),
    row("ecs.n4.small", "ecs.n4", 1, 2048, false),
    row("ecs.n4.large", "ecs.n4", 2, 4096, false),
    row("ecs.t5-lc2m1.nano", "ecs.t5", 1, 512, false),
    row("ecs.t5-lc1m1.small", "ecs.t5", 1, 1024, false),
    row("ecs.t5-lc1m2.small", "ecs.t5", 1, 2048, false),
    row("ecs.t5-lc1m2.large", "ecs.t5", 2, 4096, false),
    row("ecs.t6-c1m1.large", "ecs.t6", 2, 2048, false),
    row("ecs.t6-c1m2.large", "ecs.t6", 2, 4096, false),
    row("ecs.e-c1m1.large", "ecs.e", 2, 2048, false),
    row("ecs.e-c1m2.large", "ecs.e", 2, 4096, false),
    row("ecs.e-c1m4.large", "ecs.e", 2, 8192, false),
    row("ecs.c5.large", "ecs.c5", 2, 4096, false),
    row("ecs.c6.large", "ecs.c6", 2, 4096, false),
    row("ecs.c6.xlarge", "ecs.c6", 4, 8192, false),
    row("ecs.g5.large", "ecs.g5", 2, 8192, false),
    row("ecs.g6.large", "ecs.g6", 2, 8192, false),
    row("ecs.g6.xlarge", "ecs.g6", 4, 16384, false),
    row("ecs.r6.large", "ecs.r6", 2, 16384, false),
    row("ecs.c7.large", "ecs.c7", 2, 4096, false),
    row("ecs.g7.large", "ecs.g7", 2, 8192, false),
    row("ecs.c8i.large", "ecs.c8i", 2, 4096, true),
    row("ecs.g8i.large", "ecs.g8i", 2, 8192, true),
];

impl InstanceType {
    /// The type with this name.
    pub fn find(id: &str) -> Result<&'static Self, Malformed> {
        INSTANCE_TYPES.iter().find(|row| row.id == id).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_whole_matrix_of_states() {
        use InstanceEvent as E;
        use InstanceStatus as S;
        let legal = [
            (S::Pending, E::Created, S::Stopped),
            (S::Pending, E::StartAsked, S::Starting),
            (S::Pending, E::Halted, S::Stopped),
            (S::Stopped, E::StartAsked, S::Starting),
            (S::Starting, E::Started, S::Running),
            (S::Starting, E::Halted, S::Stopped),
            (S::Running, E::RebootAsked, S::Starting),
            (S::Running, E::StopAsked, S::Stopping),
            (S::Running, E::Halted, S::Stopped),
            (S::Stopping, E::Halted, S::Stopped),
        ];
        for &from in S::ALL {
            for event in [E::Created, E::StartAsked, E::Started, E::StopAsked, E::RebootAsked, E::Halted] {
                let expected = legal.iter().find(|row| row.0 == from && row.1 == event).map(|row| row.2);
                assert_eq!(from.on(event).ok(), expected, "{from} {event:?}");
            }
        }
    }

    #[test]
    fn types_stand_once_and_name_their_family() {
        let mut seen = HashSet::new();
        for row in INSTANCE_TYPES {
            assert!(seen.insert(row.id), "{}", row.id);
            assert!(row.id.starts_with(row.family), "{}", row.id);
        }
    }
}
