//! What every parameter of every action may be, as the documents' tables give it: types, values, bounds.
//!
//! A room reads the parameters that it works with, and has the action's own codes for bad ones. This stands behind the
//! rooms, for the many parameters of features that this server does not have and accepts in silence: what the service
//! would not take, is not taken here either, so that a mistake in a call is found here and not in production.

use std::collections::HashMap;
use std::sync::OnceLock;

use wire::Params;
use wire::params::parse_bool;

use crate::action::Product;
use crate::code::{ApiError, ApiResult};

/// The tables: a line an action, `Action: Name rule; Name rule`, where `N` in a name stands for an index and a rule is
/// `=one|other`, `bool`, `int least..most`, `number least..most`, `text shortest..longest` or, for the name of a list
/// without its index, `list ..most`.
const TABLES: &[(Product, &str)] = &[
    (Product::Ecs, include_str!("parameters/ecs.txt")),
    (Product::Vpc, include_str!("parameters/vpc.txt")),
    (Product::Swas, include_str!("parameters/swas.txt")),
    (Product::Ram, include_str!("parameters/ram.txt")),
    (Product::Sts, include_str!("parameters/sts.txt")),
];

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq)]
enum Rule {
    OneOf(Vec<&'static str>),
    Bool,
    Int {
        least: Option<i64>,
        most: Option<i64>,
    },
    Number {
        least: Option<i64>,
        most: Option<i64>,
    },
    Text {
        shortest: usize,
        longest: usize,
    },
    /// A list whose index ends so.
    List {
        most: u32,
    },
}

type Rules = HashMap<&'static str, Rule>;

/// Checks every parameter of a call that the tables know. One that is empty is absent.
pub(crate) fn check(product: Product, action: &'static str, params: &Params) -> ApiResult<()> {
    static ALL: OnceLock<HashMap<(Product, &'static str), Rules>> = OnceLock::new();
    let Some(rules) = ALL.get_or_init(read).get(&(product, action)) else { return Ok(()) };
    for (name, value) in params.iter().filter(|(_, value)| !value.is_empty()) {
        let rule = match indexed(name) {
            None => rules.get(name),
            Some(name) => rules.get(name.as_str()),
        };
        let is_taken = rule.is_none_or(|rule| rule.takes(value));
        if !is_taken || is_past_the_end(rules, name) {
            return Err(ApiError::invalid(name));
        }
    }
    Ok(())
}

/// A name with `N` for its indexes; none when it has no index.
fn indexed(name: &str) -> Option<String> {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !name.contains('.') || !name.split('.').any(is_index) {
        return None;
    }
    Some(name.split('.').map(|part| if is_index(part) { "N" } else { part }).collect::<Vec<_>>().join("."))
}

/// Whether a list of the tables has no room for what this name names.
fn is_past_the_end(rules: &Rules, name: &str) -> bool {
    let Some((list, rest)) = name.split_once('.') else { return false };
    let Some(Rule::List { most }) = rules.get(list) else { return false };
    let index = rest.split('.').next().unwrap_or_default();
    index.parse::<u32>().map_or(true, |index| *most < index)
}

impl Rule {
    fn takes(&self, value: &str) -> bool {
        let within = |number: f64, least: Option<i64>, most: Option<i64>| {
            least.is_none_or(|least| least as f64 <= number) && most.is_none_or(|most| number <= most as f64)
        };
        match self {
            Self::OneOf(values) => values.iter().any(|one| one.eq_ignore_ascii_case(value)),
            Self::Bool => parse_bool(value).is_some(),
            Self::Int { least, most } => value.parse::<i64>().is_ok_and(|number| within(number as f64, *least, *most)),
            Self::Number { least, most } => value.parse::<f64>().is_ok_and(|number| within(number, *least, *most)),
            Self::Text { shortest, longest } => (*shortest..=*longest).contains(&value.chars().count()),
            Self::List { .. } => true,
        }
    }
}

fn read() -> HashMap<(Product, &'static str), Rules> {
    let mut all = HashMap::new();
    for (product, table) in TABLES {
        for line in table.lines() {
            let (action, rules) = line.split_once(": ").expect("a line of the tables names an action");
            let rules = rules.split("; ").map(|rule| {
                let (name, rule) = rule.split_once(' ').expect("a rule of the tables has a name");
                (name, parse(rule).unwrap_or_else(|| panic!("the rule {rule:?} of {action} is none")))
            });
            all.insert((*product, action), rules.collect());
        }
    }
    all
}

fn parse(rule: &'static str) -> Option<Rule> {
    if let Some(values) = rule.strip_prefix('=') {
        return Some(Rule::OneOf(values.split('|').collect()));
    }
    let (kind, bounds) = rule.split_once(' ').unwrap_or((rule, ".."));
    let (least, most) = bounds.split_once("..")?;
    let bound = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    match kind {
        "bool" => Some(Rule::Bool),
        "int" => Some(Rule::Int { least: bound(least)?, most: bound(most)? }),
        "number" => Some(Rule::Number { least: bound(least)?, most: bound(most)? }),
        "list" => Some(Rule::List { most: most.parse().ok()? }),
        "text" => Some(Rule::Text { shortest: least.parse().ok()?, longest: most.parse().ok()? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::ACTIONS;

    #[track_caller]
    fn check(rule: &'static str, takes: &[&str], refuses: &[&str]) {
        let rule = parse(rule).expect("a rule");
        for value in takes {
            assert!(rule.takes(value), "{rule:?} {value}");
        }
        for value in refuses {
            assert!(!rule.takes(value), "{rule:?} {value}");
        }
    }

    #[test]
    fn every_rule() {
        check("=BIOS|UEFI", &["BIOS", "uefi"], &["", "x"]);
        check("bool", &["true", "False"], &["1", "yes"]);
        check("int", &["-3", "9"], &["1.5", "x"]);
        check("int 1..3", &["1", "3"], &["0", "4", "99999999999999999999"]);
        check("int 1..", &["1", "1000"], &["0"]);
        check("number ..2", &["1.5", "-1"], &["2.5", "x"]);
        check("text 2..3", &["ab", "äöü"], &["a", "abcd"]);
        assert_eq!(parse("int one..2"), None);
    }

    #[test]
    fn lists_end() {
        let rules = Rules::from([("Tag", Rule::List { most: 20 })]);
        for (name, is_past) in [
            ("Tag.20", false),
            ("Tag.21", true),
            ("Tag.21.Key", true),
            ("Tag", false),
            ("Tags.21", false),
            ("Tag.x", true),
        ] {
            assert_eq!(is_past_the_end(&rules, name), is_past, "{name}");
        }
    }

    #[test]
    fn names_with_indexes() {
        assert_eq!(indexed("Tag.12.Key").as_deref(), Some("Tag.N.Key"));
        assert_eq!(indexed("Features.NvmeSupport"), None);
        assert_eq!(indexed("A.1.B.2").as_deref(), Some("A.N.B.N"));
    }

    #[test]
    fn the_tables_are_of_actions_that_there_are() {
        for ((product, action), _) in read() {
            let is_it = |entry: &crate::action::Entry| entry.spec.product == product && entry.spec.name == action;
            assert!(ACTIONS.iter().any(is_it), "{product:?} {action}");
        }
    }
}
