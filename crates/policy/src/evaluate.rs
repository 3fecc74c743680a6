//! From policies and a request to a decision: any deny wins, else any allow, else nobody allowed it.

use std::collections::BTreeMap;

use crate::document::{Document, Effect, Principal, Resources, Statement, Verbs};
use crate::pattern;

/// What a request is about, beside its verb and resource: condition keys and their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, String>,
}

impl Context {
    /// Sets a key, which is compared in any case.
    pub fn insert(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_lowercase(), value.into());
    }

    /// The keys, in lower case and in their order, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn get(&self, lower_key: &str) -> Option<&str> {
        self.values.get(lower_key).map(String::as_str)
    }
}

/// A question to the policies.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What is to be done, such as `ecs:ImportImage`.
    pub verb: &'a str,
    /// What it is to be done to, as a resource name.
    pub resource: &'a str,
    /// The condition keys.
    pub context: &'a Context,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Verdict {
    /// This answer together with another policy's that speaks in parallel: a denial wins, then an allowance.
    pub fn beside(self, other: Self) -> Self {
        match (self, other) {
            (Self::ExplicitDeny, _) | (_, Self::ExplicitDeny) => Self::ExplicitDeny,
            (Self::Allow, _) | (_, Self::Allow) => Self::Allow,
            (Self::ImplicitDeny, Self::ImplicitDeny) => Self::ImplicitDeny,
        }
    }
}

/// The answer and what led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// The policy and the statement in it that decided, by position; none for an implicit denial.
    pub decided_by: Option<(usize, usize)>,
}

/// What these policies together say of the request.
pub fn evaluate<'a>(documents: impl IntoIterator<Item = &'a Document>, request: &Request<'_>) -> Decision {
    decide(documents, |statement| {
        verb_applies(statement, request.verb)
            && resource_applies(statement, request.resource)
            && statement.conditions.iter().all(|condition| condition.holds(request.context))
    })
}

/// Who wants to assume a role.
#[derive(Debug, Clone, Copy)]
pub enum Applicant<'a> {
    /// A service, such as `ecs.aliyuncs.com`.
    Service(&'a str),
    /// A user or a role, by its name `acs:ram::<account>:user/<name>` or `…:role/<name>`, and the name of its account's
    /// owner, `acs:ram::<account>:root`, which stands for everybody in the account.
    Identity {
        /// The one who asks.
        name: &'a str,
        /// The owner of the account that it is in.
        root: &'a str,
    },
}

/// What a trust policy says to one who wants to assume its role.
pub fn trusts(trust: &Document, applicant: Applicant<'_>, context: &Context) -> Verdict {
    let decision = decide([trust], |statement| {
        verb_applies(statement, "sts:AssumeRole")
            && names(&statement.principal, applicant)
            && statement.conditions.iter().all(|condition| condition.holds(context))
    });
    decision.verdict
}

fn names(principal: &Principal, applicant: Applicant<'_>) -> bool {
    match applicant {
        Applicant::Service(service) => principal.services.iter().any(|name| name.eq_ignore_ascii_case(service)),
        Applicant::Identity { name, root } => {
            // Names of users and roles are compared in any case.
            let is = |trusted: &String| trusted.eq_ignore_ascii_case(name) || trusted.eq_ignore_ascii_case(root);
            principal.identities.iter().any(is)
        }
    }
}

fn decide<'a>(documents: impl IntoIterator<Item = &'a Document>, applies: impl Fn(&Statement) -> bool) -> Decision {
    let mut allowed = None;
    for (document_idx, document) in documents.into_iter().enumerate() {
        for (statement_idx, statement) in document.statements.iter().enumerate() {
            if !applies(statement) {
                continue;
            }
            let place = Some((document_idx, statement_idx));
            match statement.effect {
                Effect::Deny => return Decision { verdict: Verdict::ExplicitDeny, decided_by: place },
                Effect::Allow => allowed = allowed.or(place),
            }
        }
    }
    let verdict = if allowed.is_some() { Verdict::Allow } else { Verdict::ImplicitDeny };
    Decision { verdict, decided_by: allowed }
}

pub(crate) fn verb_applies(statement: &Statement, verb: &str) -> bool {
    match &statement.verbs {
        Verbs::Of(patterns) => patterns.iter().any(|p| pattern::matches_verb(p, verb)),
        Verbs::AllBut(patterns) => !patterns.iter().any(|p| pattern::matches_verb(p, verb)),
    }
}

pub(crate) fn resource_applies(statement: &Statement, resource: &str) -> bool {
    match &statement.resources {
        Resources::Of(patterns) => patterns.iter().any(|p| pattern::matches_resource(p, resource)),
        Resources::AllBut(patterns) => !patterns.iter().any(|p| pattern::matches_resource(p, resource)),
        Resources::Untold => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Kind;

    fn policy(statements: &str) -> Document {
        Document::parse(Kind::Identity, &format!(r#"{{"Version":"1","Statement":[{statements}]}}"#)).expect("valid")
    }

    fn ask(documents: &[Document], verb: &str, resource: &str) -> Decision {
        evaluate(documents, &Request { verb, resource, context: &Context::default() })
    }

    #[test]
    fn deny_wins_wherever_it_stands() {
        let allow = policy(r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#);
        let deny = policy(r#"{"Effect":"Deny","Action":"ecs:DeleteImage","Resource":"*"}"#);
        let image = "acs:ecs:cn-hangzhou:1:image/m-1";
        let both = [allow, deny];
        assert_eq!(ask(&both, "ecs:DeleteImage", image).verdict, Verdict::ExplicitDeny);
        assert_eq!(ask(&both, "ecs:DeleteImage", image).decided_by, Some((1, 0)));
        assert_eq!(ask(&both, "ecs:CopyImage", image), Decision { verdict: Verdict::Allow, decided_by: Some((0, 0)) });
        assert_eq!(ask(&both, "oss:GetObject", image), Decision { verdict: Verdict::ImplicitDeny, decided_by: None });
        assert_eq!(ask(&[], "ecs:CopyImage", image).verdict, Verdict::ImplicitDeny);
    }

    #[test]
    fn everything_but() {
        let policy = [policy(r#"{"Effect":"Allow","NotAction":"ram:*","NotResource":"acs:ecs:*:*:image/m-1"}"#)];
        assert_eq!(ask(&policy, "ecs:DeleteImage", "acs:ecs:cn-hangzhou:1:image/m-2").verdict, Verdict::Allow);
        assert_eq!(ask(&policy, "ecs:DeleteImage", "acs:ecs:cn-hangzhou:1:image/m-1").verdict, Verdict::ImplicitDeny);
        assert_eq!(ask(&policy, "ram:GetRole", "acs:ram:*:1:role/x").verdict, Verdict::ImplicitDeny);
    }

    #[test]
    fn trust() {
        let parse = |text: &str| Document::parse(Kind::Trust, text).expect("valid");
        let service = parse(
            r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#,
        );
        let account = parse(
            r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"RAM":["acs:ram::1:root"]}}]}"#,
        );
        let context = Context::default();
        let ecs = Applicant::Service("ecs.aliyuncs.com");
        assert_eq!(trusts(&service, ecs, &context), Verdict::Allow);
        assert_eq!(trusts(&service, Applicant::Service("swas.aliyuncs.com"), &context), Verdict::ImplicitDeny);
        assert_eq!(trusts(&account, ecs, &context), Verdict::ImplicitDeny);

        let user = |name| Applicant::Identity { name, root: "acs:ram::1:root" };
        assert_eq!(
            trusts(&account, user("acs:ram::1:user/ann"), &context),
            Verdict::Allow,
            "root is the whole account"
        );
        let other = Applicant::Identity { name: "acs:ram::2:user/ann", root: "acs:ram::2:root" };
        assert_eq!(trusts(&account, other, &context), Verdict::ImplicitDeny);
        let ann = parse(
            r#"{"Version":"1","Statement":[
                {"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"RAM":["acs:ram::1:user/ann","acs:ram::1:role/builder"]},
                 "Condition":{"StringEquals":{"sts:ExternalId":"x"}}},
                {"Action":"sts:AssumeRole","Effect":"Deny","Principal":{"RAM":"acs:ram::1:root"},
                 "Condition":{"NotIpAddress":{"acs:SourceIp":"10.0.0.0/8"}}}]}"#,
        );
        let mut context = Context::default();
        context.insert("acs:SourceIp", "10.1.1.1");
        assert_eq!(trusts(&ann, user("acs:ram::1:user/Ann"), &context), Verdict::ImplicitDeny, "no external id");
        context.insert("sts:ExternalId", "x");
        assert_eq!(trusts(&ann, user("acs:ram::1:user/Ann"), &context), Verdict::Allow);
        assert_eq!(trusts(&ann, user("acs:ram::1:role/builder"), &context), Verdict::Allow);
        assert_eq!(trusts(&ann, user("acs:ram::1:user/bob"), &context), Verdict::ImplicitDeny);
        context.insert("acs:SourceIp", "8.8.8.8");
        assert_eq!(trusts(&ann, user("acs:ram::1:user/Ann"), &context), Verdict::ExplicitDeny);
    }

    #[test]
    fn a_document_says_which_keys_it_asks_for() {
        let tagged = policy(
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"acs:ResourceTag/team":"a"}}}"#,
        );
        assert!(tagged.mentions("acs:ResourceTag/"));
        assert!(!tagged.mentions("acs:RequestTag/"));
    }

    proptest! {
        /// Adding a deny that applies never lets more through; adding an allow never takes a denial away.
        #[test]
        fn deny_beats_allow(allows in 0_usize..4, denies in 0_usize..4, first in any::<bool>()) {
            let allow = policy(r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#);
            let deny = policy(r#"{"Effect":"Deny","Action":"ecs:D*","Resource":"*"}"#);
            let mut documents = vec![allow; allows];
            let denials = vec![deny; denies];
            documents.splice(if first { 0..0 } else { allows..allows }, denials);
            let verdict = ask(&documents, "ecs:DeleteImage", "acs:ecs:r:1:image/x").verdict;
            let expected = match (allows, denies) {
                (_, 1..) => Verdict::ExplicitDeny,
                (1.., 0) => Verdict::Allow,
                (0, 0) => Verdict::ImplicitDeny,
            };
            prop_assert_eq!(verdict, expected);
        }
    }
}
