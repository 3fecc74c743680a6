//! Policies: any text parses or is refused; a pattern agrees with the plainest matcher there is.
//!
//! The first line is a pattern, the second a text, the rest a document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Context, Document, Kind, pattern};

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, '\n');
    let [glob, text, document] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    if glob.len() <= 32 && text.len() <= 64 {
        let (glob_chars, text_chars): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
        assert_eq!(pattern::matches(glob, text), naive(&glob_chars, &text_chars), "{glob:?} {text:?}");
    }
    pattern::matches_resource(glob, text);
    pattern::matches_verb(glob, text);
    for kind in [Kind::Identity, Kind::Trust] {
        if let Ok(parsed) = Document::parse(kind, document) {
            policy::trusts(&parsed, "ecs.aliyuncs.com", &Context::default());
        }
    }
});

/// Row by row: whether the pattern's beginning matches the text's.
fn naive(pattern: &[char], text: &[char]) -> bool {
    let mut row: Vec<bool> = (0..=text.len()).map(|n| n == 0).collect();
    for &p in pattern {
        let mut next = vec![p == '*' && row[0]];
        for (n, &t) in text.iter().enumerate() {
            next.push(match p {
                '*' => row[n + 1] || next[n],
                '?' => row[n],
                _ => row[n] && p == t,
            });
        }
        row = next;
    }
    row[text.len()]
}
