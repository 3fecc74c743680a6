//! The policies of one user or role, parsed and ready to be asked.

use meta::identities::Grant;
use meta::policies::PolicyKind;
use policy::{Document, Kind};

use crate::system_policies;

/// One policy that is attached to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Whether it is the service's or the account's; none for the policy of a session.
    pub kind: Option<PolicyKind>,
    /// Its name; empty for the policy of a session.
    pub name: String,
    /// The group that it comes through.
    pub group: Option<String>,
    /// What it says.
    pub document: Document,
}

/// All policies of one user or role.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The policies.
    pub attached: Vec<Attached>,
    /// A policy that cannot be read. It might deny anything, so it denies everything.
    pub(crate) unreadable: Option<String>,
    /// Whether any asks for the tags of a request.
    pub asks_request_tags: bool,
    /// Whether any asks for the tags of a resource.
    pub asks_resource_tags: bool,
}

impl Policies {
    /// Parses what the records say is attached.
    pub(crate) fn parse(grants: Vec<Grant>) -> Self {
        let mut policies = Self::default();
        // In the order of the records, which is stable, so that the same statement is named every time.
        for Grant { kind, policy: name, document, group } in grants {
            let text = match kind {
                PolicyKind::System => system_policies::document(&name).map(str::to_owned),
                PolicyKind::Custom => document,
            };
            policies.add(Some(kind), name, group, text.as_deref());
        }
        policies
    }

    /// The policy of a session.
    pub(crate) fn of_session(text: &str) -> Self {
        let mut policies = Self::default();
        policies.add(None, String::new(), None, Some(text));
        policies
    }

    fn add(&mut self, kind: Option<PolicyKind>, name: String, group: Option<String>, text: Option<&str>) {
        match text.map(|text| Document::parse(Kind::Identity, text)) {
            Some(Ok(document)) => {
                self.asks_request_tags |= document.mentions("acs:RequestTag/");
                self.asks_resource_tags |= document.mentions("acs:ResourceTag/") || document.mentions("ecs:tag/");
                self.attached.push(Attached { kind, name, group, document });
            }
            other => {
                let error = other.and_then(Result::err).map_or_else(|| "it is gone".to_owned(), |e| e.to_string());
                tracing::error!(policy = name, error, "a policy cannot be read; it denies everything");
                self.unreadable = Some(name);
            }
        }
    }

    /// What the policies say.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.attached.iter().map(|attached| &attached.document)
    }
}
