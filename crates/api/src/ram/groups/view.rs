//! Groups on the wire.

use meta::identities::Group;
use serde::Serialize;

/// A group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupView {
    group_id: String,
    group_name: String,
    comments: String,
    create_date: String,
    update_date: String,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            group_id: group.id,
            group_name: group.name,
            comments: group.comments,
            create_date: group.created.seconds(),
            update_date: group.updated.seconds(),
        }
    }
}

/// `{"Group": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneGroup {
    group: GroupView,
}

impl From<Group> for OneGroup {
    fn from(group: Group) -> Self {
        Self { group: group.into() }
    }
}
