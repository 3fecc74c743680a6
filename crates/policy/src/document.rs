//! Policy documents: the JSON that users write, read strictly.
//!
//! Two kinds share the grammar: an identity policy names resources, a trust policy names principals. Whatever cannot be
//! evaluated is refused here with a reason, so that a stored policy always means something.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::condition::Condition;

/// Longest document that is stored (CreatePolicy, `PolicyDocument`), in characters.
pub const LONGEST_DOCUMENT: usize = 6144;

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Attached to a user, a group or a role: statements name resources.
    Identity,
    /// The trust policy of a role: statements name principals.
    Trust,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, and wins over every statement that allows.
    Deny,
}

/// Verbs that a statement is about, as patterns in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verbs {
    /// These patterns.
    Of(Vec<String>),
    /// Everything but these patterns.
    AllBut(Vec<String>),
}

/// Resources that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// These patterns.
    Of(Vec<String>),
    /// Everything but these patterns.
    AllBut(Vec<String>),
    /// A trust statement has none.
    Untold,
}

/// Who a trust statement is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// Services, such as `ecs.aliyuncs.com`.
    pub services: Vec<String>,
    /// Accounts, users and roles, as resource names.
    pub identities: Vec<String>,
    /// Identity providers.
    pub federated: Vec<String>,
}

/// One rule of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The verbs it is about.
    pub verbs: Verbs,
    /// The resources it is about.
    pub resources: Resources,
    /// Who it is about, in a trust policy.
    pub principal: Principal,
    /// What must hold for it to apply; all of them.
    pub conditions: Vec<Condition>,
}

/// A parsed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its statements, in the order of the text.
    pub statements: Vec<Statement>,
}

/// Why a document is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// The text is longer than a policy may be.
    #[error("the policy document is longer than {LONGEST_DOCUMENT} characters")]
    TooLong,
    /// The text is not JSON.
    #[error("the policy document is not valid JSON at line {line}, column {column}")]
    Json {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// `Version` is not "1".
    #[error("the policy version must be \"1\"")]
    Version,
    /// A member that the grammar does not have.
    #[error("the policy has an unknown element \"{0}\"")]
    Unknown(String),
    /// A member is missing or not of its type.
    #[error("the element \"{0}\" is missing or not valid")]
    Element(&'static str),
    /// A condition operator that does not exist.
    #[error("The condition operator '{0}' is not supported")]
    Operator(String),
    /// A condition value that its operator cannot read.
    #[error("the value \"{value}\" does not fit the condition operator '{operator}'")]
    ConditionValue {
        /// The operator.
        operator: String,
        /// The value.
        value: String,
    },
}

impl Document {
    /// Reads a document of this kind.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, DocumentError> {
        if text.chars().count() > LONGEST_DOCUMENT {
            return Err(DocumentError::TooLong);
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|error| DocumentError::Json { line: error.line(), column: error.column() })?;
        let Value::Object(document) = value else { return Err(DocumentError::Element("Statement")) };
        only(&document, &["Version", "Statement"])?;
        if document.get("Version").and_then(Value::as_str) != Some("1") {
            return Err(DocumentError::Version);
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().map(|item| statement(kind, item)).collect::<Result<_, _>>()?
            }
            Some(item @ Value::Object(_)) => vec![statement(kind, item)?],
            _ => return Err(DocumentError::Element("Statement")),
        };
        Ok(Self { statements })
    }

    /// Whether any condition asks for a key that begins with this: what is costly to find out need not be, where nobody
    /// asks.
    pub fn mentions(&self, prefix: &str) -> bool {
        let prefix = prefix.to_lowercase();
        let mut conditions = self.statements.iter().flat_map(|statement| &statement.conditions);
        conditions.any(|condition| condition.key().starts_with(&prefix))
    }
}

fn statement(kind: Kind, value: &Value) -> Result<Statement, DocumentError> {
    let Value::Object(members) = value else { return Err(DocumentError::Element("Statement")) };
    match kind {
        Kind::Identity => {
            only(members, &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
        }
        Kind::Trust => only(members, &["Sid", "Effect", "Action", "Principal", "Condition"])?,
    }
    let effect = match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(DocumentError::Element("Effect")),
    };
    let verbs = match (members.get("Action"), members.get("NotAction")) {
        (Some(action), None) => Verbs::Of(verb_patterns(action, "Action")?),
        (None, Some(action)) => Verbs::AllBut(verb_patterns(action, "NotAction")?),
        _ => return Err(DocumentError::Element("Action")),
    };
    let (resources, principal) = match kind {
        Kind::Trust => {
            let Some(Value::Object(who)) = members.get("Principal") else {
                return Err(DocumentError::Element("Principal"));
            };
            (Resources::Untold, principal(who)?)
        }
        Kind::Identity => {
            let resources = match (members.get("Resource"), members.get("NotResource")) {
                (Some(resource), None) => Resources::Of(resource_patterns(resource, "Resource")?),
                (None, Some(resource)) => Resources::AllBut(resource_patterns(resource, "NotResource")?),
                _ => return Err(DocumentError::Element("Resource")),
            };
            (resources, Principal::default())
        }
    };
    let conditions = match members.get("Condition") {
        None => Vec::new(),
        Some(Value::Object(operators)) => conditions(operators)?,
        Some(_) => return Err(DocumentError::Element("Condition")),
    };
    Ok(Statement { effect, verbs, resources, principal, conditions })
}

fn principal(who: &Map<String, Value>) -> Result<Principal, DocumentError> {
    only(who, &["Service", "RAM", "Federated"])?;
    let list = |name: &str| who.get(name).map_or(Ok(Vec::new()), |value| texts(value, "Principal"));
    let principal = Principal { services: list("Service")?, identities: list("RAM")?, federated: list("Federated")? };
    if principal == Principal::default() {
        return Err(DocumentError::Element("Principal"));
    }
    Ok(principal)
}

fn conditions(operators: &Map<String, Value>) -> Result<Vec<Condition>, DocumentError> {
    let mut all = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else { return Err(DocumentError::Element("Condition")) };
        let keys: BTreeMap<String, Vec<String>> = keys
            .iter()
            .map(|(key, values)| Ok((key.clone(), scalars(values)?)))
            .collect::<Result<_, DocumentError>>()?;
        for (key, values) in keys {
            all.push(Condition::parse(operator, &key, values)?);
        }
    }
    Ok(all)
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), DocumentError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(DocumentError::Unknown(name.clone())),
        None => Ok(()),
    }
}

/// A text or a list of texts; the grammar lets one stand for the other.
fn texts(value: &Value, element: &'static str) -> Result<Vec<String>, DocumentError> {
    let items = match value {
        Value::Array(items) if !items.is_empty() => items.as_slice(),
        Value::String(_) => std::slice::from_ref(value),
        _ => return Err(DocumentError::Element(element)),
    };
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(DocumentError::Element(element))).collect()
}

/// Condition values may also be numbers and booleans.
fn scalars(value: &Value) -> Result<Vec<String>, DocumentError> {
    let items = match value {
        Value::Array(items) if !items.is_empty() => items.as_slice(),
        Value::Array(_) | Value::Object(_) | Value::Null => return Err(DocumentError::Element("Condition")),
        _ => std::slice::from_ref(value),
    };
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) => Ok(item.to_string()),
            _ => Err(DocumentError::Element("Condition")),
        })
        .collect()
}

fn verb_patterns(value: &Value, element: &'static str) -> Result<Vec<String>, DocumentError> {
    let patterns = texts(value, element)?;
    let well_formed = |pattern: &String| {
        pattern == "*" || pattern.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
    };
    if !patterns.iter().all(well_formed) {
        return Err(DocumentError::Element(element));
    }
    Ok(patterns.iter().map(|pattern| pattern.to_ascii_lowercase()).collect())
}

fn resource_patterns(value: &Value, element: &'static str) -> Result<Vec<String>, DocumentError> {
    let patterns = texts(value, element)?;
    let well_formed = |pattern: &String| {
        let fields: Vec<&str> = pattern.splitn(5, ':').collect();
        pattern == "*" || (fields.len() == 5 && (fields[0] == "*" || fields[0].eq_ignore_ascii_case("acs")))
    };
    if patterns.iter().all(well_formed) { Ok(patterns) } else { Err(DocumentError::Element(element)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(kind: Kind, text: &str) -> DocumentError {
        Document::parse(kind, text).expect_err(text)
    }

    #[test]
    fn the_import_role_of_the_documents() {
        let trust = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}"#;
        let document = Document::parse(Kind::Trust, trust).expect("valid");
        assert_eq!(document.statements[0].principal.services, ["ecs.aliyuncs.com"]);
        let policy = r#"{"Version":"1","Statement":[{"Action":["oss:GetObject","oss:GetBucketLocation"],"Resource":"*","Effect":"Allow"}]}"#;
        assert_eq!(Document::parse(Kind::Identity, policy).expect("valid").statements.len(), 1);
    }

    #[test]
    fn what_is_not_a_policy() {
        use DocumentError as E;
        let identity = |statement: &str| format!(r#"{{"Version":"1","Statement":[{statement}]}}"#);
        for (text, expected) in [
            ("{".to_owned(), E::Json { line: 1, column: 1 }),
            ("[]".to_owned(), E::Element("Statement")),
            (r#"{"Version":"2","Statement":[]}"#.to_owned(), E::Version),
            (r#"{"Version":"1","Statement":[]}"#.to_owned(), E::Element("Statement")),
            (r#"{"Version":"1","Statement":[],"Id":"x"}"#.to_owned(), E::Unknown("Id".into())),
            (identity(r#"{"Effect":"allow","Action":"*","Resource":"*"}"#), E::Element("Effect")),
            (identity(r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#), E::Element("Action")),
            (identity(r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#), E::Element("Action")),
            (identity(r#"{"Effect":"Allow","Action":"*"}"#), E::Element("Resource")),
            (identity(r#"{"Effect":"Allow","Action":"*","Resource":"bucket/*"}"#), E::Element("Resource")),
            (
                identity(r#"{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"RAM":"x"}}"#),
                E::Unknown("Principal".into()),
            ),
            (
                identity(r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"acs:SourceIp":"x"}}}"#),
                E::Operator("Null".into()),
            ),
            (
                identity(
                    r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"x"}}}"#,
                ),
                E::ConditionValue { operator: "IpAddress".into(), value: "x".into() },
            ),
        ] {
            assert_eq!(refused(Kind::Identity, &text), expected, "{text}");
        }
        assert_eq!(refused(Kind::Identity, &" ".repeat(LONGEST_DOCUMENT + 1)), E::TooLong);
        let no_principal = identity(r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#);
        assert_eq!(refused(Kind::Trust, &no_principal), E::Element("Principal"));
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let text = format!(r#"{{"Version":"1","Statement":{}"#, "[".repeat(5_000));
        assert!(matches!(refused(Kind::Identity, &text), DocumentError::Json { .. }));
    }
}
