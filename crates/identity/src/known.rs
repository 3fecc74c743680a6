//! From the key that a caller presents to who they are.

use std::sync::Arc;

use meta::identities::{self, Principal as Row};
use meta::roles::{self, Role};
use meta::{Meta, Scope, Tx, settings};
use model::{AccountId, Entropy, Timestamp};
use policy::{Applicant, Context, Document, Kind, Verdict};
use quick_cache::sync::Cache;
use serde_json::Value;
use thiserror::Error;

use crate::caller::{Caller, Principal};
use crate::denial::{Diagnosis, Failure};
use crate::policies::Policies;
use crate::seal::{Purpose, Sealer};
use crate::session::{KEY_PREFIX, NewSession, Session, TemporaryKey};

/// Users and roles whose policies are remembered.
const REMEMBERED: usize = 10_000;

/// A key that is known, and whose it is. Nothing is proved yet: the door verifies the signature with the secret.
pub struct Known {
    /// The secret that must have signed.
    pub secret: String,
    /// Who calls, if it did.
    pub caller: Caller,
    /// When a temporary key ends or ended.
    pub expires: Option<Timestamp>,
}

impl Known {
    /// Whether the key's time is over. A key that is not temporary has no end.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// Why a key leads to nobody.
#[derive(Debug, Error)]
pub enum Unknown {
    /// There is no such key.
    #[error("there is no such access key")]
    Key,
    /// The key was disabled.
    #[error("the access key is disabled")]
    Inactive,
    /// A temporary key came without its token.
    #[error("a temporary key needs its token")]
    TokenMissing,
    /// The token is none of this deployment's.
    #[error("the token is malformed")]
    TokenMalformed,
    /// The token is another key's, or the key has none.
    #[error("the token is not this key's")]
    TokenMismatched,
    /// The records do not answer.
    #[error("the records do not answer")]
    Records(#[from] meta::Error),
}

/// A role with its policies.
pub struct RoleAtHand {
    /// The role.
    pub role: Role,
    /// What it may do.
    pub policies: Arc<Policies>,
}

/// Everybody whom this deployment knows.
pub struct Identities {
    meta: Meta,
    sealer: Sealer,
    entropy: Arc<dyn Entropy>,
    remembered: Cache<(AccountId, String), (i64, Arc<Policies>)>,
}

/// What a transaction found out about a principal: its policies, or that what is remembered of them is still so.
enum Found {
    Remembered(Arc<Policies>),
    Read(i64, Vec<identities::Grant>),
}

impl Identities {
    /// Everybody in these records. The key that seals tokens is in the records, too: every node must open them.
    pub async fn open(meta: Meta, entropy: Arc<dyn Entropy>) -> Result<Self, meta::Error> {
        let mut fresh = [0; 32];
        entropy.fill(&mut fresh);
        let fresh = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, fresh);
        let key = meta.write(Scope::Shared, move |tx| settings::get_or_set(tx, "seal-key", &fresh)).await?;
        let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap_or_default();
        let key: [u8; 32] = key.try_into().map_err(|_| meta::Error::corrupt("the key of sealed texts is damaged"))?;
        Ok(Self { meta, sealer: Sealer::new(&key), entropy, remembered: Cache::new(REMEMBERED) })
    }

    /// Whose key this is. `token` is what came beside it; keys that are not temporary have none.
    pub async fn known(self: &Arc<Self>, access_key_id: &str, token: Option<&str>) -> Result<Known, Unknown> {
        if access_key_id.starts_with(KEY_PREFIX) {
            return self.known_session(access_key_id, token.ok_or(Unknown::TokenMissing)?).await;
        }
        let (id, this) = (access_key_id.to_owned(), Arc::clone(self));
        let found = self.meta.read(move |tx| {
            let Some((key, user, generation)) = identities::by_key(tx, &id)? else { return Ok(None) };
            if key.user.is_none() {
                return Ok(Some((key, None)));
            }
            // A user that is deleted has no keys left; a key of nobody is nobody's.
            let Some(user) = user else { return Ok(None) };
            let found = this.look_at(tx, (key.account, generation), Row::User(&user.id))?;
            Ok::<_, meta::Error>(Some((key, Some((user, found)))))
        });
        let (key, user) = found.await?.ok_or(Unknown::Key)?;
        if !key.active {
            return Err(Unknown::Inactive);
        }
        if token.is_some() {
            return Err(Unknown::TokenMismatched);
        }
        let caller = match user {
            None => Caller::owner(key.account, key.id),
            Some((user, found)) => Caller {
                account: key.account,
                access_key_id: key.id,
                policies: self.settle(key.account, Row::User(&user.id), found),
                principal: Principal::User { id: user.id, name: user.name },
                ceiling: None,
            },
        };
        Ok(Known { secret: key.secret, caller, expires: None })
    }

    async fn known_session(self: &Arc<Self>, access_key_id: &str, token: &str) -> Result<Known, Unknown> {
        let opened = self.sealer.open(Purpose::Session, token).ok_or(Unknown::TokenMalformed)?;
        let session: Session = serde_json::from_slice(&opened).map_err(|_| Unknown::TokenMalformed)?;
        if session.access_key_id != access_key_id {
            return Err(Unknown::TokenMismatched);
        }
        let role = self.role(session.account, &session.role).await?;
        // The role is gone, or is another one under the same name: so is everybody who was in it.
        let role = role.filter(|at_hand| at_hand.role.id == session.role_id).ok_or(Unknown::Key)?;
        let (secret, expires) = (session.secret.clone(), Some(session.expires));
        let caller = Caller {
            account: session.account,
            access_key_id: session.access_key_id.clone(),
            ceiling: session.policy.as_deref().map(|text| Arc::new(Policies::of_session(text))),
            principal: Principal::Session(Arc::new(session)),
            policies: role.policies,
        };
        Ok(Known { secret, caller, expires })
    }

    /// The role with this name, and its policies.
    pub async fn role(self: &Arc<Self>, account: AccountId, name: &str) -> Result<Option<RoleAtHand>, meta::Error> {
        let (wanted, this) = (name.to_owned(), Arc::clone(self));
        let found = self.meta.read(move |tx| {
            let Some(role) = roles::get(tx, account, &wanted)? else { return Ok(None) };
            let found = this.look(tx, account, Row::Role(&role.name))?;
            Ok::<_, meta::Error>(Some((role, found)))
        });
        Ok(found.await?.map(|(role, found)| {
            let policies = self.settle(account, Row::Role(&role.name), found);
            RoleAtHand { role, policies }
        }))
    }

    /// The user with this name as a caller, for an operator who asks what they may do.
    pub async fn user(self: &Arc<Self>, account: AccountId, name: &str) -> Result<Option<Caller>, meta::Error> {
        let (wanted, this) = (name.to_owned(), Arc::clone(self));
        let found = self.meta.read(move |tx| {
            let Some(user) = identities::user_by_name(tx, account, &wanted)? else { return Ok(None) };
            let found = this.look(tx, account, Row::User(&user.id))?;
            Ok::<_, meta::Error>(Some((user, found)))
        });
        Ok(found.await?.map(|(user, found)| Caller {
            account,
            access_key_id: String::new(),
            policies: self.settle(account, Row::User(&user.id), found),
            principal: Principal::User { id: user.id, name: user.name },
            ceiling: None,
        }))
    }

    /// Begins a session.
    pub fn begin(&self, new: NewSession) -> TemporaryKey {
        let session = Session::begin(new, &*self.entropy);
        let text = serde_json::to_vec(&session).expect("a session has no map keys that are not text");
        TemporaryKey {
            access_key_id: session.access_key_id,
            access_key_secret: session.secret,
            security_token: self.sealer.seal(&*self.entropy, Purpose::Session, &text),
        }
    }

    /// `AccessDeniedDetail` of a denial.
    pub fn detail(&self, failure: &Failure<'_>) -> Value {
        failure.detail(&self.sealer, &*self.entropy)
    }

    /// What led to a denial, from the text that its caller was given.
    pub fn diagnosis(&self, encoded: &str) -> Option<Diagnosis> {
        serde_json::from_slice(&self.sealer.open(Purpose::Diagnosis, encoded)?).ok()
    }

    /// The policies of a principal: those that are remembered, when nothing changed since.
    fn look(&self, tx: &mut Tx<'_>, account: AccountId, row: Row<'_>) -> Result<Found, meta::Error> {
        let generation = identities::generation(tx, account)?;
        self.look_at(tx, (account, generation), row)
    }

    /// [`Identities::look`], for whoever knows the generation.
    fn look_at(
        &self,
        tx: &mut Tx<'_>,
        (account, generation): (AccountId, i64),
        row: Row<'_>,
    ) -> Result<Found, meta::Error> {
        if let Some((known, policies)) = self.remembered.get(&(account, row.key()))
            && known == generation
        {
            return Ok(Found::Remembered(policies));
        }
        Ok(Found::Read(generation, identities::grants(tx, account, row)?))
    }

    fn settle(&self, account: AccountId, row: Row<'_>, found: Found) -> Arc<Policies> {
        match found {
            Found::Remembered(policies) => policies,
            Found::Read(generation, grants) => {
                let policies = Arc::new(Policies::parse(grants));
                self.remembered.insert((account, row.key()), (generation, Arc::clone(&policies)));
                policies
            }
        }
    }
}

impl RoleAtHand {
    /// Somebody in a session of the role without a policy of its own, for an operator who asks what they may do.
    pub fn as_caller(self, account: AccountId) -> Caller {
        let session = Session {
            access_key_id: String::new(),
            secret: String::new(),
            account,
            role: self.role.name,
            role_id: self.role.id,
            name: "explain".to_owned(),
            expires: Timestamp::from_millis(0),
            policy: None,
            assumed_by: String::new(),
            source_identity: None,
        };
        Caller {
            account,
            access_key_id: String::new(),
            principal: Principal::Session(Arc::new(session)),
            policies: self.policies,
            ceiling: None,
        }
    }

    /// What the trust policy says to one who wants to assume the role. One that cannot be read trusts nobody.
    pub fn trusts(&self, applicant: Applicant<'_>, context: &Context) -> Verdict {
        Document::parse(Kind::Trust, &self.role.trust)
            .map_or(Verdict::ImplicitDeny, |trust| policy::trusts(&trust, applicant, context))
    }

    /// Whether the role may do `verb` to `resource`.
    pub fn may(&self, verb: &str, resource: &str, context: &Context) -> bool {
        let request = policy::Request { verb, resource, context };
        self.policies.unreadable.is_none()
            && policy::evaluate(self.policies.documents(), &request).verdict == Verdict::Allow
    }
}
