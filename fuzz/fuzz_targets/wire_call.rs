//! Any HTTP call: parsed or refused with a code; a signature that nobody made is never right.
//!
//! The input is method, path, query, host and headers, one a line (a header is `name: value`), an empty line, the body.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use wire::{Call, HttpCall};

fuzz_target!(|input: &[u8]| {
    let split = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let Ok(head) = str::from_utf8(&input[..split]) else { return };
    let body = input.get(split + 2..).unwrap_or_default();
    let mut lines = head.lines();
    let [method, path, query, host] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in lines.take(100) {
        if let Some((name, value)) = line.split_once(": ")
            && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
    }
    let http = HttpCall { method, path, query, host, headers: &headers, body, peer: None, is_secure: false };
    let _format = Call::format_of(&http);
    match Call::parse(http) {
        Ok(call) => {
            assert!(!call.action.is_empty());
            assert!(call.verify("a secret that signed nothing here").is_err());
        }
        Err(refusal) => assert!(!refusal.code().is_empty()),
    }
});
