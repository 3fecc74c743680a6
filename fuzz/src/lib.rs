//! What several targets share: an oracle for disks, and a server with one export that lives in memory.
//!
//! A parser is asked for more than not to panic: what it says about a disk must hold together, and what the server
//! answers must be what a client can read.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use disk::{Disk, Format, Limits};
use host::nbd::{ExportInfo, Exports, Opened};

/// Larger disks are refused, so that a file costs no more than it can teach.
const LARGEST: u64 = 64 << 20;

/// How much of a disk is read.
const READ_AT_MOST: u64 = 4 << 20;

/// Open a file as this format and, when that works, hold the disk against itself: its map ascends within its size,
/// what the map leaves out reads as zeros, and a byte is the same in whichever read it comes.
pub fn check_disk(file: &[u8], format: Format) {
    let Ok(disk) = disk::open(Arc::new(file.to_vec()), format, &Limits { max_virtual_size: LARGEST }) else {
        return;
    };
    let size = disk.virtual_size();
    assert!(size <= LARGEST);
    let mut budget = READ_AT_MOST;
    let mut at = 0;
    for _ in 0..1000 {
        match disk.next_data(at) {
            Err(_) => return,
            Ok(None) => {
                check_zeros(disk.as_ref(), at..size, &mut budget);
                break;
            }
            Ok(Some(data)) => {
                assert!(at <= data.start && data.start < data.end && data.end <= size, "{data:?} after {at} of {size}");
                check_zeros(disk.as_ref(), at..data.start, &mut budget);
                check_twice(disk.as_ref(), data.clone(), &mut budget);
                at = data.end;
            }
        }
    }
    assert!(disk.read_exact_at(&mut [0], size).is_err(), "there is nothing behind the end");
    assert!(disk.read_exact_at(&mut [0; 2], u64::MAX).is_err());
}

fn check_zeros(disk: &dyn Disk, range: Range<u64>, budget: &mut u64) {
    let len = (range.end - range.start).min(*budget).min(1 << 16);
    *budget -= len;
    let mut bytes = vec![1; len as usize];
    if disk.read_exact_at(&mut bytes, range.start).is_ok() {
        assert!(bytes.iter().all(|byte| *byte == 0), "data in a hole at {}", range.start);
    }
}

fn check_twice(disk: &dyn Disk, range: Range<u64>, budget: &mut u64) {
    let len = (range.end - range.start).min(*budget).min(1 << 18);
    *budget -= len;
    let mut whole = vec![0; len as usize];
    if disk.read_exact_at(&mut whole, range.start).is_err() {
        return;
    }
    let mut at = 0;
    for piece in whole.chunks(1021).take(64) {
        let mut again = vec![0; piece.len()];
        disk.read_exact_at(&mut again, range.start + at).expect("it could be read a moment ago");
        assert!(again == piece, "read differently at {}", range.start + at);
        at += piece.len() as u64;
    }
}

/// Size of [`Pattern`]: more than one piece of a long reply.
pub const PATTERN_BYTES: u64 = (3 << 20) + 777;

/// A disk with data in every other 16 KiB.
pub struct Pattern;

impl Pattern {
    /// The byte at a place.
    pub fn byte(at: u64) -> u8 {
        if at >> 14 & 1 == 0 { 0 } else { (at % 251) as u8 + 1 }
    }
}

impl Disk for Pattern {
    fn virtual_size(&self) -> u64 {
        PATTERN_BYTES
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        assert!(offset + buf.len() as u64 <= PATTERN_BYTES, "the server checks requests");
        buf.iter_mut().zip(offset..).for_each(|(byte, at)| *byte = Pattern::byte(at));
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        let start = if offset >> 14 & 1 == 1 { offset } else { ((offset >> 14) + 1) << 14 };
        let end = (((start >> 14) + 1) << 14).min(PATTERN_BYTES);
        Ok((start < end).then_some(start..end))
    }
}

/// One export, named `x`.
pub struct One;

#[async_trait]
impl Exports for One {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(vec![info()])
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        Ok((name == "x" || name.is_empty()).then(|| Opened { info: info(), export: Arc::new(Arc::new(Pattern)) }))
    }
}

fn info() -> ExportInfo {
    ExportInfo { name: "x".into(), description: None }
}

/// Everything that the server says to a client that says all of `input` at once and hangs up.
pub fn serve(input: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut said = Vec::new();
    // An error is how a broken client ends; that it ends is what counts.
    let _ended = runtime.block_on(host::nbd::serve_connection(input, &mut said, &One));
    said
}
