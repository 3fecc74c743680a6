//! What happens to requests: order, bounds, errors, and the end.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use host::nbd::{MAX_REQUEST_BYTES, MAX_REQUESTS_IN_FLIGHT, ServerOptions};

use crate::support::*;

const MIB: u64 = 1 << 20;

#[test]
fn replies_overtake_a_slow_one() {
    let disk = Arc::new(TestDisk { held_at: Some(0), ..TestDisk::dense(MIB) });
    let served = Served::unix(&disk);
    let mut client = served.go(true);
    client.request(READ, 0, 1, 0, 4096);
    disk.gate.wait_for(1);
    for cookie in 2..40 {
        client.request(READ, 0, cookie, cookie * 4096, 4096);
        let chunk = client.chunk();
        assert_eq!((chunk.cookie, chunk.done), (cookie, true));
        assert_eq!(chunk.content, Content::Data(cookie * 4096, disk.expected(cookie * 4096..cookie * 4096 + 4096)));
    }
    disk.gate.open();
    assert_eq!(client.chunk().cookie, 1);
}

#[test]
fn no_more_than_so_many_requests_are_in_flight() {
    let disk = Arc::new(TestDisk { held_at: Some(0), ..TestDisk::dense(MIB) });
    let served = Served::unix(&disk);
    let mut client = served.go(false);
    for cookie in 0..MAX_REQUESTS_IN_FLIGHT as u64 {
        client.request(READ, 0, cookie, 0, 512);
    }
    disk.gate.wait_for(MAX_REQUESTS_IN_FLIGHT);
    for cookie in 100..200 {
        client.request(READ, 0, cookie, 0, 512);
    }
    // Another connection has its own places; when it was answered, the first one had its chance to overrun.
    served.go(false).read(0, 4096..8192);
    assert_eq!(disk.gate.arrived(), MAX_REQUESTS_IN_FLIGHT);
    disk.gate.open();
    let mut cookies: Vec<u64> = (0..MAX_REQUESTS_IN_FLIGHT + 100)
        .map(|_| {
            let (cookie, error) = client.simple();
            assert_eq!(error, 0);
            assert_eq!(client.take(512), disk.expected(0..512));
            cookie
        })
        .collect();
    cookies.sort_unstable();
    let expected: Vec<u64> = (0..MAX_REQUESTS_IN_FLIGHT as u64).chain(100..200).collect();
    assert_eq!(cookies, expected);
}

#[test]
fn a_client_that_does_not_listen_holds_a_bounded_amount() {
    let disk = Arc::new(TestDisk::dense(64 * MIB));
    for structured in [false, true] {
        disk.bytes_read.store(0, Ordering::SeqCst);
        let served = Served::unix(&disk);
        let mut client = served.go(structured);
        for cookie in 0..12 {
            client.request(READ, 0, cookie, 0, MAX_REQUEST_BYTES);
        }
        // Everything the socket does not hold is held by the server; a second connection is served meanwhile.
        let mut other = served.go(structured);
        for _ in 0..20 {
            assert!(other.read(0, 5..5000) == disk.expected(5..5000));
        }
        let read_ahead = disk.bytes_read.load(Ordering::SeqCst);
        assert!(read_ahead <= 2 * u64::from(MAX_REQUEST_BYTES), "{read_ahead} bytes read for nobody");
        // And when it listens it gets everything.
        let mut taken = 0;
        while taken < 12 {
            if structured {
                taken += u32::from(client.chunk().done);
            } else {
                assert_eq!(client.simple().1, 0);
                client.take(MAX_REQUEST_BYTES as usize);
                taken += 1;
            }
        }
    }
}

#[test]
fn the_largest_request_is_served_and_a_larger_one_refused() {
    let disk = Arc::new(TestDisk::new(33 * MIB, &[MIB..20 * MIB, 21 * MIB..32 * MIB + 5]));
    let served = Served::unix(&disk);
    let whole = 77..77 + u64::from(MAX_REQUEST_BYTES);
    for structured in [false, true] {
        let mut client = served.go(structured);
        assert!(client.read(0, whole.clone()) == disk.expected(whole.clone()));
        if structured {
            assert!(client.read(DF, whole.clone()) == disk.expected(whole.clone()));
        }
        client.request(READ, 0, 9, 0, MAX_REQUEST_BYTES + 1);
        assert_eq!(client.outcome(9), EINVAL);
        client.request(CACHE, 0, 10, 0, MAX_REQUEST_BYTES + 1);
        assert_eq!(client.outcome(10), EINVAL);
    }
}

#[test]
fn requests_that_make_no_sense_are_refused_and_the_connection_lives() {
    let disk = Arc::new(TestDisk::dense(MIB));
    let served = Served::unix(&disk);
    for structured in [false, true] {
        let mut client = served.go(structured);
        let refused = [
            (READ, 0, MIB - 1, 2),
            (READ, 0, u64::MAX, 1),
            (READ, 0, u64::MAX - 5, 4096),
            (READ, 0x8000, 0, 512),
            (READ, REQ_ONE, 0, 512),
            (CACHE, DF, 0, 512),
            (CACHE, 0, MIB, 1),
            (BLOCK_STATUS, 0, 0, 512), // no context was agreed on
            (3, 0, 0, 0),              // a flush that was not offered
            (8, 0, 0, 0),
            (0xffff, 0xffff, u64::MAX, u32::MAX),
        ];
        for (n, (command, flags, offset, len)) in refused.into_iter().enumerate() {
            client.request(command, flags, n as u64, offset, len);
            assert_eq!(client.outcome(n as u64), EINVAL, "{command} {flags} {offset} {len}");
        }
        if !structured {
            client.request(READ, DF, 50, 0, 512);
            assert_eq!(client.outcome(50), EINVAL, "an unstructured reply cannot be in one piece or several");
        }
        client.request(READ, 0, 51, MIB, 0);
        assert_eq!(client.outcome(51), 0, "nothing, at the end, is there");
        assert!(client.read(0, 0..MIB) == disk.expected(0..MIB));
    }
}

#[test]
fn writes_are_refused_and_their_data_skipped() {
    let disk = Arc::new(TestDisk::dense(MIB));
    let served = Served::unix(&disk);
    for structured in [false, true] {
        let mut client = served.go(structured);
        client.request(WRITE, 0, 1, 0, 300_000);
        client.send(&vec![0x25; 300_000]);
        assert_eq!(client.outcome(1), EPERM);
        for (cookie, command) in [(2, TRIM), (3, 6)] {
            client.request(command, 0, cookie, 0, 4096);
            assert_eq!(client.outcome(cookie), EPERM);
        }
        assert!(client.read(0, 0..8192) == disk.expected(0..8192));
    }
}

#[test]
fn what_cannot_be_read_fails_its_request_and_no_other() {
    let at = 2 * MIB + 5;
    let broken = TestDisk { broken_at: Some(at), ..TestDisk::dense(4 * MIB) };
    let panicking = TestDisk { panics_at: Some(at), ..TestDisk::dense(4 * MIB) };
    for disk in [Arc::new(broken), Arc::new(panicking)] {
        let served = Served::unix(&disk);
        for structured in [false, true] {
            let mut client = served.go(structured);
            client.request(READ, 0, 1, 2 * MIB, 4096);
            assert_eq!(client.outcome(1), EIO);
            client.request(CACHE, 0, 2, 0, 4 * MIB as u32);
            assert_eq!(client.outcome(2), EIO);
            assert!(client.read(0, 0..2 * MIB) == disk.expected(0..2 * MIB));
        }
        // A long read is well into its pieces when it fails.
        let mut client = served.go(true);
        client.request(READ, 0, 3, 0, 4 * MIB as u32);
        let chunks: Vec<Chunk> = std::iter::from_fn(|| Some(client.chunk())).take(3).collect();
        assert!(matches!(&chunks[..2], [Chunk { done: false, .. }, Chunk { done: false, .. }]));
        assert_eq!(chunks[2], Chunk { cookie: 3, done: true, content: Content::Error(EIO) });
        assert!(client.read(0, 3 * MIB..4 * MIB) == disk.expected(3 * MIB..4 * MIB));
    }
}

#[test]
fn cache_reads_the_range() {
    let disk = Arc::new(TestDisk::dense(4 * MIB));
    let served = Served::unix(&disk);
    let mut client = served.go(true);
    client.request(CACHE, 0, 1, 5, 3 * MIB as u32);
    assert_eq!(client.outcome(1), 0);
    assert_eq!(disk.bytes_read.load(Ordering::SeqCst), 3 * MIB);
}

#[test]
fn a_disconnect_waits_for_what_was_asked() {
    let disk = Arc::new(TestDisk { held_at: Some(0), ..TestDisk::dense(MIB) });
    let served = Served::unix(&disk);
    let mut client = served.go(false);
    client.request(READ, 0, 1, 0, 4096);
    client.request(DISC, 0, 2, 0, 0);
    disk.gate.wait_for(1);
    disk.gate.open();
    assert_eq!(client.simple(), (1, 0));
    assert!(client.take(4096) == disk.expected(0..4096));
    client.assert_closed();
}

#[test]
fn a_stop_answers_what_is_in_flight_and_ends() {
    let disk = Arc::new(TestDisk { held_at: Some(0), ..TestDisk::dense(MIB) });
    let mut served = Served::unix(&disk);
    let mut busy = served.go(false);
    let mut idle = served.go(false);
    let mut undecided = served.connect();
    undecided.hello(3);
    busy.request(READ, 0, 1, 0, 4096);
    disk.gate.wait_for(1);
    served.tell_stop();
    idle.assert_closed();
    undecided.assert_closed();
    disk.gate.open();
    assert_eq!(busy.simple(), (1, 0));
    assert!(busy.take(4096) == disk.expected(0..4096));
    busy.assert_closed();
    served.join();
}

#[test]
fn a_stop_does_not_wait_for_a_client_that_does_not_listen() {
    let disk = Arc::new(TestDisk::dense(64 * MIB));
    let options = ServerOptions { stop_grace: Duration::from_millis(50), ..ServerOptions::default() };
    let mut served = Served::start(one(&disk), options, false);
    let mut client = served.go(false);
    client.request(READ, 0, 1, 0, MAX_REQUEST_BYTES);
    assert_eq!(client.simple(), (1, 0));
    served.join();
    let mut rest = Vec::new();
    let taken = client.stream.read_to_end(&mut rest);
    assert!(taken.is_err() || rest.len() < MAX_REQUEST_BYTES as usize, "the reply was cut off");
}
