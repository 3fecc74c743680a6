//! The table of actions. Routing, the generated reference and the tests of coverage read it.

use crate::action::{Entry, entry};
use crate::{ecs, location, ram, sts, swas, vpc};

/// Every action that this server answers.
pub const ACTIONS: &[Entry] = &[
    // Images.
    entry::<ecs::import_image::ImportImage>(),
    entry::<ecs::describe_images::DescribeImages>(),
    entry::<ecs::export_image::ExportImage>(),
    entry::<ecs::delete_image::DeleteImage>(),
    entry::<ecs::create_image::CreateImage>(),
    entry::<ecs::copy_image::CopyImage>(),
    entry::<ecs::cancel_copy_image::CancelCopyImage>(),
    entry::<ecs::describe_image_from_family::DescribeImageFromFamily>(),
    entry::<ecs::modify_image_attribute::ModifyImageAttribute>(),
    entry::<ecs::modify_image_share_permission::ModifyImageSharePermission>(),
    entry::<ecs::describe_image_share_permission::DescribeImageSharePermission>(),
    // Tasks.
    entry::<ecs::describe_tasks::DescribeTasks>(),
    entry::<ecs::describe_task_attribute::DescribeTaskAttribute>(),
    entry::<ecs::cancel_task::CancelTask>(),
    // Tags.
    entry::<ecs::tag_resources::TagResources>(),
    entry::<ecs::untag_resources::UntagResources>(),
    entry::<ecs::list_tag_resources::ListTagResources>(),
    entry::<ecs::add_tags::AddTags>(),
    entry::<ecs::remove_tags::RemoveTags>(),
    entry::<ecs::describe_tags::DescribeTags>(),
    // Servers.
    entry::<ecs::instances::run_instances::RunInstances>(),
    entry::<ecs::instances::create_instance::CreateInstance>(),
    entry::<ecs::instances::start_instance::StartInstance>(),
    entry::<ecs::instances::stop_instance::StopInstance>(),
    entry::<ecs::instances::reboot_instance::RebootInstance>(),
    entry::<ecs::instances::delete_instance::DeleteInstance>(),
    entry::<ecs::instances::start_instances::StartInstances>(),
    entry::<ecs::instances::stop_instances::StopInstances>(),
    entry::<ecs::instances::reboot_instances::RebootInstances>(),
    entry::<ecs::instances::delete_instances::DeleteInstances>(),
    entry::<ecs::instances::describe_instances::DescribeInstances>(),
    entry::<ecs::instances::describe_instance_status::DescribeInstanceStatus>(),
    entry::<ecs::instances::describe_instance_attribute::DescribeInstanceAttribute>(),
    entry::<ecs::instances::modify_instance_attribute::ModifyInstanceAttribute>(),
    entry::<ecs::instances::describe_user_data::DescribeUserData>(),
    entry::<ecs::instances::get_instance_console_output::GetInstanceConsoleOutput>(),
    entry::<ecs::instances::allocate_public_ip_address::AllocatePublicIpAddress>(),
    entry::<ecs::instances::describe_instance_types::DescribeInstanceTypes>(),
    entry::<ecs::instances::describe_instance_type_families::DescribeInstanceTypeFamilies>(),
    entry::<ecs::instances::describe_available_resource::DescribeAvailableResource>(),
    entry::<ecs::instances::describe_image_support_instance_types::DescribeImageSupportInstanceTypes>(),
    // Disks and snapshots.
    entry::<ecs::disks::create_disk::CreateDisk>(),
    entry::<ecs::disks::describe_disks::DescribeDisks>(),
    entry::<ecs::disks::attach_disk::AttachDisk>(),
    entry::<ecs::disks::detach_disk::DetachDisk>(),
    entry::<ecs::disks::modify_disk_attribute::ModifyDiskAttribute>(),
    entry::<ecs::disks::resize_disk::ResizeDisk>(),
    entry::<ecs::disks::delete_disk::DeleteDisk>(),
    entry::<ecs::disks::replace_system_disk::ReplaceSystemDisk>(),
    entry::<ecs::disks::re_init_disk::ReInitDisk>(),
    entry::<ecs::disks::reset_disk::ResetDisk>(),
    entry::<ecs::disks::create_snapshot::CreateSnapshot>(),
    entry::<ecs::disks::describe_snapshots::DescribeSnapshots>(),
    entry::<ecs::disks::modify_snapshot_attribute::ModifySnapshotAttribute>(),
    entry::<ecs::disks::delete_snapshot::DeleteSnapshot>(),
    // Firewalls and keys.
    entry::<ecs::security::create_security_group::CreateSecurityGroup>(),
    entry::<ecs::security::describe_security_groups::DescribeSecurityGroups>(),
    entry::<ecs::security::describe_security_group_attribute::DescribeSecurityGroupAttribute>(),
    entry::<ecs::security::authorize_security_group::AuthorizeSecurityGroup>(),
    entry::<ecs::security::authorize_security_group_egress::AuthorizeSecurityGroupEgress>(),
    entry::<ecs::security::revoke_security_group::RevokeSecurityGroup>(),
    entry::<ecs::security::revoke_security_group_egress::RevokeSecurityGroupEgress>(),
    entry::<ecs::security::delete_security_group::DeleteSecurityGroup>(),
    entry::<ecs::security::create_key_pair::CreateKeyPair>(),
    entry::<ecs::security::import_key_pair::ImportKeyPair>(),
    entry::<ecs::security::describe_key_pairs::DescribeKeyPairs>(),
    entry::<ecs::security::attach_key_pair::AttachKeyPair>(),
    entry::<ecs::security::detach_key_pair::DetachKeyPair>(),
    entry::<ecs::security::delete_key_pairs::DeleteKeyPairs>(),
    // Networks and addresses.
    entry::<vpc::create_vpc::CreateVpc>(),
    entry::<vpc::describe_vpcs::DescribeVpcs>(),
    entry::<vpc::describe_vpc_attribute::DescribeVpcAttribute>(),
    entry::<vpc::delete_vpc::DeleteVpc>(),
    entry::<vpc::create_vswitch::CreateVSwitch>(),
    entry::<vpc::describe_vswitches::DescribeVSwitches>(),
    entry::<vpc::describe_vswitch_attributes::DescribeVSwitchAttributes>(),
    entry::<vpc::delete_vswitch::DeleteVSwitch>(),
    entry::<vpc::allocate_eip_address::AllocateEipAddress>(),
    entry::<vpc::describe_eip_addresses::DescribeEipAddresses>(),
    entry::<vpc::associate_eip_address::AssociateEipAddress>(),
    entry::<vpc::unassociate_eip_address::UnassociateEipAddress>(),
    entry::<vpc::release_eip_address::ReleaseEipAddress>(),
    // Simple Application Server.
    entry::<swas::list_regions::ListRegions>(),
    entry::<swas::list_plans::ListPlans>(),
    entry::<swas::list_images::ListImages>(),
    entry::<swas::create_instances::CreateInstances>(),
    entry::<swas::list_instances::ListInstances>(),
    entry::<swas::list_instance_status::ListInstanceStatus>(),
    entry::<swas::start_instance::StartInstance>(),
    entry::<swas::start_instances::StartInstances>(),
    entry::<swas::stop_instance::StopInstance>(),
    entry::<swas::stop_instances::StopInstances>(),
    entry::<swas::reboot_instance::RebootInstance>(),
    entry::<swas::reboot_instances::RebootInstances>(),
    entry::<swas::update_instance_attribute::UpdateInstanceAttribute>(),
    entry::<swas::reset_system::ResetSystem>(),
    entry::<swas::list_disks::ListDisks>(),
    entry::<swas::reset_disk::ResetDisk>(),
    entry::<swas::create_snapshot::CreateSnapshot>(),
    entry::<swas::list_snapshots::ListSnapshots>(),
    entry::<swas::update_snapshot_attribute::UpdateSnapshotAttribute>(),
    entry::<swas::delete_snapshot::DeleteSnapshot>(),
    entry::<swas::delete_snapshots::DeleteSnapshots>(),
    entry::<swas::create_custom_image::CreateCustomImage>(),
    entry::<swas::list_custom_images::ListCustomImages>(),
    entry::<swas::delete_custom_image::DeleteCustomImage>(),
    entry::<swas::delete_custom_images::DeleteCustomImages>(),
    entry::<swas::modify_image_share_status::ModifyImageShareStatus>(),
    entry::<swas::add_custom_image_share_account::AddCustomImageShareAccount>(),
    entry::<swas::remove_custom_image_share_account::RemoveCustomImageShareAccount>(),
    entry::<swas::list_custom_image_share_accounts::ListCustomImageShareAccounts>(),
    entry::<swas::create_firewall_rule::CreateFirewallRule>(),
    entry::<swas::create_firewall_rules::CreateFirewallRules>(),
    entry::<swas::list_firewall_rules::ListFirewallRules>(),
    entry::<swas::delete_firewall_rule::DeleteFirewallRule>(),
    entry::<swas::delete_firewall_rules::DeleteFirewallRules>(),
    entry::<swas::tag_resources::TagResources>(),
    entry::<swas::untag_resources::UntagResources>(),
    entry::<swas::list_tag_resources::ListTagResources>(),
    // Places.
    entry::<ecs::describe_regions::DescribeRegions>(),
    entry::<ecs::describe_zones::DescribeZones>(),
    entry::<location::describe_endpoints::DescribeEndpoints>(),
    // Who calls, and what services may do in their name.
    entry::<sts::get_caller_identity::GetCallerIdentity>(),
    entry::<ram::create_role::CreateRole>(),
    entry::<ram::get_role::GetRole>(),
    entry::<ram::update_role::UpdateRole>(),
    entry::<ram::delete_role::DeleteRole>(),
    entry::<ram::list_roles::ListRoles>(),
    entry::<ram::create_policy::CreatePolicy>(),
    entry::<ram::get_policy::GetPolicy>(),
    entry::<ram::delete_policy::DeletePolicy>(),
    entry::<ram::list_policies::ListPolicies>(),
    entry::<ram::attach_policy_to_role::AttachPolicyToRole>(),
    entry::<ram::detach_policy_from_role::DetachPolicyFromRole>(),
    entry::<ram::list_policies_for_role::ListPoliciesForRole>(),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_action_stands_once_and_says_what_it_does() {
        let mut seen = HashSet::new();
        for entry in ACTIONS {
            let spec = entry.spec;
            assert!(seen.insert((spec.product, spec.name)), "{} stands twice", spec.name);
            assert!(spec.summary.ends_with('.') && spec.summary.len() > 10, "{}", spec.name);
        }
    }
}
