//! Time, injected: the only place of the project that asks the machine what time it is.
//!
//! A [`Timestamp`] counts milliseconds since 1970 in UTC, because that is what a row can hold in both databases. How a
//! time is written on the wire depends on the field, so each of the service's formats has a method of its own.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A time from milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This time moved by `millis`, which may be negative.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// `yyyy-MM-ddTHH:mm:ssZ`: image and snapshot times, request times.
    pub fn seconds(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `yyyy-MM-ddTHH:mmZ`: task and instance times.
    pub fn minutes(self) -> String {
        self.format("%Y-%m-%dT%H:%MZ")
    }

    /// `yyyy-MM-ddTHH:mm:ss.000Z`, with literal zeros: OSS XML bodies. Clients match the text, not the time.
    pub fn oss_xml(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S.000Z")
    }

    /// RFC 9110 `Date` form, `Fri, 21 Nov 2025 08:00:00 GMT`.
    pub fn http_date(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// Reads `yyyy-MM-ddTHH:mm:ssZ`.
    pub fn parse_seconds(text: &str) -> Option<Self> {
        Self::parse("%Y-%m-%dT%H:%M:%SZ", text)
    }

    /// Reads `yyyy-MM-ddTHH:mmZ`.
    pub fn parse_minutes(text: &str) -> Option<Self> {
        Self::parse("%Y-%m-%dT%H:%MZ", text)
    }

    /// Reads a time with or without seconds.
    pub fn parse_seconds_or_minutes(text: &str) -> Option<Self> {
        Self::parse_seconds(text).or_else(|| Self::parse_minutes(text))
    }

    /// Reads `yyyyMMddTHHmmssZ`, the form of OSS V4 and AWS V4 signatures.
    pub fn parse_compact(text: &str) -> Option<Self> {
        Self::parse("%Y%m%dT%H%M%SZ", text)
    }

    /// Reads an RFC 9110 date, `Fri, 21 Nov 2025 08:00:00 GMT`.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        Self::parse("%a, %d %b %Y %H:%M:%S GMT", text)
    }

    fn parse(format: &str, text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime(format, text).ok()?;
        let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    fn format(self, format: &str) -> String {
        // Times outside the calendar cannot come from a clock; one from a damaged row is shown as its nearest end.
        let timestamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        timestamp.strftime(format).to_string()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.seconds())
    }
}

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Move the clock forward.
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_the_service() {
        let time = Timestamp::parse_seconds("2026-01-02T03:04:05Z").expect("well formed");
        assert_eq!(time.as_millis(), 1_767_323_045_000);
        assert_eq!(time.seconds(), "2026-01-02T03:04:05Z");
        assert_eq!(time.minutes(), "2026-01-02T03:04Z");
        assert_eq!(time.oss_xml(), "2026-01-02T03:04:05.000Z");
        assert_eq!(time.http_date(), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(Timestamp::parse_http_date(&time.http_date()), Some(time));
        assert_eq!(Timestamp::parse_compact("20260102T030405Z"), Some(time));
        assert_eq!(Timestamp::parse_minutes("2026-01-02T03:04Z"), Some(time.plus_millis(-5_000)));
    }

    #[test]
    fn a_wrong_form_is_no_time() {
        for text in ["", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05Z "] {
            assert_eq!(Timestamp::parse_seconds(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_damaged_time_still_prints() {
        assert!(Timestamp::from_millis(i64::MAX).seconds().starts_with("9999"));
    }
}
