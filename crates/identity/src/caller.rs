//! The caller of a request.

use std::net::IpAddr;
use std::sync::Arc;

use model::{AccountId, Timestamp};
use policy::Context;

use crate::policies::Policies;
use crate::session::Session;

/// Who signed a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account whose resources the request works on.
    pub account: AccountId,
    /// The key that signed.
    pub access_key_id: String,
    /// Who in the account it is.
    pub principal: Principal,
    /// What policies say of them; nothing for the owner, of whom none is asked.
    pub policies: Arc<Policies>,
    /// What a session may do at most, when its caller said so.
    pub ceiling: Option<Arc<Policies>>,
}

/// Who in an account a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account's owner.
    Owner,
    /// A user of the account.
    User {
        /// The user's number.
        id: String,
        /// The user's name.
        name: String,
    },
    /// Somebody in a session of a role.
    Session(Arc<Session>),
}

impl Caller {
    /// The owner of an account.
    pub fn owner(account: AccountId, access_key_id: impl Into<String>) -> Self {
        let access_key_id = access_key_id.into();
        Self { account, access_key_id, principal: Principal::Owner, policies: Arc::default(), ceiling: None }
    }

    /// Whether any policy asks for the tags of a request.
    pub fn asks_request_tags(&self) -> bool {
        self.all_policies().any(|policies| policies.asks_request_tags)
    }

    /// Whether any policy asks for the tags of a resource.
    pub fn asks_resource_tags(&self) -> bool {
        self.all_policies().any(|policies| policies.asks_resource_tags)
    }

    fn all_policies(&self) -> impl Iterator<Item = &Policies> {
        self.ceiling.as_deref().into_iter().chain([&*self.policies])
    }

    /// True for the account's owner.
    pub fn is_owner(&self) -> bool {
        self.principal == Principal::Owner
    }

    /// The caller's resource name (`acs:PrincipalARN`; GetCallerIdentity, `Arn`).
    pub fn arn(&self) -> String {
        let account = self.account;
        match &self.principal {
            Principal::Owner => format!("acs:ram::{account}:root"),
            Principal::User { name, .. } => format!("acs:ram::{account}:user/{name}"),
            Principal::Session(session) => {
                format!("acs:ram::{account}:assumed-role/{}/{}", session.role, session.name)
            }
        }
    }

    /// The name by which trust policies know the caller: a session goes by its role's.
    pub fn trusted_as(&self) -> String {
        match &self.principal {
            Principal::Session(session) => format!("acs:ram::{}:role/{}", self.account, session.role),
            Principal::Owner | Principal::User { .. } => self.arn(),
        }
    }

    /// The caller's number: of the account, of the user, or of the role with the name of the session.
    pub fn principal_id(&self) -> String {
        match &self.principal {
            Principal::Owner => self.account.to_string(),
            Principal::User { id, .. } => id.clone(),
            Principal::Session(session) => format!("{}:{}", session.role_id, session.name),
        }
    }

    /// A name for people: of the user, or of the role and the session.
    pub fn display_name(&self) -> String {
        match &self.principal {
            Principal::Owner => "root".to_owned(),
            Principal::User { name, .. } => name.clone(),
            Principal::Session(session) => format!("{}:{}", session.role, session.name),
        }
    }
}

/// Condition keys of the tags of the resource that is named: `acs:ResourceTag/…`, and `ecs:tag/…` as older policies write
/// it.
pub fn add_resource_tags<'a>(context: &mut Context, tags: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (key, value) in tags {
        context.insert(&format!("acs:ResourceTag/{key}"), value);
        context.insert(&format!("ecs:tag/{key}"), value);
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// Whence it came.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS.
    pub is_secure: bool,
}

/// Where and when a request was made: what every policy can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Where from.
    pub origin: Origin,
    /// When.
    pub now: Timestamp,
}

impl Surroundings {
    /// The condition keys of this caller's request. `acs:MFAPresent` is not among them: no key is used with a second
    /// factor, and a condition on a key that is absent does not hold.
    pub fn context(&self, caller: &Caller) -> Context {
        let mut context = Context::default();
        context.insert("acs:CurrentTime", self.now.seconds());
        context.insert("acs:SecureTransport", self.origin.is_secure.to_string());
        context.insert("acs:PrincipalARN", caller.trusted_as());
        if let Some(address) = self.origin.source_ip {
            context.insert("acs:SourceIp", address.to_string());
        }
        context
    }
}
