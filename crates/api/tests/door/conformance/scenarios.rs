//! What variants cannot bring about: several calls, or a world of their own, each for a code.

use super::report::Outcome;

/// Runs every scenario.
pub async fn run(_outcomes: &mut [Outcome]) {}
