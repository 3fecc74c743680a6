//! Conditions: an operator, a key, and the values that the request's value is held against.
//!
//! Values are alternatives, conditions all must hold. A key that the request does not have fails a positive operator and
//! passes a negated one: `StringNotLike acs:SourceVpc vpc-*` means "not from a VPC".

use std::net::IpAddr;

use ipnet::IpNet;

use crate::document::DocumentError;
use crate::evaluate::Context;
use crate::pattern;

/// One condition of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator as it was written.
    operator: String,
    /// The key, in lower case: keys are compared in any case.
    key: String,
    test: Test,
    /// True for the `Not` operators.
    negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Text { values: Vec<String>, ignore_case: bool },
    Like(Vec<String>),
    Number { values: Vec<Number>, order: Order },
    Date { values: Vec<jiff::Timestamp>, order: Order },
    Bool(Vec<bool>),
    Network(Vec<IpNet>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A finite number; what policies compare.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number(f64);

// A number of a policy is finite, so it equals itself.
impl Eq for Number {}

impl Order {
    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }

    /// The order that ends an operator's name, and whether it is negated.
    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

impl Condition {
    pub(crate) fn parse(operator: &str, key: &str, values: Vec<String>) -> Result<Self, DocumentError> {
        let unknown = || DocumentError::Operator(operator.to_owned());
        let (test, negated) = match operator {
            "StringEquals" => (Test::Text { values, ignore_case: false }, false),
            "StringNotEquals" => (Test::Text { values, ignore_case: false }, true),
            "StringEqualsIgnoreCase" => (Test::Text { values, ignore_case: true }, false),
            "StringNotEqualsIgnoreCase" => (Test::Text { values, ignore_case: true }, true),
            "StringLike" => (Test::Like(values), false),
            "StringNotLike" => (Test::Like(values), true),
            "Bool" => (Test::Bool(read_all(operator, &values, read_bool)?), false),
            "IpAddress" => (Test::Network(read_all(operator, &values, read_network)?), false),
            "NotIpAddress" => (Test::Network(read_all(operator, &values, read_network)?), true),
            _ => {
                if let Some((order, negated)) = operator.strip_prefix("Numeric").and_then(Order::parse) {
                    (Test::Number { values: read_all(operator, &values, read_number)?, order }, negated)
                } else if let Some((order, negated)) = operator.strip_prefix("Date").and_then(Order::parse) {
                    (Test::Date { values: read_all(operator, &values, read_date)?, order }, negated)
                } else {
                    return Err(unknown());
                }
            }
        };
        Ok(Self { operator: operator.to_owned(), key: key.to_lowercase(), test, negated })
    }

    /// The operator as it was written.
    pub(crate) fn operator(&self) -> &str {
        &self.operator
    }

    /// The key, in lower case.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the condition holds for a request with this context.
    pub fn holds(&self, context: &Context) -> bool {
        match context.get(&self.key) {
            None => self.negated,
            Some(value) => self.test.any(value) != self.negated,
        }
    }
}

impl Test {
    /// Whether any of the values matches the request's.
    fn any(&self, actual: &str) -> bool {
        match self {
            Self::Text { values, ignore_case: false } => values.iter().any(|value| value == actual),
            Self::Text { values, ignore_case: true } => {
                values.iter().any(|value| value.to_lowercase() == actual.to_lowercase())
            }
            Self::Like(values) => values.iter().any(|value| pattern::matches(value, actual)),
            Self::Number { values, order } => {
                read_number(actual).is_some_and(|actual| values.iter().any(|value| order.holds(&actual.0, &value.0)))
            }
            Self::Date { values, order } => {
                read_date(actual).is_some_and(|actual| values.iter().any(|value| order.holds(&actual, value)))
            }
            Self::Bool(values) => read_bool(actual).is_some_and(|actual| values.contains(&actual)),
            Self::Network(values) => {
                actual.parse::<IpAddr>().is_ok_and(|actual| values.iter().any(|network| network.contains(&actual)))
            }
        }
    }
}

fn read_all<T>(operator: &str, values: &[String], read: fn(&str) -> Option<T>) -> Result<Vec<T>, DocumentError> {
    values
        .iter()
        .map(|value| {
            read(value)
                .ok_or_else(|| DocumentError::ConditionValue { operator: operator.to_owned(), value: value.clone() })
        })
        .collect()
}

fn read_bool(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

fn read_number(text: &str) -> Option<Number> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Number)
}

fn read_date(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok()
}

fn read_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operator: &str, values: &[&str], actual: Option<&str>, expected: bool) {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        let condition = Condition::parse(operator, "acs:Key", values).expect("valid");
        let mut context = Context::default();
        if let Some(actual) = actual {
            context.insert("acs:KEY", actual);
        }
        assert_eq!(condition.holds(&context), expected, "{operator} {actual:?}");
    }

    #[test]
    fn every_operator() {
        check("StringEquals", &["a", "b"], Some("b"), true);
        check("StringEquals", &["a"], Some("A"), false);
        check("StringNotEquals", &["a", "b"], Some("b"), false);
        check("StringEqualsIgnoreCase", &["a"], Some("A"), true);
        check("StringNotEqualsIgnoreCase", &["a"], Some("A"), false);
        check("StringLike", &["vpc-*"], Some("vpc-1"), true);
        check("StringEquals", &["vpc-*"], Some("vpc-1"), false);
        check("StringNotLike", &["vpc-*"], Some("vpc-1"), false);
        check("NumericEquals", &["1"], Some("1.0"), true);
        check("NumericNotEquals", &["1"], Some("2"), true);
        check("NumericLessThan", &["10"], Some("9"), true);
        check("NumericLessThanEquals", &["10"], Some("10"), true);
        check("NumericGreaterThan", &["10"], Some("10"), false);
        check("NumericGreaterThanEquals", &["10"], Some("10"), true);
        check("DateLessThan", &["2026-01-01T00:00:00+08:00"], Some("2025-12-31T15:59:59Z"), true);
        check("DateGreaterThanEquals", &["2026-01-01T00:00:00Z"], Some("2025-12-31T15:59:59Z"), false);
        check("Bool", &["true"], Some("True"), true);
        check("IpAddress", &["10.0.0.0/8", "192.168.0.1"], Some("10.1.2.3"), true);
        check("IpAddress", &["192.168.0.1"], Some("192.168.0.1"), true);
        check("NotIpAddress", &["10.0.0.0/8"], Some("10.1.2.3"), false);
    }

    #[test]
    fn a_key_that_is_absent() {
        check("StringEquals", &["a"], None, false);
        check("StringNotLike", &["vpc-*"], None, true);
        check("Bool", &["false"], None, false);
        check("NotIpAddress", &["10.0.0.0/8"], None, true);
    }

    #[test]
    fn operators_that_the_service_refuses() {
        for operator in ["Null", "StringEqualsIfExists", "ForAnyValue:StringLike", "NumericNot", ""] {
            assert!(Condition::parse(operator, "k", vec!["v".into()]).is_err(), "{operator}");
        }
    }
}
