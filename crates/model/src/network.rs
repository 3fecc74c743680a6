//! Networks, groups, elastic addresses and key pairs: what a server needs around it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{
    AccountId, AllocationId, InstanceId, KeyPairId, RegionId, SecurityGroupId, SecurityGroupRuleId, VSwitchId, VpcId,
};
use crate::instance::InternetChargeType;
use crate::name::{Description, Malformed, ResourceName};
use crate::tag::Tag;
use crate::wire_enum::wire_enum;

/// A range of IPv4 addresses in CIDR notation (RFC 4632), its host bits zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: Ipv4Addr,
    bits: u8,
}

impl Cidr {
    /// Every address.
    pub const ALL: Self = Self { network: Ipv4Addr::UNSPECIFIED, bits: 0 };

    /// Length of the prefix.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// True when every address of `other` is in this range.
    pub fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && self.has(other.network)
    }

    /// True when the two ranges share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// True when the address is in this range.
    pub fn has(self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask() == u32::from(self.network)
    }

    /// The mask as an address.
    pub fn netmask(self) -> Ipv4Addr {
        Ipv4Addr::from(self.mask())
    }

    /// The addresses that servers may have: not the first and not the last three, which the service keeps.
    pub fn addresses(self) -> impl Iterator<Item = Ipv4Addr> {
        let first = u64::from(u32::from(self.network));
        let last = first + (1_u64 << (32 - self.bits)) - 1;
        (first + 1..last.saturating_sub(2)).map(|n| Ipv4Addr::from(u32::try_from(n).unwrap_or(u32::MAX)))
    }

    /// How many addresses servers may have.
    pub fn capacity(self) -> u64 {
        (1_u64 << (32 - self.bits)).saturating_sub(4)
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0)
    }
}

impl FromStr for Cidr {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (network, bits) = text.split_once('/').unwrap_or((text, "32"));
        let network: Ipv4Addr = network.parse().map_err(|_| Malformed)?;
        let bits: u8 = bits.parse().map_err(|_| Malformed)?;
        if 32 < bits {
            return Err(Malformed);
        }
        let cidr = Self { network, bits };
        Ok(Self { network: Ipv4Addr::from(u32::from(network) & cidr.mask()), bits })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

impl Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Whose network it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name; empty when it was given none.
    pub name: String,
    /// What the owner says of it.
    pub description: Description,
    /// Its addresses.
    pub cidr: Cidr,
    /// Its tags, by key.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
}

/// A subnet of a private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VSwitch {
    /// Its id.
    pub id: VSwitchId,
    /// Whose subnet it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// The zone.
    pub zone: String,
    /// The network that it is part of.
    pub vpc: VpcId,
    /// Its name; empty when it was given none.
    pub name: String,
    /// What the owner says of it.
    pub description: Description,
    /// Its addresses.
    pub cidr: Cidr,
    /// Its tags, by key.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
}

wire_enum!(
    /// Which traffic a rule is about.
    Direction {
        /// To the server.
        Ingress = "ingress",
        /// From the server.
        Egress = "egress",
    }
);

wire_enum!(
    /// What a rule says of it.
    RulePolicy {
        /// It passes.
        Accept = "Accept",
        /// It does not.
        Drop = "Drop",
    }
);

wire_enum!(
    /// The protocol of a rule.
    IpProtocol {
        /// TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
        /// ICMP.
        Icmp = "ICMP",
        /// ICMP of IPv6.
        IcmpV6 = "ICMPv6",
        /// Generic routing encapsulation.
        Gre = "GRE",
        /// All of them.
        All = "ALL",
    }
);

/// Ports from the first to the last, both counted; `-1/-1` stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRange {
    /// The first, or -1.
    pub first: i32,
    /// The last, or -1.
    pub last: i32,
}

impl PortRange {
    /// All ports.
    pub const ALL: Self = Self { first: -1, last: -1 };

    /// True when the port is in the range.
    pub fn has(self, port: u16) -> bool {
        self == Self::ALL || (self.first <= i32::from(port) && i32::from(port) <= self.last)
    }
}

impl FromStr for PortRange {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (first, last) = text.split_once('/').ok_or(Malformed)?;
        let range = Self { first: first.parse().map_err(|_| Malformed)?, last: last.parse().map_err(|_| Malformed)? };
        let is_real = 1 <= range.first && range.first <= range.last && range.last <= 65_535;
        if range == Self::ALL || is_real { Ok(range) } else { Err(Malformed) }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.last)
    }
}

/// A rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// Which traffic it is about.
    pub direction: Direction,
    /// What it says.
    pub policy: RulePolicy,
    /// The protocol.
    pub protocol: IpProtocol,
    /// The ports at the server.
    pub ports: PortRange,
    /// The addresses at the other end; empty when a group is meant.
    pub cidr: String,
    /// The group at the other end; empty when addresses are meant.
    pub group: String,
    /// The servers' own addresses that it is about; empty for all of them.
    #[serde(default)]
    pub own_cidr: String,
    /// The ports of whoever sends that it is about; none for all of them.
    #[serde(default)]
    pub source_ports: Option<PortRange>,
    /// From 1, the first that counts, to 100.
    pub priority: u8,
    /// `intranet` or `internet`.
    pub nic_type: String,
    /// What the owner says of it.
    pub description: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Rule {
    /// True when the two say the same, whatever their ids, descriptions and ages.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { id, description, created, .. } = self.clone();
        *self == Self { id, description, created, ..other.clone() }
    }
}

/// A security group: a server's firewall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Whose group it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name; empty when it was given none.
    pub name: String,
    /// What the owner says of it.
    pub description: Description,
    /// The network of its servers; none for the classic network.
    pub vpc: Option<VpcId>,
    /// `normal` or `enterprise`.
    pub kind: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
}

/// Ports that a wide range stands for: a host cannot open tens of thousands for each server, so it opens those that
/// people connect to.
pub const WELL_KNOWN_PORTS: &[u16] = &[
    22, 25, 53, 80, 443, 1433, 1521, 2022, 2222, 3000, 3306, 3389, 5000, 5432, 5900, 6379, 8000, 8080, 8443, 8888,
    9090, 9200,
];

/// Ranges of at most so many ports are opened port by port.
pub const NARROW_RANGE: i32 = 128;

/// Whether TCP (true) or UDP, and the port.
pub type OpenPort = (bool, u16);

/// The ports that the host may reach on a server with this address in these groups: what a rule of the smallest priority
/// number says counts, and among equals a refusal (AuthorizeSecurityGroup, "Priority"). Rules about some ports of the
/// sender say nothing of a host, which sends from any.
pub fn open_ports(groups: &[SecurityGroup], from: Ipv4Addr, to: Ipv4Addr) -> Vec<OpenPort> {
    let rules: Vec<&Rule> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| rule.direction == Direction::Ingress && rule.group.is_empty())
        .filter(|rule| rule.cidr.parse::<Cidr>().is_ok_and(|cidr| cidr.has(from)))
        .filter(|rule| rule.own_cidr.is_empty() || rule.own_cidr.parse::<Cidr>().is_ok_and(|cidr| cidr.has(to)))
        .filter(|rule| rule.source_ports.is_none())
        .collect();
    let mut ports: Vec<OpenPort> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.policy == RulePolicy::Accept) {
        let protocols: &[bool] = match rule.protocol {
            IpProtocol::Tcp => &[true],
            IpProtocol::Udp => &[false],
            IpProtocol::All => &[true, false],
            IpProtocol::Icmp | IpProtocol::IcmpV6 | IpProtocol::Gre => &[],
        };
        let is_narrow = rule.ports != PortRange::ALL && rule.ports.last - rule.ports.first < NARROW_RANGE;
        let listed: Vec<u16> = if is_narrow {
            (rule.ports.first..=rule.ports.last).filter_map(|port| u16::try_from(port).ok()).collect()
        } else {
            WELL_KNOWN_PORTS.iter().copied().filter(|port| rule.ports.has(*port)).collect()
        };
        ports.extend(protocols.iter().flat_map(|tcp| listed.iter().map(|port| (*tcp, *port))));
    }
    ports.sort_unstable();
    ports.dedup();
    ports.retain(|(tcp, port)| {
        let about = |rule: &&&Rule| {
            let same = match rule.protocol {
                IpProtocol::Tcp => *tcp,
                IpProtocol::Udp => !*tcp,
                IpProtocol::All => true,
                IpProtocol::Icmp | IpProtocol::IcmpV6 | IpProtocol::Gre => false,
            };
            same && rule.ports.has(*port)
        };
        let first = rules.iter().filter(about).min_by_key(|rule| (rule.priority, rule.policy == RulePolicy::Accept));
        first.is_some_and(|rule| rule.policy == RulePolicy::Accept)
    });
    ports
}

wire_enum!(
    /// Where an elastic address stands.
    EipStatus {
        /// Of no server.
        Available = "Available",
        /// A server's.
        InUse = "InUse",
    }
);

/// An elastic address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eip {
    /// Its id.
    pub id: AllocationId,
    /// Whose address it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name; empty when it was given none.
    pub name: String,
    /// The address, in 127.0.0.0/8.
    pub address: Ipv4Addr,
    /// Mbit/s, as asked for.
    pub bandwidth: u32,
    /// How its traffic is paid.
    pub internet_charge: InternetChargeType,
    /// Where it stands.
    pub status: EipStatus,
    /// The server that has it.
    pub instance: Option<InstanceId>,
    /// When it was asked for.
    pub created: Timestamp,
}

/// A key pair: its public half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Whose key it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name, unique among the owner's in the region.
    pub name: ResourceName,
    /// MD5 of the public key, 32 hexadecimal digits.
    pub fingerprint: String,
    /// The public key, as it stands in `authorized_keys`.
    pub public_key: String,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
}

/// The host's address with this number, in 127.64.0.0/10: far from 127.0.0.1, where everything else listens.
pub fn host_address(number: u32) -> Ipv4Addr {
    const FIRST: u32 = u32::from_be_bytes([127, 64, 0, 0]);
    // Neither the first nor the last address of a /24 looks like a host's to every client.
    let (block, host) = (number / 253, number % 253 + 1);
    Ipv4Addr::from(FIRST + (block % (1 << 14)) * 256 + host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("a range")
    }

    #[test]
    fn ranges() {
        assert_eq!(cidr("172.16.5.9/24").to_string(), "172.16.5.0/24");
        assert!(cidr("172.16.0.0/12").contains(cidr("172.31.255.0/24")));
        assert!(!cidr("172.16.0.0/24").contains(cidr("172.16.0.0/16")));
        assert!(cidr("172.16.0.0/16").overlaps(cidr("172.16.9.0/24")));
        assert!(!cidr("172.16.0.0/24").overlaps(cidr("172.16.1.0/24")));
        assert_eq!(cidr("0.0.0.0/0"), Cidr::ALL);
        assert!(Cidr::ALL.has(Ipv4Addr::BROADCAST));
        let hosts: Vec<Ipv4Addr> = cidr("10.0.0.0/29").addresses().collect();
        assert_eq!((hosts.len() as u64, hosts[0]), (cidr("10.0.0.0/29").capacity(), Ipv4Addr::new(10, 0, 0, 1)));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/x", "::/0"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    fn rule(policy: RulePolicy, protocol: IpProtocol, ports: &str, cidr: &str, priority: u8) -> Rule {
        Rule {
            id: "sgr-x".parse().expect("an id"),
            direction: Direction::Ingress,
            policy,
            protocol,
            ports: ports.parse().expect("ports"),
            cidr: cidr.to_owned(),
            group: String::new(),
            own_cidr: String::new(),
            source_ports: None,
            priority,
            nic_type: "intranet".to_owned(),
            description: String::new(),
            created: Timestamp::from_millis(0),
        }
    }

    fn ports(rules: Vec<Rule>) -> Vec<OpenPort> {
        let group = SecurityGroup {
            id: "sg-x".parse().expect("an id"),
            owner: AccountId::new(1),
            region: "cn-hangzhou".parse().expect("a region"),
            name: String::new(),
            description: "".parse().expect("a description"),
            vpc: None,
            kind: "normal".to_owned(),
            rules,
            tags: Vec::new(),
            created: Timestamp::from_millis(0),
        };
        open_ports(&[group], Ipv4Addr::LOCALHOST, Ipv4Addr::new(172, 16, 0, 1))
    }

    #[test]
    fn rules_open_exactly_their_ports() {
        use IpProtocol::{All, Tcp, Udp};
        use RulePolicy::{Accept, Drop};
        assert!(ports(vec![]).is_empty());
        assert_eq!(ports(vec![rule(Accept, Tcp, "22/23", "0.0.0.0/0", 1)]), [(true, 22), (true, 23)]);
        assert_eq!(ports(vec![rule(Accept, Udp, "53/53", "127.0.0.0/8", 1)]), [(false, 53)]);
        assert!(ports(vec![rule(Accept, Tcp, "22/22", "10.0.0.0/8", 1)]).is_empty(), "another network");
        let all = ports(vec![rule(Accept, All, "-1/-1", "0.0.0.0/0", 1)]);
        assert_eq!(all.len(), 2 * WELL_KNOWN_PORTS.len());
        let wide = rule(Accept, Tcp, "1/65535", "0.0.0.0/0", 5);
        assert_eq!(ports(vec![wide.clone()]).len(), WELL_KNOWN_PORTS.len());
        let refused = ports(vec![wide.clone(), rule(Drop, Tcp, "22/22", "0.0.0.0/0", 5)]);
        assert!(!refused.contains(&(true, 22)) && refused.contains(&(true, 80)), "a refusal counts among equals");
        let overruled =
            ports(vec![rule(Accept, Tcp, "22/22", "0.0.0.0/0", 1), rule(Drop, All, "-1/-1", "0.0.0.0/0", 2)]);
        assert_eq!(overruled, [(true, 22)]);
        let own = |cidr: &str| Rule { own_cidr: cidr.to_owned(), ..rule(Accept, Tcp, "22/22", "0.0.0.0/0", 1) };
        assert_eq!(ports(vec![own("172.16.0.0/24")]), [(true, 22)]);
        assert!(ports(vec![own("172.16.1.0/24")]).is_empty(), "other servers are meant");
        let some = PortRange { first: 7000, last: 7001 };
        assert!(ports(vec![Rule { source_ports: Some(some), ..own("") }]).is_empty(), "a host sends from any port");
    }

    #[test]
    fn port_ranges() {
        for good in ["22/22", "1/65535", "-1/-1"] {
            assert_eq!(good.parse::<PortRange>().expect("good").to_string(), good);
        }
        for bad in ["", "22", "0/1", "2/1", "1/65536", "-1/22"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn host_addresses_differ() {
        let all: std::collections::HashSet<Ipv4Addr> = (0..2_000).map(host_address).collect();
        assert_eq!(all.len(), 2_000);
        assert_eq!(host_address(0), Ipv4Addr::new(127, 64, 0, 1));
        assert!(all.iter().all(|address| address.is_loopback() && address.octets()[3] != 255));
    }
}
