//! What came of it, and the document that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::facts::Facts;
use super::{judge, reasons};

/// The actions of the five source documents.
const SOURCES: &[&str] = &[
    "ecs/ModifyImageSharePermission",
    "swas/ModifyImageShareStatus",
    "ecs/ModifyImageAttribute",
    "ecs/ImportImage",
    "swas/CreateCustomImage",
];

/// What came of one action.
pub struct Outcome {
    product: &'static str,
    version: &'static str,
    action: String,
    /// Documented errors of today, and whether each was reached.
    codes: BTreeMap<(u16, String), bool>,
    /// Codes that were answered, documented or not, with the status before each.
    seen: BTreeSet<String>,
    /// Codes that may be answered, those of the document's every edition, each with its texts.
    known: BTreeMap<String, Vec<String>>,
    /// Documented codes that were answered with a text that is not.
    misspelt: BTreeSet<String>,
    passed: usize,
    open: Vec<(String, String)>,
    /// Variants that cannot pass here, with the reason.
    apart: Vec<(String, &'static str)>,
    answer: Option<Value>,
    /// Paths of the documented members of the answer.
    members: BTreeSet<String>,
    absent: Vec<String>,
}

impl Outcome {
    pub fn new(facts: &Facts) -> Self {
        let today = facts.codes.iter().filter(|documented| !documented.historic);
        Self {
            product: facts.product,
            version: facts.version(),
            action: facts.action.clone(),
            codes: today.map(|documented| ((documented.status, documented.code.clone()), false)).collect(),
            seen: BTreeSet::new(),
            known: facts.texts(),
            misspelt: BTreeSet::new(),
            passed: 0,
            open: Vec::new(),
            apart: Vec::new(),
            answer: None,
            members: facts.answer.keys().cloned().collect(),
            absent: Vec::new(),
        }
    }

    /// The action and its product.
    pub fn key(&self) -> String {
        format!("{}/{}", self.product, self.action)
    }

    /// Notes whether a variant is answered as the documents say.
    pub fn check(&mut self, variant: &str, verdict: Result<(), String>) {
        match verdict {
            Ok(()) => self.passed += 1,
            Err(complaint) => match reasons::of_variant(&self.key(), variant) {
                Some(reason) => self.apart.push((variant.to_owned(), reason)),
                None => self.open.push((variant.to_owned(), complaint)),
            },
        }
    }

    /// Notes the code of an answer.
    pub fn answered_with(&mut self, status: u16, body: &Value) {
        if let Some(code) = body["Code"].as_str() {
            self.reached(status, code, body["Message"].as_str().unwrap_or_default());
        }
    }

    /// Notes a code that was answered.
    pub fn reached(&mut self, status: u16, code: &str, text: &str) {
        let name = format!("{status} {code}");
        if let Some(known) = self.known.get(&name)
            && !judge::is_text_of(&name, known, text)
        {
            self.misspelt.insert(format!("{name}: {text}"));
        }
        self.seen.insert(name);
        if let Some(reached) = self.codes.get_mut(&(status, code.to_owned())) {
            *reached = true;
        }
    }

    /// Whether this is the action of a call. Calls of networks are made under the version of ECS, too.
    pub fn is_call(&self, version: &str, action: &str) -> bool {
        self.action == action && (self.version == version || (self.product == "vpc" && version == "2014-05-26"))
    }

    /// Keeps an answer for the official SDK to read.
    pub fn answered(&mut self, body: &Value) {
        self.answer = Some(body.clone());
    }

    /// Members of the answer that the documents have and ours has not.
    pub fn absent(&mut self, paths: Vec<String>) {
        self.absent = paths;
    }

    /// Product, action and answer, when there is one.
    pub fn answer(&self) -> Option<(String, String, String)> {
        Some((self.product.to_owned(), self.action.clone(), self.answer.as_ref()?.to_string()))
    }

    /// Whether the documents have a member of the answer, which newer models may have forgotten.
    pub fn is_documented(&self, path: &str) -> bool {
        self.members.contains(path)
    }

    fn n_variants(&self) -> usize {
        self.passed + self.open.len()
    }

    /// Codes that were not reached, each with the reason why it cannot be, where there is one.
    fn unreached(&self) -> Vec<(&(u16, String), Option<String>)> {
        let not = self.codes.iter().filter(|(_, reached)| !**reached);
        not.map(|(code, _)| (code, reasons::of(&self.key(), code.0, &code.1))).collect()
    }
}

/// The figures of all actions.
pub struct Report<'a> {
    outcomes: &'a [Outcome],
}

impl<'a> Report<'a> {
    pub fn of(outcomes: &'a [Outcome]) -> Self {
        Self { outcomes }
    }

    /// The document.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "<!-- Generated by `UPDATE_CONFORMANCE=1 cargo nextest run -p api --test door conformance`. -->\n\n# Conformance\n\n\
             Every implemented action, held against the facts of its documents. A *variant* is one call that was made from \
             those facts, and passes when status, code, text and shape of the answer are documented and are the right ones. A \
             *code* is a documented error of today, by status and code: it was reached, or it cannot be here and the reason is \
             given, or it is open.\n\n",
        );
        let sum = |of: fn(&Outcome) -> usize| self.outcomes.iter().map(of).sum::<usize>();
        let open_codes = |outcome: &Outcome| outcome.unreached().iter().filter(|(_, reason)| reason.is_none()).count();
        let reasoned = |outcome: &Outcome| outcome.unreached().iter().filter(|(_, reason)| reason.is_some()).count();
        let reached = |outcome: &Outcome| outcome.codes.values().filter(|reached| **reached).count();
        let _ = writeln!(
            text,
            "**{} of {} variants pass** over {} actions; {} more cannot be here, for reasons given. Of {} documented codes {} are reached, {} cannot be reached here, {} are open.\n",
            sum(|outcome| outcome.passed),
            sum(Outcome::n_variants),
            self.outcomes.len(),
            sum(|outcome| outcome.apart.len()),
            sum(|outcome| outcome.codes.len()),
            sum(reached),
            sum(reasoned),
            sum(open_codes),
        );
        text.push_str("The five source documents:\n\n");
        self.table(&mut text, |outcome| SOURCES.contains(&outcome.key().as_str()));
        text.push_str("\nEverything:\n\n");
        self.table(&mut text, |_| true);
        text.push_str("\n## Variants that are open\n");
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.open.is_empty()) {
            let _ = writeln!(text, "\n**{}**\n", outcome.key());
            for (variant, complaint) in &outcome.open {
                let _ = writeln!(text, "- {variant}: {}", plain(complaint));
            }
        }
        text.push_str("\n## Variants that cannot pass here, and why\n");
        let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for outcome in self.outcomes {
            for (variant, reason) in &outcome.apart {
                by_reason.entry(reason).or_default().push(format!("{}: {variant}", outcome.key()));
            }
        }
        for (reason, variants) in by_reason {
            let _ = writeln!(text, "\n**{reason}** {}", variants.join("; "));
        }
        text.push_str("\n## Codes that are open\n\n");
        for outcome in self.outcomes {
            let open: Vec<String> = outcome
                .unreached()
                .into_iter()
                .filter(|(_, reason)| reason.is_none())
                .map(|((status, code), _)| spelled((status, code)))
                .collect();
            if !open.is_empty() {
                let _ = writeln!(text, "- {}: {}", outcome.key(), open.join(", "));
            }
        }
        text.push_str("\n## Codes that cannot be reached here, and why\n");
        let mut by_reason: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for outcome in self.outcomes {
            for ((_, code), reason) in outcome.unreached() {
                if let Some(reason) = reason {
                    by_reason.entry(reason).or_default().insert(code);
                }
            }
        }
        for (reason, codes) in by_reason {
            let codes: Vec<String> = codes.into_iter().map(|code| format!("`{code}`")).collect();
            let _ = writeln!(text, "\n**{reason}** {}", codes.join(", "));
        }
        text.push_str("\n## Members of answers that are not given\n\nOutermost members only.\n\n");
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.absent.is_empty()) {
            let _ = writeln!(text, "- {}: {}", outcome.key(), outcome.absent.join(", "));
        }
        self.undocumented(&mut text);
        text
    }

    fn table(&self, text: &mut String, wanted: impl Fn(&Outcome) -> bool) {
        text.push_str("| action | variants | codes reached | cannot be | open |\n| --- | --- | --- | --- | --- |\n");
        for outcome in self.outcomes.iter().filter(|outcome| wanted(outcome)) {
            let unreached = outcome.unreached();
            let reasoned = unreached.iter().filter(|(_, reason)| reason.is_some()).count();
            let _ = writeln!(
                text,
                "| {} | {} / {} | {} / {} | {reasoned} | {} |",
                outcome.key(),
                outcome.passed,
                outcome.n_variants(),
                outcome.codes.len() - unreached.len(),
                outcome.codes.len(),
                unreached.len() - reasoned,
            );
        }
    }

    /// Codes that were answered and that no document of their action has, nor those of all actions.
    fn undocumented(&self, text: &mut String) {
        text.push_str(
            "\n## Codes that are answered and not documented\n\nThe documents of some actions leave out what those of \
             their neighbours have for the same fault.\n\n",
        );
        for outcome in self.outcomes {
            let unknown = |code: &&String| !outcome.known.contains_key(*code) && !judge::is_common(code);
            let codes: Vec<String> =
                outcome.seen.iter().filter(unknown).filter_map(|code| code.split_once(' ')).map(spelled).collect();
            if !codes.is_empty() {
                let _ = writeln!(text, "- {}: {}", outcome.key(), codes.join(", "));
            }
        }
    }

    /// Documented codes that were answered in other words.
    pub fn misspelt(&self) -> Vec<String> {
        let of = |outcome: &Outcome| outcome.misspelt.iter().map(|one| format!("{} {one}", outcome.key())).collect();
        self.outcomes.iter().flat_map::<Vec<String>, _>(of).collect()
    }

    /// Codes said to be answered in place of others that were not.
    pub fn pretended(&self) -> Vec<String> {
        let mut pretended = Vec::new();
        for outcome in self.outcomes {
            for ((status, code), _) in outcome.unreached() {
                if let Some(answer) = reasons::answered(&outcome.key(), &format!("{status} {code}"))
                    && !outcome.seen.contains(answer)
                {
                    pretended.push(format!("{}: {answer} for {status} {code}", outcome.key()));
                }
            }
        }
        pretended
    }

    /// Reasons that are given for nothing.
    fn superfluous(&self) -> Vec<String> {
        let of = |outcome: &'a Outcome| {
            let unreached = outcome.unreached().into_iter();
            unreached.map(|((status, code), _)| (outcome.key(), format!("{status} {code}"))).collect::<Vec<_>>()
        };
        let unreached: Vec<(String, String)> = self.outcomes.iter().flat_map(of).collect();
        reasons::superfluous(&unreached)
    }

    /// What the project promises of every action: each variant passes, and each code is reached or has its reason.
    pub fn check(&self) {
        for outcome in self.outcomes {
            assert!(outcome.open.is_empty(), "{}: {:?}", outcome.key(), outcome.open);
            let open: Vec<_> = outcome.unreached().into_iter().filter(|(_, reason)| reason.is_none()).collect();
            assert!(open.is_empty(), "{}: codes that nothing reaches: {open:?}", outcome.key());
        }
        let misspelt: Vec<String> = self.misspelt();
        assert!(misspelt.is_empty(), "answered with a text that no document has: {misspelt:#?}");
        let pretended = self.pretended();
        assert!(pretended.is_empty(), "said to be answered, and not seen: {pretended:#?}");
        let superfluous = self.superfluous();
        assert!(superfluous.is_empty(), "reasons for codes that are reached, or that there are not: {superfluous:#?}");
    }
}

fn spelled((status, code): (impl std::fmt::Display, &str)) -> String {
    format!("{status} `{code}`")
}

/// A complaint without what differs from run to run.
fn plain(complaint: &str) -> String {
    let is_id = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        16 <= word.len()
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && word.chars().any(|c| c.is_ascii_digit())
    };
    let words: Vec<&str> = complaint.split(' ').map(|word| if is_id(word) { "…" } else { word }).collect();
    words.join(" ").chars().take(200).collect()
}
