//! Why each statement of a document did or did not apply to a request: for people who ask why they were let in or not.

use crate::document::{Document, Effect};
use crate::evaluate::{Request, resource_applies, verb_applies};

/// One statement, held against a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whether it is about the verb.
    pub verb: bool,
    /// Whether it is about the resource.
    pub resource: bool,
    /// The conditions that do not hold: operator and key.
    pub failed: Vec<(String, String)>,
}

impl Trace {
    /// Whether the statement applies.
    pub fn applies(&self) -> bool {
        self.verb && self.resource && self.failed.is_empty()
    }
}

/// Holds every statement of a document against a request, in the order of the text.
pub fn trace(document: &Document, request: &Request<'_>) -> Vec<Trace> {
    let one = |statement: &crate::Statement| Trace {
        effect: statement.effect,
        verb: verb_applies(statement, request.verb),
        resource: resource_applies(statement, request.resource),
        failed: statement
            .conditions
            .iter()
            .filter(|condition| !condition.holds(request.context))
            .map(|condition| (condition.operator().to_owned(), condition.key().to_owned()))
            .collect(),
    };
    document.statements.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Kind};

    #[test]
    fn every_reason() {
        let text = r#"{"Version":"1","Statement":[
            {"Effect":"Allow","Action":"ecs:*","Resource":"acs:ecs:*:*:image/m-1"},
            {"Effect":"Deny","Action":"oss:*","Resource":"*"},
            {"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"},"Bool":{"acs:SecureTransport":"false"}}}]}"#;
        let document = Document::parse(Kind::Identity, text).expect("valid");
        let mut context = Context::default();
        context.insert("acs:SourceIp", "8.8.8.8");
        context.insert("acs:SecureTransport", "false");
        let request = Request { verb: "ecs:DeleteImage", resource: "acs:ecs:r:1:image/m-2", context: &context };
        let found = trace(&document, &request);
        let short: Vec<(bool, bool, usize, bool)> =
            found.iter().map(|t| (t.verb, t.resource, t.failed.len(), t.applies())).collect();
        assert_eq!(short, [(true, false, 0, false), (false, true, 0, false), (true, true, 1, false)]);
        assert_eq!(found[2].failed, [("IpAddress".to_owned(), "acs:sourceip".to_owned())]);
    }
}
