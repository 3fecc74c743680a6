//! The table of actions. Routing, the generated reference and the tests of coverage read it.

use crate::action::{Entry, entry};
use crate::{ecs, location, ram, sts};

/// Every action that this server answers.
pub const ACTIONS: &[Entry] = &[
    // Images.
    entry::<ecs::import_image::ImportImage>(),
    entry::<ecs::describe_images::DescribeImages>(),
    entry::<ecs::export_image::ExportImage>(),
    entry::<ecs::delete_image::DeleteImage>(),
    // Tasks.
    entry::<ecs::describe_tasks::DescribeTasks>(),
    entry::<ecs::describe_task_attribute::DescribeTaskAttribute>(),
    entry::<ecs::cancel_task::CancelTask>(),
    // Tags.
    entry::<ecs::tag_resources::TagResources>(),
    entry::<ecs::untag_resources::UntagResources>(),
    entry::<ecs::list_tag_resources::ListTagResources>(),
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
