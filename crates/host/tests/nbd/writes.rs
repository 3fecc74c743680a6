//! Requests that change a disk: what reaches it, in which order, and what does not.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use disk::{Disk, WritableDisk};
use host::nbd::MAX_REQUEST_BYTES;

use crate::support::*;

const MIB: usize = 1 << 20;

/// A disk in memory that counts what it is asked, fails on request, and can hold writes back.
#[derive(Default)]
struct Scratch {
    bytes: Mutex<Vec<u8>>,
    asked: Mutex<Vec<&'static str>>,
    fails_as: Option<io::ErrorKind>,
    panics: bool,
    holds_writes: AtomicBool,
    gate: Gate,
    held: AtomicUsize,
}

impl Scratch {
    fn new(size: usize) -> Scratch {
        Scratch { bytes: Mutex::new(vec![0; size]), ..Scratch::default() }
    }

    fn asked(&self, what: &'static str) -> io::Result<()> {
        self.asked.lock().unwrap().push(what);
        assert!(!self.panics, "told to panic");
        self.fails_as.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn take_asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Disk for Scratch {
    fn virtual_size(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        buf.copy_from_slice(&self.bytes.lock().unwrap()[offset as usize..][..buf.len()]);
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok(Some(offset..self.virtual_size()))
    }
}

impl WritableDisk for Scratch {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        if self.holds_writes.load(Ordering::SeqCst) {
            self.held.fetch_add(buf.len(), Ordering::SeqCst);
            self.gate.pass();
        }
        self.asked("write")?;
        self.bytes.lock().unwrap()[offset as usize..][..buf.len()].copy_from_slice(buf);
        Ok(())
    }

    fn write_zeroes(&self, range: Range<u64>) -> io::Result<()> {
        self.asked("zeroes")?;
        self.bytes.lock().unwrap()[range.start as usize..range.end as usize].fill(0);
        Ok(())
    }

    fn trim(&self, _: Range<u64>) -> io::Result<()> {
        self.asked("trim")
    }

    fn flush(&self) -> io::Result<()> {
        self.asked("flush")
    }
}

#[test]
fn what_is_written_on_one_connection_is_read_on_another() {
    let disk = Arc::new(Scratch::new(2 * MIB));
    let served = Served::writable(disk.clone());
    for structured in [false, true] {
        let (mut one, mut two) = (served.go(structured), served.go(structured));
        for (offset, len) in [(0, 1), (511, 4096), (MIB - 7, MIB + 7), (2 * MIB - 1, 1)] {
            let data: Vec<u8> = (0..len).map(|n| (n % 251) as u8 | 1).collect();
            assert_eq!(one.write(0, offset as u64, &data), 0);
            assert!(two.read(0, offset as u64..(offset + len) as u64) == data);
            assert_eq!(two.ask(WRITE_ZEROES, 0, offset as u64, len as u32), 0);
            assert!(one.read(0, offset as u64..(offset + len) as u64) == vec![0; len]);
        }
    }
}

#[test]
fn flushes_come_when_asked_for_and_never_before_the_write() {
    let disk = Arc::new(Scratch::new(MIB));
    let served = Served::writable(disk.clone());
    let mut client = served.go(true);
    assert_eq!(client.write(0, 0, &[1; 512]), 0);
    assert_eq!(disk.take_asked(), ["write"]);
    assert_eq!(client.write(FUA, 0, &[1; 512]), 0);
    assert_eq!(disk.take_asked(), ["write", "flush"]);
    assert_eq!(client.ask(WRITE_ZEROES, FUA, 0, 4096), 0);
    assert_eq!(disk.take_asked(), ["zeroes", "flush"]);
    assert_eq!(client.ask(WRITE_ZEROES, NO_HOLE, 0, 300 << 10), 0);
    assert_eq!(disk.take_asked(), ["write", "write"], "zeros that must take room are written");
    assert_eq!(client.ask(WRITE_ZEROES, FAST_ZERO, 0, 4096), 0);
    assert_eq!(disk.take_asked(), ["zeroes"]);
    assert_eq!(client.ask(TRIM, FUA, 0, 4096), 0);
    assert_eq!(disk.take_asked(), ["trim", "flush"]);
    assert_eq!(client.ask(FLUSH, 0, 0, 0), 0);
    assert_eq!(disk.take_asked(), ["flush"]);
    // Allowed everywhere, meaning nothing.
    assert_eq!(client.ask(FLUSH, FUA, 0, 0), 0);
    assert_eq!(client.ask(CACHE, FUA, 0, 512), 0);
    assert_eq!(disk.take_asked(), ["flush"]);
}

#[test]
fn what_cannot_be_done_is_refused_by_the_protocols_errors() {
    let disk = Arc::new(Scratch::new(MIB));
    let served = Served::writable(disk.clone());
    let size = MIB as u64;
    for structured in [false, true] {
        let mut client = served.go(structured);
        assert_eq!(client.write(0, size - 511, &[1; 512]), ENOSPC);
        assert_eq!(client.write(0, u64::MAX, &[1; 512]), ENOSPC);
        assert_eq!(client.ask(WRITE_ZEROES, 0, size, 1), ENOSPC);
        assert_eq!(client.ask(TRIM, 0, size, 1), EINVAL);
        assert_eq!(client.write(NO_HOLE, 0, &[1; 512]), EINVAL);
        assert_eq!(client.write(DF, 0, &[1; 512]), EINVAL);
        assert_eq!(client.ask(TRIM, NO_HOLE, 0, 512), EINVAL);
        assert_eq!(client.ask(FLUSH, NO_HOLE, 0, 0), EINVAL);
        assert_eq!(client.ask(WRITE_ZEROES, NO_HOLE | FAST_ZERO, 0, 512), ENOTSUP);
        assert_eq!(client.write(0, size, &[]), 0, "nothing, at the end");
        assert_eq!(disk.take_asked(), Vec::<&str>::new(), "nothing reached the disk");
        assert_eq!(client.write(0, 0, &[1; 512]), 0, "and the connection goes on");
        disk.take_asked();
    }
}

#[test]
fn a_failing_disk_fails_the_request_and_says_when_it_is_full() {
    let cases = [
        (Some(io::ErrorKind::StorageFull), false, ENOSPC),
        (Some(io::ErrorKind::QuotaExceeded), false, ENOSPC),
        (Some(io::ErrorKind::FileTooLarge), false, ENOSPC),
        (Some(io::ErrorKind::Other), false, EIO),
        (None, true, EIO),
    ];
    for (fails_as, panics, expected) in cases {
        let served = Served::writable(Arc::new(Scratch { fails_as, panics, ..Scratch::new(MIB) }));
        let mut client = served.go(true);
        assert_eq!(client.write(0, 0, &[1; 512]), expected);
        assert_eq!(client.ask(WRITE_ZEROES, 0, 0, 512), expected);
        assert_eq!(client.ask(TRIM, 0, 0, 512), expected);
        assert_eq!(client.ask(FLUSH, 0, 0, 0), expected);
        assert_eq!(client.read(0, 0..512), [0; 512]);
    }
}

#[test]
fn an_export_that_is_not_writable_refuses_every_change() {
    let disk = Arc::new(TestDisk::dense(MIB as u64));
    let served = Served::unix(&disk);
    for structured in [false, true] {
        let mut client = served.go(structured);
        assert_eq!(client.write(0, 0, &[1; 4096]), EPERM);
        assert_eq!(client.write(FUA, u64::MAX, &[1; 4096]), EPERM);
        assert_eq!(client.ask(WRITE_ZEROES, NO_HOLE, 0, 512), EPERM);
        assert_eq!(client.ask(TRIM, 0, 0, 512), EPERM);
        assert_eq!(client.ask(FLUSH, 0, 0, 0), EINVAL, "a command that was not offered");
        assert_eq!(client.read(0, 0..512), disk.expected(0..512));
    }
}

#[test]
fn a_writer_that_floods_is_held_back() {
    let disk = Arc::new(Scratch::new(MAX_REQUEST_BYTES as usize));
    disk.holds_writes.store(true, Ordering::SeqCst);
    let served = Served::writable(disk.clone());
    let mut flooder = served.go(true);
    let mut sender = flooder.stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let data = vec![9; MAX_REQUEST_BYTES as usize];
        for cookie in 0..6u64 {
            let mut request = b"\x25\x60\x95\x13\0\0\0\x01".to_vec();
            request.extend(cookie.to_be_bytes());
            request.extend(0u64.to_be_bytes());
            request.extend(MAX_REQUEST_BYTES.to_be_bytes());
            io::Write::write_all(&mut sender, &request).unwrap();
            io::Write::write_all(&mut sender, &data).unwrap();
        }
    });
    disk.gate.wait_for(1);
    // Another connection is served meanwhile, and gives the first one every chance to overrun.
    for _ in 0..20 {
        served.go(true).read(0, 0..4096);
    }
    assert_eq!(disk.held.load(Ordering::SeqCst), MAX_REQUEST_BYTES as usize);
    assert!(!sending.is_finished(), "five more are not read");
    disk.gate.open();
    sending.join().unwrap();
    for cookie in 0..6 {
        assert_eq!(flooder.outcome(cookie), 0);
    }
}

#[test]
fn a_write_that_is_cut_off_or_too_long_writes_nothing() {
    let disk = Arc::new(Scratch::new(2 * MIB));
    let served = Served::writable(disk.clone());
    let mut client = served.go(true);
    client.request(WRITE, 0, 1, 0, MIB as u32);
    client.send(&vec![9; MIB - 1]);
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    client.assert_closed();
    let mut client = served.go(true);
    client.request(WRITE, 0, 1, 0, MAX_REQUEST_BYTES + 1);
    client.assert_closed();
    assert_eq!(disk.take_asked(), Vec::<&str>::new());
}
