//! Who gets to a server: security groups, which are its firewall, and key pairs.

pub(crate) mod attach_key_pair;
pub(crate) mod authorize_security_group;
pub(crate) mod authorize_security_group_egress;
pub(crate) mod create_key_pair;
pub(crate) mod create_security_group;
pub(crate) mod delete_key_pairs;
pub(crate) mod delete_security_group;
pub(crate) mod describe_key_pairs;
pub(crate) mod describe_security_group_attribute;
pub(crate) mod describe_security_groups;
pub(crate) mod detach_key_pair;
mod group_rules;
pub(crate) mod import_key_pair;
mod key_pair_binding;
pub(crate) mod key_pairs;
pub(crate) mod revoke_security_group;
pub(crate) mod revoke_security_group_egress;
mod rule_form;
