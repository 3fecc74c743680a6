//! Users on the wire.

use meta::identities::User;
use serde::Serialize;

/// A user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserView {
    user_id: String,
    user_name: String,
    display_name: String,
    mobile_phone: String,
    email: String,
    comments: String,
    create_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<String>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            user_name: user.name,
            display_name: user.display_name,
            mobile_phone: user.mobile_phone,
            email: user.email,
            comments: user.comments,
            create_date: user.created.seconds(),
            update_date: Some(user.updated.seconds()),
        }
    }
}

/// `{"User": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneUser {
    user: UserView,
}

impl From<User> for OneUser {
    fn from(user: User) -> Self {
        Self { user: user.into() }
    }
}

impl OneUser {
    /// As the call that makes it shows it: nothing was updated yet.
    pub(in crate::ram) fn made(mut self) -> Self {
        self.user.update_date = None;
        self
    }
}
