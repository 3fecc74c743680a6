//! Sessions of roles: temporary keys, and the token that says everything about them.
//!
//! The token is the session's record, sealed: nothing is stored, any node knows a session by its token, and it ends by
//! itself. What it may do is decided at every call, by the policies that the role has then.

use model::{AccountId, Entropy, Timestamp};
use serde::{Deserialize, Serialize};

/// What every temporary key's id begins with.
pub(crate) const KEY_PREFIX: &str = "STS.";

/// Who is in a session of which role.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id of the temporary key.
    pub access_key_id: String,
    /// The secret that signs.
    pub(crate) secret: String,
    /// The account of the role.
    pub account: AccountId,
    /// The role's name as it was written.
    pub role: String,
    /// The role's number: a role that was made again under the same name is another one.
    pub role_id: String,
    /// What the caller named the session.
    pub name: String,
    /// When it ends.
    pub expires: Timestamp,
    /// What the session may do at most, as policy text; everything that the role may when absent.
    pub policy: Option<String>,
    /// Who assumed the role, by name.
    pub assumed_by: String,
    /// Who stands behind the session, as its first caller said.
    pub source_identity: Option<String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secret never reaches a log.
        write!(f, "Session({}, {}/{} of {})", self.access_key_id, self.role, self.name, self.account)
    }
}

/// A session to be.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The account of the role.
    pub account: AccountId,
    /// The role's name as it was written.
    pub role: String,
    /// The role's number.
    pub role_id: String,
    /// What the caller names the session.
    pub name: String,
    /// When it is to end.
    pub expires: Timestamp,
    /// What it may do at most, as policy text that was checked.
    pub policy: Option<String>,
    /// Who assumes the role, by name.
    pub assumed_by: String,
    /// Who stands behind the session.
    pub source_identity: Option<String>,
}

/// What the caller of AssumeRole is given.
#[derive(Clone, PartialEq, Eq)]
pub struct TemporaryKey {
    /// Its id.
    pub access_key_id: String,
    /// The secret that signs.
    pub access_key_secret: String,
    /// What must come with every request that it signs.
    pub security_token: String,
}

impl Session {
    pub(crate) fn begin(new: NewSession, entropy: &dyn Entropy) -> Self {
        let NewSession { account, role, role_id, name, expires, policy, assumed_by, source_identity } = new;
        Self {
            access_key_id: format!("{KEY_PREFIX}{}", model::id::random_text(entropy, 24)),
            secret: model::id::random_text(entropy, 44),
            account,
            role,
            role_id,
            name,
            expires,
            policy,
            assumed_by,
            source_identity,
        }
    }
}
