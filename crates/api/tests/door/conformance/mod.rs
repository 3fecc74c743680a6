//! Conformance: every implemented action held against the facts of its documents, variant by variant and code by code.
//!
//! From the facts ([`facts`]) of each action the runner makes variants ([`variants`]): each required parameter missing,
//! each bounded text, number and list at, under and past its limits, each enumeration's values and one outside, wrong
//! types, resources in every state, unknown, deleted and another account's, both formats, both signatures, without
//! permission, with a token twice, dry. It checks status, code, text and shape of every answer ([`judge`]). What the
//! variants cannot bring about, [`scenarios`] do. The outcome is a document that is in the project, gaps included by
//! name, so that a change of it is seen in review; `UPDATE_CONFORMANCE=1` writes it.

mod facts;
mod fixture;
mod judge;
mod reasons;
mod report;
pub(crate) mod samples;
mod scenarios;
mod sdk;
mod variants;

use std::path::Path;

use futures::StreamExt as _;

use self::facts::Facts;
use self::report::{Outcome, Report};

/// Worlds that are alive at once: as many as processors, since each is busy.
const AT_ONCE: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_against_its_documents() {
    let only = std::env::var("CONFORMANCE_ONLY").ok();
    let wanted = |facts: &&Facts| only.as_ref().is_none_or(|only| facts.action == *only);
    let all = facts::all();
    let runs = all.iter().filter(wanted).map(|facts| async move {
        let mut outcome = Outcome::new(facts);
        variants::run(facts, &mut outcome).await;
        outcome
    });
    let mut outcomes: Vec<Outcome> = futures::stream::iter(runs).buffered(AT_ONCE).collect().await;
    scenarios::run(&mut outcomes).await;
    let answers: Vec<(String, String, String)> = outcomes.iter().filter_map(Outcome::answer).collect();
    for (action, complaint) in sdk::parse(&answers) {
        let outcome = outcomes.iter_mut().find(|outcome| outcome.key() == action).expect("an action that was run");
        let lost = complaint.filter(|places| places.split(", ").any(|place| !outcome.is_documented(place)));
        outcome.check("the official SDK's model of the answer", lost.map_or(Ok(()), Err));
    }
    let report = Report::of(&outcomes);
    let text = report.text();
    if only.is_some() {
        println!("{text}");
        println!("said to be answered, and not seen: {:#?}", report.pretended());
        println!("answered in other words: {:#?}", report.misspelt());
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/generated/conformance.md");
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    for (line, (now, before)) in (1..).zip(text.lines().zip(there.lines())) {
        assert_eq!(now, before, "docs/generated/conformance.md, line {line}; UPDATE_CONFORMANCE=1 writes it");
    }
    assert_eq!(text.lines().count(), there.lines().count(), "docs/generated/conformance.md");
    report.check();
}
