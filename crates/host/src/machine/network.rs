//! The network that every guest is in, of its own: QEMU's user-mode one, so that it needs no privileges.
//!
//! It is 100.64.0.0/10 because `guestfwd` accepts only addresses inside the guest's network, and the metadata service is
//! at 100.100.100.200.

use std::net::Ipv4Addr;

/// The network of a guest, the same for all.
pub struct GuestNetwork;

impl GuestNetwork {
    /// Its first address.
    pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 0);
    /// How many leading bits its addresses share.
    pub const PREFIX: u32 = 10;
    /// The same as a mask.
    pub const NETMASK: Ipv4Addr = Ipv4Addr::from_bits(u32::MAX << (u32::BITS - Self::PREFIX));
    /// The way out.
    pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
    /// The DNS server, the service's own address: QEMU answers there, as the host does.
    pub const NAMESERVER: Ipv4Addr = Ipv4Addr::new(100, 100, 2, 136);
    /// The metadata service.
    pub const METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

    /// Whether a guest can have this address.
    pub fn contains(address: Ipv4Addr) -> bool {
        address & Self::NETMASK == Self::ADDRESS
    }
}
