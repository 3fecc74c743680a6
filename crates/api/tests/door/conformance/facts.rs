//! The facts of the actions, as their documents give them: one JSON object a line, one file a product.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the documents say of an action.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// The product's file.
    #[serde(skip)]
    pub product: &'static str,
    /// The action.
    pub action: String,
    /// Its parameters, by name; `N` stands for an index.
    pub params: BTreeMap<String, Param>,
    /// Its errors.
    pub codes: Vec<Documented>,
    /// The members of its answer, by path, with their types.
    pub answer: BTreeMap<String, String>,
}

/// What they say of a parameter.
#[derive(Debug, Clone, Deserialize)]
pub struct Param {
    /// `string`, `integer`, `long`, `boolean`, `float`.
    pub r#type: String,
    /// Whether a call must have it.
    #[serde(default)]
    pub required: bool,
    /// The values that there are.
    #[serde(default)]
    pub r#enum: Vec<String>,
    /// Shortest and longest, in characters.
    pub length: Option<(usize, usize)>,
    /// Least and most.
    pub range: Option<(Option<i64>, Option<i64>)>,
    /// Most of a list, by index.
    pub items: Option<usize>,
    /// Most of a list that is JSON text.
    pub json_items: Option<usize>,
}

/// One error: status, code, and the texts that go with it in documents of different years.
#[derive(Debug, Deserialize)]
pub struct Documented {
    /// HTTP status.
    pub status: u16,
    /// The code.
    pub code: String,
    /// The texts; the first is today's.
    pub texts: Vec<String>,
    /// Whether only documents that were replaced have it.
    #[serde(default)]
    pub historic: bool,
}

impl Facts {
    /// The version of the product's API.
    pub fn version(&self) -> &'static str {
        match self.product {
            "ecs" => "2014-05-26",
            "vpc" => "2016-04-28",
            "swas" => "2020-06-01",
            "ram" => "2015-05-01",
            "sts" => "2015-04-01",
            other => panic!("{other} is no product"),
        }
    }

    /// Whether the documents have an error for a call without a region.
    pub fn misses_region(&self) -> bool {
        let says = |documented: &Documented| documented.texts.iter().any(|text| text.contains("RegionId"));
        self.codes.iter().any(|documented| documented.code.starts_with("MissingParameter") && says(documented))
    }

    /// The texts of each code, with its status before it.
    pub fn texts(&self) -> BTreeMap<String, Vec<String>> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for documented in &self.codes {
            let name = format!("{} {}", documented.status, documented.code);
            texts.entry(name).or_default().extend(documented.texts.iter().cloned());
        }
        texts
    }

    /// The action and its product.
    pub fn key(&self) -> String {
        format!("{}/{}", self.product, self.action)
    }
}

/// Every action of which there are facts.
pub fn all() -> Vec<Facts> {
    let files = [
        ("ecs", include_str!("facts/ecs.json")),
        ("vpc", include_str!("facts/vpc.json")),
        ("swas", include_str!("facts/swas.json")),
        ("ram", include_str!("facts/ram.json")),
        ("sts", include_str!("facts/sts.json")),
    ];
    let of = |(product, text): (&'static str, &'static str)| {
        text.lines().map(move |line| {
            let facts: Facts = serde_json::from_str(line).unwrap_or_else(|error| panic!("{product}: {error}: {line}"));
            Facts { product, ..facts }
        })
    };
    files.into_iter().flat_map(of).collect()
}
