//! Whose keys a call is about: the named user's, or the caller's own.

use meta::{Tx, accounts, identities};
use model::AccountId;
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::dispatch::Cx;
use crate::ram::fields;

/// Whose keys a call is about.
pub(super) enum Whose {
    /// A user's, by name.
    Named(String),
    /// Those of whoever owns the key that signed.
    Signer(String),
}

impl Whose {
    /// Reads `UserName`.
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        match params.get("UserName") {
            Some(_) => fields::user_name(params).map(Self::Named),
            None => Ok(Self::Signer(cx.caller.access_key_id.clone())),
        }
    }

    /// The user as policies name it. Who does not name one asks for any: that is no less than asking for oneself.
    pub(super) fn resource(&self, cx: &Cx) -> String {
        match self {
            Self::Named(name) => fields::user_resource(cx, name),
            Self::Signer(_) => fields::user_resource(cx, "*"),
        }
    }

    /// The id of the user; none for the account itself.
    pub(super) fn find(&self, tx: &mut Tx<'_>, account: AccountId) -> ApiResult<Option<String>> {
        match self {
            Self::Named(name) => {
                let user = identities::user_by_name(tx, account, name)?.ok_or(Code::UserNotExist)?;
                Ok(Some(user.id))
            }
            // A key that is on no record is a session's: a role has no keys.
            Self::Signer(id) => match accounts::key(tx, id)?.filter(|key| key.account == account) {
                Some(key) => Ok(key.user),
                None => Err(Code::UserNotExist.error()),
            },
        }
    }
}

/// `Active` or `Inactive`.
pub(super) const fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
