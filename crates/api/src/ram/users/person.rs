//! What is said of a user beside its name: each field's rule.

use wire::Params;

use crate::code::{ApiResult, Code};
use crate::ram::fields;

/// `DisplayName`: 1 to 128 characters, none of which controls a terminal.
pub(super) fn display_name(params: &Params, field: &str, chars: Code, length: Code) -> ApiResult<Option<String>> {
    let name = fields::text(params, field, 128, length)?;
    if name.as_deref().is_some_and(|name| name.chars().any(char::is_control)) {
        return Err(chars.error());
    }
    Ok(name)
}

/// `Email`: something at something.
pub(super) fn email(params: &Params, field: &str, format: Code) -> ApiResult<Option<String>> {
    checked(params, field, format, |text| {
        let Some((mailbox, host)) = text.split_once('@') else { return false };
        let is_host = host.contains('.') && host.split('.').all(|label| !label.is_empty());
        let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        !mailbox.is_empty() && is_host && !host.contains('@') && is_clean && text.len() <= 254
    })
}

/// `MobilePhone`: digits of the country, `-`, digits of the number.
pub(super) fn mobile_phone(params: &Params, field: &str, format: Code) -> ApiResult<Option<String>> {
    checked(params, field, format, |text| {
        let Some((country, number)) = text.split_once('-') else { return false };
        let digits =
            |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(country.strip_prefix('+').unwrap_or(country), 4) && digits(number, 20)
    })
}

/// A text that is empty, which takes away what was there, or as it must be.
fn checked(params: &Params, field: &str, bad: Code, fits: impl Fn(&str) -> bool) -> ApiResult<Option<String>> {
    match params.raw(field) {
        Some(text) if !text.is_empty() && !fits(text) => Err(bad.error()),
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Params {
        Params::new(vec![("F".into(), value.into())])
    }

    #[test]
    fn addresses() {
        let fits = |text: &str| email(&of(text), "F", Code::EmailFormat).is_ok();
        assert!(fits("") && fits("a@example.com") && fits("a.b+c@mail.example.com"));
        assert!(!fits("a") && !fits("@example.com") && !fits("a@b") && !fits("a@b@c.d") && !fits("a b@c.d"));
        assert!(!fits("a@.com") && !fits("a@example."));
    }

    #[test]
    fn telephones() {
        let fits = |text: &str| mobile_phone(&of(text), "F", Code::MobilePhoneFormat).is_ok();
        assert!(fits("") && fits("86-13012345678") && fits("+86-13012345678"));
        assert!(!fits("13012345678") && !fits("-1") && !fits("86-") && !fits("86-1-2") && !fits("86-1a"));
    }
}
