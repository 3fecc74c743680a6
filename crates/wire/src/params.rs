//! The flat parameters of a call, and the lists and structures that their names spell out.
//!
//! `Tag.2.Key=env` is field `Key` of item 2 of list `Tag`. SDKs count from 1 without gaps; hand-written callers do not,
//! so items are read in the order of their numbers and gaps are skipped.

use std::collections::BTreeMap;

/// Parameters that one call may carry: a hostile caller pays for the parsing of no more.
pub const PARAMS_AT_MOST: usize = 2_000;

/// The parameters of one call, in the order in which they arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Parameters from names and values.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// Every name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`: the first one, when it is given twice. An empty value counts as absent, as in the service.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// The value of `name`, which may be empty.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The values of `Name.1`, `Name.2` … with their numbers.
    pub fn list(&self, name: &str) -> Vec<(u32, &str)> {
        let items: BTreeMap<u32, &str> = self
            .pairs
            .iter()
            .rev() // the first of two equal names wins
            .filter_map(|(n, value)| {
                let number = n.strip_prefix(name)?.strip_prefix('.')?;
                Some((index(number)?, value.as_str()))
            })
            .collect();
        items.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The items `Name.1.*`, `Name.2.*` … as parameters of their own, with their numbers.
    pub fn items(&self, name: &str) -> Vec<(u32, Params)> {
        let mut items: BTreeMap<u32, Params> = BTreeMap::new();
        for (full, value) in &self.pairs {
            let Some(rest) = full.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let Some((number, field)) = rest.split_once('.') else { continue };
            if let Some(number) = index(number) {
                items.entry(number).or_default().pairs.push((field.to_owned(), value.clone()));
            }
        }
        items.into_iter().collect()
    }

    /// True when nothing was given.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// A list number: decimal, without sign or leading zero, counted from 1. Some callers count from 0; take that too.
fn index(text: &str) -> Option<u32> {
    let canonical =
        text == "0" || (!text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    canonical.then(|| text.parse().ok()).flatten()
}

/// Reads a boolean in any case: Python clients send `True` and `False`.
pub fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn lists_are_read_by_number_with_gaps() {
        let p = params(&[
            ("Id.10", "j"),
            ("Id.2", "b"),
            ("Id.x", "-"),
            ("Id.02", "-"),
            ("Id", "-"),
            ("Id.3", ""),
            ("Idx.1", "-"),
        ]);
        assert_eq!(p.list("Id"), [(2, "b"), (10, "j")]);
    }

    #[test]
    fn items_are_parameters_of_their_own() {
        let p = params(&[("Tag.1.Value", "core"), ("Tag.1.Key", "team"), ("Tag.2.Key", "env"), ("Tag.2.Value", "")]);
        let items = p.items("Tag");
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].1.get("Key"), Some("team"));
        assert_eq!(items[1].1.get("Value"), None);
        assert_eq!(items[1].1.raw("Value"), Some(""));
    }

    #[test]
    fn nested_lists() {
        let p = params(&[("F.1.Values.2", "b"), ("F.1.Values.1", "a")]);
        assert_eq!(p.items("F")[0].1.list("Values"), [(1, "a"), (2, "b")]);
    }

    #[test]
    fn the_first_of_two_equal_names_wins() {
        let p = params(&[("A", "1"), ("A", "2"), ("L.1", "x"), ("L.1", "y")]);
        assert_eq!(p.get("A"), Some("1"));
        assert_eq!(p.list("L"), [(1, "x")]);
    }

    #[test]
    fn booleans_in_any_case() {
        assert_eq!(parse_bool("True"), Some(true));
        assert_eq!(parse_bool("FALSE"), Some(false));
        assert_eq!(parse_bool("1"), None);
    }
}
