//! Handshakes gone wrong. One connection at a time is allowed here, so one that leaked would block the next.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use disk::Disk;
use host::nbd::ServerOptions;

use crate::support::*;

const UNSUP: u32 = (1 << 31) + 1;
const INVALID: u32 = (1 << 31) + 3;
const UNKNOWN: u32 = (1 << 31) + 6;

fn disk() -> Arc<TestDisk> {
    Arc::new(TestDisk::new(1 << 20, &[0..4096, 8192..8704]))
}

fn narrow() -> Served {
    Served::start(one(&disk()), ServerOptions { max_connections: 1, ..ServerOptions::default() }, false)
}

/// The next client is served as if nothing had happened.
#[track_caller]
fn assert_serves(served: &Served) {
    let mut client = served.go(true);
    assert!(client.read(0, 0..10_000) == disk().expected(0..10_000));
}

#[test]
fn garbage_ends_the_connection() {
    let served = narrow();
    for garbage in [&b"GET / HTTP/1.1\r\nHost: nbd\r\n\r\n"[..], &[0xff; 4096], &[0; 64], b"\0\0\0\x03IHAVENOT12345678"]
    {
        let mut client = served.connect();
        client.take(18);
        // The server may be gone before the last byte; that is what is tested.
        let _ = client.stream.write_all(garbage);
        client.assert_closed();
        assert_serves(&served);
    }
    let mut client = served.go(false);
    client.send(&[0xaa; 28]);
    client.assert_closed();
    assert_serves(&served);
}

#[test]
fn lengths_beyond_bounds_end_the_connection_before_anything_is_read() {
    let served = narrow();
    for option in [1u32, 3, 6, 7, 10, 12345] {
        for len in [(64 << 10) + 1, u32::MAX] {
            let mut client = served.connect();
            client.hello(3);
            client.send(&[b"IHAVEOPT".as_slice(), &option.to_be_bytes(), &len.to_be_bytes()].concat());
            client.assert_closed();
        }
    }
    let mut client = served.go(false);
    client.request(WRITE, 0, 1, 0, (32 << 20) + 1);
    client.assert_closed();
    assert_serves(&served);
}

#[test]
fn a_client_may_leave_at_any_byte() {
    let served = narrow();
    let mut script = 3u32.to_be_bytes().to_vec();
    script.extend(b"IHAVEOPT\0\0\0\x08\0\0\0\0");
    script.extend(b"IHAVEOPT\0\0\0\x07\0\0\0\x0a\0\0\0\x04disk\0\0");
    script.extend(0x2560_9513u32.to_be_bytes());
    script.extend([0; 20]);
    script.extend(512u32.to_be_bytes());
    script.extend(0x2560_9513u32.to_be_bytes());
    script.extend([0, 0, 0, 1]);
    script.extend([0; 16]);
    script.extend(512u32.to_be_bytes());
    script.extend([0; 100]);
    for len in 0..=script.len() {
        let mut client = served.connect();
        client.send(&script[..len]);
        drop(client);
    }
    assert_serves(&served);
}

#[test]
fn flags_that_we_did_not_offer_end_the_connection() {
    let served = narrow();
    for flags in [4, 0x8000_0000, u32::MAX] {
        let mut client = served.connect();
        client.hello(flags);
        client.assert_closed();
    }
    assert_serves(&served);
}

#[test]
fn malformed_payloads_are_refused_and_negotiation_goes_on() {
    let served = narrow();
    let mut client = served.connect();
    client.hello(3);
    let long = "x".repeat(4097);
    let cases: Vec<(u32, Vec<u8>, u32)> = vec![
        (3, vec![1], INVALID),
        (8, vec![0], INVALID),
        (6, vec![], INVALID),
        (7, vec![0, 0, 0, 200, 1], INVALID),
        (7, [string("disk"), vec![0, 2, 0, 1]].concat(), INVALID),
        (7, [string("disk"), vec![0, 0, 9]].concat(), INVALID),
        (7, [string("a\0b"), vec![0, 0]].concat(), INVALID),
        (7, [vec![0, 0, 0, 2, 0xc3, 0x28], vec![0, 0]].concat(), INVALID),
        (7, [string(&long), vec![0, 0]].concat(), INVALID),
        (6, [string("nobody"), vec![0, 0]].concat(), UNKNOWN),
        (7, [string("unwell"), vec![0, 0]].concat(), UNKNOWN),
        (9, [string("disk"), vec![0xff; 4]].concat(), INVALID),
        (9, [string("nobody"), vec![0; 4]].concat(), UNKNOWN),
        // Structured replies were not agreed on.
        (10, [string("disk"), vec![0, 0, 0, 1], string("base:allocation")].concat(), INVALID),
        (5, vec![], UNSUP),
        (4, vec![0; 60 << 10], UNSUP),
        (77, vec![1; 64 << 10], UNSUP),
    ];
    for (option, payload, refusal) in cases {
        client.option(option, &payload);
        let replies = client.option_replies(option);
        assert_eq!((replies.len(), replies[0].0), (1, refusal), "{option} {:?}", &payload[..payload.len().min(20)]);
    }
    assert_eq!(client.go("disk").0, 1 << 20);
    assert!(client.read(0, 0..8192) == disk().expected(0..8192));
}

#[test]
fn contexts_are_listed_selected_and_forgotten() {
    let served = narrow();
    let allocation = (4, [&[0, 0, 0, 1], b"base:allocation".as_slice()].concat());
    let ack = (1, vec![]);
    let ask = |client: &mut Client, option, queries: &[&str]| {
        let mut payload = string("disk");
        payload.extend((queries.len() as u32).to_be_bytes());
        queries.iter().for_each(|query| payload.extend(string(query)));
        client.option(option, &payload);
        client.option_replies(option)
    };
    let mut client = served.connect();
    client.hello(3);
    client.structured();
    for queries in [&[][..], &["base:"], &["base:allocation"], &["qemu:dirty", "base:allocation"]] {
        assert_eq!(ask(&mut client, 9, queries), [allocation.clone(), ack.clone()], "{queries:?}");
    }
    assert_eq!(ask(&mut client, 9, &["qemu:"]), std::slice::from_ref(&ack));
    assert_eq!(ask(&mut client, 10, &["base:"]), std::slice::from_ref(&ack));
    assert_eq!(ask(&mut client, 10, &["base:allocation"]), [allocation.clone(), ack.clone()]);
    // Selecting nothing selects nothing.
    assert_eq!(ask(&mut client, 10, &[]), std::slice::from_ref(&ack));
    client.go("disk");
    client.request(BLOCK_STATUS, 0, 1, 0, 4096);
    assert_eq!(client.outcome(1), EINVAL);
    drop(client);

    // What was selected for another export does not hold for this one.
    let disks: HashMap<String, Arc<dyn Disk>> =
        [("disk".to_owned(), disk() as Arc<dyn Disk>), ("other".to_owned(), disk() as Arc<dyn Disk>)].into();
    let served = Served::start(Disks(disks), ServerOptions::default(), false);
    for (chosen, error) in [("other", None), ("disk", Some(EINVAL)), ("", Some(EINVAL))] {
        let mut client = served.connect();
        client.hello(3);
        client.structured();
        assert_eq!(client.allocation("other"), [allocation.clone(), ack.clone()]);
        client.go(chosen);
        client.request(BLOCK_STATUS, 0, 1, 0, 8192);
        match error {
            Some(error) => assert_eq!(client.outcome(1), error),
            None => assert_eq!(client.chunk().content, Content::Status(vec![(4096, 0), (4096, 3)])),
        }
    }
}

#[test]
fn the_old_option_enters_transmission_with_and_without_zeroes() {
    let served = narrow();
    for (flags, zeroes) in [(3, 0), (1, 124), (0, 124)] {
        let mut client = served.connect();
        client.hello(flags);
        client.option(1, b"disk");
        assert_eq!(client.u64(), 1 << 20);
        assert_eq!(client.take(2), [0x05, 0x03]);
        assert_eq!(client.take(zeroes), vec![0; zeroes]);
        assert!(client.read(0, 0..5000) == disk().expected(0..5000));
    }
    for name in [&b"nobody"[..], b"a\0b", &[0xff, 0xff]] {
        let mut client = served.connect();
        client.hello(3);
        client.option(1, name);
        client.assert_closed();
    }
    assert_serves(&served);
}

#[test]
fn infos_and_abort() {
    let served = narrow();
    let mut client = served.connect();
    client.hello(3);
    client.option(6, &[string(""), vec![0, 3, 0, 1, 0, 2, 0, 3]].concat());
    let replies = client.option_replies(6);
    let infos: Vec<&[u8]> = replies.iter().map(|(_, payload)| payload.as_slice()).collect();
    let sizes = [0, 3, 0, 0, 0, 1, 0, 0, 0x10, 0, 2, 0, 0, 0];
    assert_eq!(infos[1..], [b"\0\x01disk".as_slice(), b"\0\x02the disk disk", &sizes, &[]]);
    client.option(3, &[]);
    let listed = client.option_replies(3);
    assert_eq!(listed, [(2, [string("disk"), b"the disk disk".to_vec()].concat()), (1, vec![])]);
    client.option(2, &[]);
    assert_eq!(client.option_reply(2), (1, vec![]));
    client.assert_closed();
    assert_serves(&served);
}

#[test]
fn a_client_that_does_not_decide_is_dropped() {
    let options =
        ServerOptions { max_connections: 1, handshake_timeout: Duration::from_millis(50), ..ServerOptions::default() };
    let served = Served::start(one(&disk()), options, false);
    let mut client = served.connect();
    client.hello(3);
    client.assert_closed();
}
