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
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<String>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            group_id: group.id,
            group_name: group.name,
            comments: group.comments,
            create_date: group.created.seconds(),
            update_date: Some(group.updated.seconds()),
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

impl OneGroup {
    /// As the call that makes it shows it: nothing was updated yet.
    pub(in crate::ram) fn made(mut self) -> Self {
        self.group.update_date = None;
        self
    }
}
