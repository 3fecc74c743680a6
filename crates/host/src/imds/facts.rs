//! What the service asks of its owner: the facts about an instance.

use std::net::Ipv4Addr;

use async_trait::async_trait;

/// Everything that an instance may learn about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whether the service answers this instance at all (`HttpEndpoint`).
    pub is_enabled: bool,
    /// Whether a request needs a token (`HttpTokens`).
    pub needs_token: bool,
    /// `i-…`.
    pub instance_id: String,
    /// The name that its owner gave it.
    pub instance_name: String,
    /// `ecs.…`.
    pub instance_type: String,
    /// What the guest should call itself.
    pub hostname: String,
    /// The region.
    pub region_id: String,
    /// The zone.
    pub zone_id: String,
    /// The image of its system disk.
    pub image_id: String,
    /// The serial number, which the firmware tables have, too.
    pub serial_number: String,
    /// The account that owns it.
    pub owner_account_id: String,
    /// The network interface's address.
    pub mac: String,
    /// `eni-…`.
    pub network_interface_id: String,
    /// The address inside its network.
    pub private_ipv4: Ipv4Addr,
    /// The address outside, if it was given one.
    pub public_ipv4: Option<Ipv4Addr>,
    /// The elastic address, if one is bound to it.
    pub eipv4: Option<Ipv4Addr>,
    /// `vpc-…`.
    pub vpc_id: String,
    /// `172.16.0.0/12`.
    pub vpc_cidr_block: String,
    /// `vsw-…`.
    pub vswitch_id: String,
    /// `172.16.0.0/24`.
    pub vswitch_cidr_block: String,
    /// The mask of the interface.
    pub netmask: Ipv4Addr,
    /// The way out.
    pub gateway: Ipv4Addr,
    /// DNS servers.
    pub nameservers: Vec<String>,
    /// NTP servers.
    pub ntp_servers: Vec<String>,
    /// Keys that may log in.
    pub public_keys: Vec<PublicKey>,
    /// What the guest is to do when it first starts; as it was given, not in base64.
    pub user_data: Option<Vec<u8>>,
}

/// A key that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key pair's name.
    pub name: String,
    /// `ssh-ed25519 …`, in a line.
    pub openssh: String,
}

/// Where facts are found.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The facts about an instance as they are now, or nothing if there is no such instance.
    async fn facts(&self, instance: &str) -> Option<Facts>;
}
