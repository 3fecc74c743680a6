//! Why some documented codes cannot be reached here.

/// Codes by pattern (`*` for any run of characters), for one action or all, with the reason.
const REASONS: &[(&str, &str, &str)] = &[];

/// The reason for a code of an action, where there is one.
pub fn of(action: &str, code: &str) -> Option<&'static str> {
    let fits = |pattern: &str, text: &str| policy::pattern::matches(pattern, text);
    REASONS.iter().find(|(actions, codes, _)| fits(actions, action) && fits(codes, code)).map(|(_, _, reason)| *reason)
}
