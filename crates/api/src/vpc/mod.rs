//! Virtual Private Cloud, version 2016-04-28: networks, subnets and elastic addresses, as far as a server needs them.
//!
//! The older clients make the same calls under the version of ECS; dispatch looks for them here, too.

pub(crate) mod allocate_eip_address;
pub(crate) mod associate_eip_address;
pub(crate) mod create_vpc;
pub(crate) mod create_vswitch;
pub(crate) mod delete_vpc;
pub(crate) mod delete_vswitch;
pub(crate) mod describe_eip_addresses;
pub(crate) mod describe_vpc_attribute;
pub(crate) mod describe_vpcs;
pub(crate) mod describe_vswitch_attributes;
pub(crate) mod describe_vswitches;
pub(crate) mod release_eip_address;
pub(crate) mod unassociate_eip_address;
mod views;
