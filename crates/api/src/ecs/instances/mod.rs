//! Servers.

pub(crate) mod allocate_public_ip_address;
pub(crate) mod create_instance;
pub(crate) mod delete_instance;
pub(crate) mod delete_instances;
pub(crate) mod describe_available_resource;
pub(crate) mod describe_image_support_instance_types;
pub(crate) mod describe_instance_attribute;
pub(crate) mod describe_instance_status;
pub(crate) mod describe_instance_type_families;
pub(crate) mod describe_instance_types;
pub(crate) mod describe_instances;
pub(crate) mod describe_user_data;
pub(crate) mod get_instance_console_output;
pub(crate) mod launch;
pub(crate) mod modify_instance_attribute;
pub(crate) mod names;
pub(crate) mod place;
pub(crate) mod power;
pub(crate) mod reboot_instance;
pub(crate) mod reboot_instances;
pub(crate) mod run_instances;
pub(crate) mod start_instance;
pub(crate) mod start_instances;
pub(crate) mod stop_instance;
pub(crate) mod stop_instances;
mod views;
pub(crate) mod wanted_disks;
