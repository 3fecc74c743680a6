//! What single calls cannot bring about: the door's own tests, whose every call is noted while they run.

use super::report::Outcome;
use crate::support;
use crate::{
    attributes, disks, documents, gateway, identity, images, impact, launches, making, networks, ram, servers, sharing,
    swas,
};

/// The tests of the door, but for races, whose codes others reach too. One that is not here proves nothing less; only its
/// codes are not counted.
const SCENARIOS: &[fn()] = &[
    attributes::a_boot_mode_stays_while_servers_boot_so,
    attributes::a_family_rolls_back_and_forth,
    attributes::every_row_of_the_document_is_reached,
    attributes::families_have_room_for_so_many,
    attributes::what_is_given_changes_and_the_rest_stays,
    disks::disks_begin_anew_at_rest,
    disks::disks_come_to_servers_and_leave_them,
    disks::disks_only_grow,
    disks::lists_of_disks_and_snapshots,
    disks::what_a_new_disk_must_be,
    disks::what_a_new_system_disk_must_be,
    disks::what_a_snapshot_is_taken_of,
    documents::a_snapshot_goes_with_the_last_image_that_is_made_of_it,
    documents::a_vhd_whose_blocks_are_wrong_is_refused,
    documents::the_limits_of_a_region_are_reached,
    documents::the_rows_of_an_import_are_reached,
    gateway::answers_in_xml,
    gateway::places_and_callers,
    gateway::roles_and_policies,
    gateway::tags,
    gateway::what_does_not_exist,
    gateway::who_may_not_even_ask,
    identity::a_change_of_policies_is_felt_at_once,
    identity::a_policy_of_one_region_reaches_no_other,
    identity::a_role_of_another_account,
    identity::a_session_of_a_role,
    identity::a_user_may_what_policies_allow,
    identity::conditions_on_the_request_and_on_tags,
    identity::ten_calls_a_minute,
    identity::what_is_recorded,
    identity::who_may_assume_what,
    images::a_cancelled_import_is_gone,
    images::an_import_from_the_call_to_the_deletion,
    images::buckets_and_objects_that_an_import_refuses,
    images::every_bad_parameter_of_an_import_has_its_code,
    images::exports,
    images::lists_and_their_filters,
    images::names_and_tokens,
    images::nobody_sees_what_is_not_theirs,
    images::the_role_is_taken_literally,
    impact::it_names_whatever_hangs_on_an_image,
    impact::tasks_that_run_on_an_image_speak_against_its_deletion,
    launches::attributes_of_a_server,
    launches::groups_of_a_server,
    launches::lists_and_what_is_on_offer,
    launches::names_of_servers,
    launches::what_a_launch_is_refused_for,
    launches::what_a_server_in_each_state_is_refused,
    launches::when_its_time_has_come_a_server_is_released,
    making::copies_are_cancelled_while_they_run,
    making::images_for_a_type_of_server,
    making::what_an_export_needs,
    making::what_an_image_is_made_of,
    networks::addresses_and_the_servers_that_may_have_them,
    networks::groups_and_their_rules_have_limits,
    networks::keys_and_tags_have_limits,
    networks::networks_and_subnets_have_limits,
    networks::rules_about_groups_and_both_ends,
    networks::what_a_rule_of_a_group_must_not_say,
    ram::a_key_signs_until_it_is_disabled,
    ram::a_policy_reaches_the_members_of_a_group_at_once,
    ram::a_user_looks_after_its_own_keys,
    ram::attachments,
    ram::codes::every_code_is_reached,
    ram::codes::nobody_reaches_anothers_keys,
    ram::groups,
    ram::markers_lead_over_every_page,
    ram::tags_are_kept_and_listed,
    ram::users,
    ram::versions_of_a_policy,
    ram::who_names_no_user_means_themselves,
    servers::a_server_from_its_launch_to_its_release,
    servers::addresses_keys_and_tags_around_a_server,
    servers::an_image_is_shared_and_taken_back,
    servers::what_a_guest_wrote_is_captured_and_comes_back,
    servers::what_is_not_there_and_what_gives_no_image,
    sharing::a_community_image_is_everybodys_to_use,
    sharing::a_deleted_image_leaves_its_bytes_to_those_who_use_them,
    sharing::a_recipient_uses_the_image_and_does_nothing_else_to_it,
    sharing::one_account_receives_so_many,
    sharing::publishing_keeps_what_was_shared_before,
    sharing::so_many_accounts_a_call_and_an_image,
    swas::a_firewall_has_so_many_rules,
    swas::a_firewall_of_its_own,
    swas::a_server_its_snapshot_its_image_and_back,
    swas::a_server_with_a_data_disk_gives_an_image_with_two,
    swas::an_image_is_shared_with_ecs_and_with_others,
    swas::images_and_snapshots_are_three_a_server,
    swas::lists_have_the_members_that_clients_read,
    swas::servers_start_stop_and_have_names,
    swas::tags_of_servers_and_of_what_comes_of_them,
    swas::what_is_wrong_is_said_in_the_words_of_the_service,
];

/// Runs every scenario, and notes which codes it reached.
pub async fn run(outcomes: &mut [Outcome]) {
    support::take_reached();
    for scenario in SCENARIOS {
        // Each has a runtime of its own, as it has when it is run alone.
        tokio::task::spawn_blocking(*scenario).await.expect("a scenario that passes when it is run alone");
    }
    for error in support::take_reached() {
        let is_it = |outcome: &&mut Outcome| outcome.is_call(&error.version, &error.action);
        if let Some(outcome) = outcomes.iter_mut().find(is_it) {
            outcome.reached(error.status, &error.code, &error.text);
        }
    }
}
