//! Whose keys a call is about: the named user's, or the caller's own.

use identity::Principal;
use meta::{Tx, identities};
use model::AccountId;
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::dispatch::Cx;
use crate::ram::fields;

/// Whose keys a call is about.
pub(super) enum Whose {
    /// A user's, by name.
    Named(String),
    /// Those of whoever signed.
    Own(Principal),
}

impl Whose {
    /// Reads `UserName`.
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        match params.get("UserName") {
            Some(_) => fields::user_name(params).map(Self::Named),
            None => Ok(Self::Own(cx.caller.principal.clone())),
        }
    }

    /// The user as policies name it. The account itself is none of its users, so it stands for all of them.
    pub(super) fn resource(&self, cx: &Cx) -> String {
        match self {
            Self::Named(name) | Self::Own(Principal::User { name, .. }) => fields::user_resource(cx, name),
            Self::Own(Principal::Owner | Principal::Session(_)) => fields::user_resource(cx, "*"),
        }
    }

    /// The id of the user; none for the account itself.
    pub(super) fn find(&self, tx: &mut Tx<'_>, account: AccountId) -> ApiResult<Option<String>> {
        let user = match self {
            Self::Named(name) => identities::user_by_name(tx, account, name)?,
            Self::Own(Principal::Owner) => return Ok(None),
            // It was there when it signed, but a key must not outlive its user.
            Self::Own(Principal::User { id, .. }) => identities::user_by_id(tx, account, id)?,
            // A role has no keys.
            Self::Own(Principal::Session(_)) => None,
        };
        Ok(Some(user.ok_or(Code::UserNotExist)?.id))
    }
}

/// `Active` or `Inactive`.
pub(super) const fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
