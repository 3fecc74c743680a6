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
    update_date: String,
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
            update_date: user.updated.seconds(),
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
