//! Wildcards and resource names.
//!
//! `*` stands for any run of characters, the empty one, `/` and `:` included; `?` for one character. Only the policy's
//! side is a pattern: `image/*` in a request is the literal text.

/// Whether `text` matches `pattern`. Linear in memory and at worst `pattern × text` in time: a policy is untrusted text.
pub fn matches(pattern: &str, text: &str) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        return run(pattern.as_bytes(), text.as_bytes(), (b'*', b'?'));
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    run(&pattern, &text, ('*', '?'))
}

/// [`matches`] over the units of a text; `any` are those that stand for a run of units, and for one.
fn run<U: Copy + PartialEq>(pattern: &[U], text: &[U], any: (U, U)) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to resume when what follows the last `*` does not match: after the star, one character later.
    let mut resume: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(&c) if c == any.0 => {
                p += 1;
                resume = Some((p, t));
            }
            Some(&c) if c == any.1 || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match resume {
                Some((star, from)) => {
                    p = star;
                    t = from + 1;
                    resume = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == any.0)
}

/// Whether a verb such as `ecs:ImportImage` matches an `Action` pattern, in any case. The pattern is in lower case
/// already: it is asked often, and lowered once, when its document is read.
pub fn matches_verb(lower_pattern: &str, verb: &str) -> bool {
    lower_pattern == "*" || matches(lower_pattern, &verb.to_ascii_lowercase())
}

/// Whether a resource `acs:<service>:<region>:<account>:<relative>` matches a `Resource` pattern.
///
/// The first four fields are compared one by one, so that a `*` among them does not swallow a colon; the relative id is
/// everything after the fourth colon. An empty region or account in a pattern means any: global services are written
/// both ways. `acs` and the service are compared in any case, the rest exactly; but the names of RAM's own resources in
/// any case, as RAM finds them in any case: a deny for `user/Bob` is one for `BOB`.
pub fn matches_resource(pattern: &str, resource: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (Some(pattern), Some(resource)) = (fields(pattern), fields(resource)) else { return false };
    let head = (0..2).all(|n| matches(&pattern[n].to_ascii_lowercase(), &resource[n].to_ascii_lowercase()));
    let place = (2..4).all(|n| pattern[n].is_empty() || resource[n] == "*" || matches(pattern[n], resource[n]));
    let is_ram = resource[1].eq_ignore_ascii_case("ram");
    let relative = || match is_ram {
        true => matches(&pattern[4].to_lowercase(), &resource[4].to_lowercase()),
        false => matches(pattern[4], resource[4]),
    };
    head && place && relative()
}

/// The five fields of a resource name.
fn fields(name: &str) -> Option<[&str; 5]> {
    let mut fields = name.splitn(5, ':');
    Some([fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, by recursion: slow and obvious.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) if naive(rest, text) => true,
            (Some(('*', _)), Some((_, tail))) => naive(pattern, tail),
            (Some((&p, rest)), Some((&t, tail))) if p == '?' || p == t => naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[abé*?]{0,10}", text in "[abé]{0,12}") {
            let p: Vec<char> = pattern.chars().collect();
            let t: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches(&pattern, &text), naive(&p, &t));
        }
    }

    #[test]
    fn a_hostile_pattern_is_quick() {
        assert!(!matches(&"*a".repeat(1_000), &"a".repeat(999)));
    }

    #[test]
    fn verbs() {
        assert!(matches_verb("ecs:describe*", "ecs:DescribeImages"));
        assert!(matches_verb("ecs:importimage", "ecs:ImportImage"));
        assert!(matches_verb("*", "oss:GetObject"));
        assert!(!matches_verb("ecs:describe*", "ecs:DeleteImage"));
    }

    #[test]
    fn resources() {
        for (pattern, resource, expected) in [
            ("*", "acs:ecs:cn-hangzhou:1:image/m-1", true),
            ("acs:ecs:*:*:image/*", "acs:ecs:cn-hangzhou:1:image/m-1", true),
            ("acs:ECS:*:*:image/*", "acs:ecs:cn-hangzhou:1:image/*", true),
            ("acs:ecs:*:1:image/m-1", "acs:ecs:cn-hangzhou:1:image/m-2", false),
            ("acs:ecs:*:2:*", "acs:ecs:cn-hangzhou:1:image/m-1", false),
            ("acs:ecs:cn-*:1:*", "acs:ecs:us-west-1:1:image/m-1", false),
            // A star among the first four fields does not reach beyond its colon.
            ("acs:*:image/*", "acs:ecs:cn-hangzhou:1:image/m-1", false),
            ("acs:ram::1:role/x", "acs:ram:*:1:role/x", true),
            ("acs:ram:*:1:role/x", "acs:ram::1:role/x", true),
            ("acs:ram:*:1:user/Bob", "acs:ram:*:1:user/BOB", true),
            ("acs:ecs:*:1:image/M-1", "acs:ecs:*:1:image/m-1", false),
            ("acs:oss:*:*:mybucket/*", "acs:oss:oss-cn-hangzhou:1:mybucket/a/b:c", true),
            ("acs:oss:*:*:mybucket", "acs:oss:oss-cn-hangzhou:1:mybucket/a", false),
        ] {
            assert_eq!(matches_resource(pattern, resource), expected, "{pattern} {resource}");
        }
    }
}
