//! The shapes of replies: simple, or structured in chunks.
//!
//! Pure functions from an export's answer to bytes for the wire. A reply is built whole before any of it is sent, so an
//! error is always known in time to be reported.
//!
//! Holes are found by looking at the bytes that were read, not by asking the export for its map: a map's answer
//! describes a whole run, which costs far more than the few KiB that a guest reads, and zeros that are stored as data
//! are left out too. A disk that knows its holes fills them without reading anything.

use std::io;
use std::ops::Range;

use super::export::Export;
use super::protocol::*;

/// A run of zeros becomes a hole when it covers whole units of the disk of this many bytes.
const HOLE_UNIT: u64 = 4096;

/// Extents in one answer about block status (32 KiB of reply). The client asks again from where the answer ends.
const MAX_EXTENTS: usize = 4096;

/// Questions to an export for one answer about block status: extents that merge cost questions as well.
const MAX_LOOKUPS: usize = 4096;

const CHUNK_HEADER_BYTES: usize = 20;

/// What a chunk of data has before its bytes: the header and an offset.
const DATA_HEADER_BYTES: usize = CHUNK_HEADER_BYTES + 8;

/// Bytes that a reply to a read of `len` bytes takes, about: what it is counted as while it waits.
pub(super) fn weight(len: u32) -> u32 {
    len.max(512)
}

/// A reply without content: success, for a request that asks for none.
pub(super) fn done(structured: bool, cookie: u64) -> Vec<u8> {
    if structured { chunk(REPLY_FLAG_DONE, REPLY_TYPE_NONE, cookie, 0) } else { simple(cookie, 0) }
}

/// A reply that ends a request with an error.
pub(super) fn error(structured: bool, cookie: u64, errno: Errno) -> Vec<u8> {
    if !structured {
        return simple(cookie, errno as u32);
    }
    let text = errno.text();
    let mut reply = chunk(REPLY_FLAG_DONE, REPLY_TYPE_ERROR, cookie, 6 + text.len());
    reply.extend((errno as u32).to_be_bytes());
    reply.extend(u16::try_from(text.len()).expect("our texts are short").to_be_bytes());
    reply.extend(text.as_bytes());
    reply
}

/// Fills a buffer from an offset of the export, or says why not.
pub(super) type Read<'a> = &'a dyn Fn(&mut [u8], u64) -> io::Result<()>;

/// A read as a simple reply.
pub(super) fn read_simple(read: Read<'_>, cookie: u64, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut reply = simple(cookie, 0);
    let header = reply.len();
    reply.resize(header + len_of(&range), 0);
    read(&mut reply[header..], range.start)?;
    Ok(reply)
}

/// A read, or a piece of one, as chunks. With `whole` it is one chunk, whatever it holds; the `last` piece ends the request.
pub(super) fn read_chunks(
    read: Read<'_>,
    cookie: u64,
    range: Range<u64>,
    whole: bool,
    last: bool,
) -> io::Result<Vec<u8>> {
    let len = len_of(&range);
    // Room for the header in front: nearly always the piece is data from end to end and goes out as it was read.
    let mut bytes = vec![0; DATA_HEADER_BYTES + len];
    read(&mut bytes[DATA_HEADER_BYTES..], range.start)?;
    let data = &bytes[DATA_HEADER_BYTES..];
    let done = |end: u64| if last && end == range.end { REPLY_FLAG_DONE } else { 0 };

    let mut runs = runs(data, range.start);
    if whole && 1 < runs.len() {
        runs = vec![Run { range: range.clone(), is_hole: false }];
    }
    if let [Run { is_hole: false, .. }] = runs[..] {
        put_data_header(&mut bytes[..DATA_HEADER_BYTES], done(range.end), cookie, range.start, len);
        return Ok(bytes);
    }
    let n_data: usize = runs.iter().filter(|run| !run.is_hole).map(|run| len_of(&run.range)).sum();
    let mut reply = Vec::with_capacity(n_data + runs.len() * (CHUNK_HEADER_BYTES + 12));
    for run in &runs {
        let len = len_of(&run.range);
        if run.is_hole {
            reply.extend(chunk(done(run.range.end), REPLY_TYPE_OFFSET_HOLE, cookie, 12));
            reply.extend(run.range.start.to_be_bytes());
            reply.extend(u32::try_from(len).expect("no longer than a request").to_be_bytes());
        } else {
            let header = reply.len();
            reply.resize(header + DATA_HEADER_BYTES, 0);
            put_data_header(&mut reply[header..], done(run.range.end), cookie, run.range.start, len);
            let from = usize::try_from(run.range.start - range.start).expect("within the piece");
            reply.extend(&data[from..from + len]);
        }
    }
    Ok(reply)
}

/// Which parts of a range are holes, as one chunk. It may stop short of the range's end, never of its start.
pub(super) fn block_status(export: &dyn Export, cookie: u64, range: Range<u64>, one: bool) -> io::Result<Vec<u8>> {
    let extents = extents(export, range, one)?;
    let mut reply = chunk(REPLY_FLAG_DONE, REPLY_TYPE_BLOCK_STATUS, cookie, 4 + 8 * extents.len());
    reply.extend(BASE_ALLOCATION_ID.to_be_bytes());
    for (len, state) in extents {
        reply.extend(len.to_be_bytes());
        reply.extend(state.to_be_bytes());
    }
    Ok(reply)
}

/// A run of zeros, or of anything else, in a piece that was read.
struct Run {
    range: Range<u64>,
    is_hole: bool,
}

/// Cut what was read from `start` into runs of holes and data. Never empty, unless `data` is.
fn runs(data: &[u8], start: u64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut rest = data;
    let mut at = start;
    while !rest.is_empty() {
        let unit = usize::try_from(HOLE_UNIT - at % HOLE_UNIT).expect("a unit is small").min(rest.len());
        let (head, tail) = rest.split_at(unit);
        let is_hole = is_zero(head);
        let end = at + unit as u64;
        match runs.last_mut() {
            Some(run) if run.is_hole == is_hole => run.range.end = end,
            _ => runs.push(Run { range: at..end, is_hole }),
        }
        (at, rest) = (end, tail);
    }
    runs
}

fn is_zero(bytes: &[u8]) -> bool {
    // A short look first: data rarely begins with zeros. Then words without branches, which the compiler vectorises.
    let (head, tail) = bytes.split_at(bytes.len().min(16));
    head.iter().all(|byte| *byte == 0) && tail.iter().fold(0, |sum, byte| sum | byte) == 0
}

/// Extents of a range with their states, merged.
fn extents(export: &dyn Export, range: Range<u64>, one: bool) -> io::Result<Vec<(u32, u32)>> {
    let wanted = if one { 1 } else { MAX_EXTENTS };
    let mut extents: Vec<(u32, u32)> = Vec::new();
    let mut push = |len: u64, state: u32| {
        let len = u32::try_from(len).expect("no longer than a request, which has 32 bits");
        match extents.last_mut() {
            _ if len == 0 => {}
            Some((last_len, last_state)) if *last_state == state => *last_len += len,
            _ => extents.push((len, state)),
        }
        extents.len()
    };
    let mut at = range.start;
    for _ in 0..MAX_LOOKUPS {
        let data = match export.next_data(at)? {
            Some(data) if data.end <= at => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a range of data that is behind us"));
            }
            Some(data) => data.start.clamp(at, range.end)..data.end.min(range.end),
            None => range.end..range.end,
        };
        let data = data.start..data.end.max(data.start);
        push(data.start - at, STATE_HOLE | STATE_ZERO);
        let n_extents = push(data.end - data.start, 0);
        at = data.end;
        // One more than wanted: only then the last wanted one is known to be whole.
        if range.end <= at || wanted < n_extents {
            break;
        }
    }
    extents.truncate(wanted);
    Ok(extents)
}

fn simple(cookie: u64, error: u32) -> Vec<u8> {
    let mut reply = Vec::with_capacity(16);
    reply.extend(SIMPLE_REPLY_MAGIC.to_be_bytes());
    reply.extend(error.to_be_bytes());
    reply.extend(cookie.to_be_bytes());
    reply
}

/// A chunk's header; `len` bytes follow.
fn chunk(flags: u16, kind: u16, cookie: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; CHUNK_HEADER_BYTES];
    put_chunk_header(&mut bytes, flags, kind, cookie, len);
    bytes
}

fn put_chunk_header(bytes: &mut [u8], flags: u16, kind: u16, cookie: u64, len: usize) {
    let len = u32::try_from(len).expect("a chunk is no longer than a request and its header");
    bytes[..4].copy_from_slice(&STRUCTURED_REPLY_MAGIC.to_be_bytes());
    bytes[4..6].copy_from_slice(&flags.to_be_bytes());
    bytes[6..8].copy_from_slice(&kind.to_be_bytes());
    bytes[8..16].copy_from_slice(&cookie.to_be_bytes());
    bytes[16..20].copy_from_slice(&len.to_be_bytes());
}

fn put_data_header(bytes: &mut [u8], flags: u16, cookie: u64, offset: u64, len: usize) {
    put_chunk_header(bytes, flags, REPLY_TYPE_OFFSET_DATA, cookie, 8 + len);
    bytes[CHUNK_HEADER_BYTES..DATA_HEADER_BYTES].copy_from_slice(&offset.to_be_bytes());
}

fn len_of(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).expect("no longer than a request")
}

#[cfg(test)]
mod tests {
    use disk::WritableDisk;

    use super::*;

    #[track_caller]
    fn check(start: u64, data: &[u8], expected: &[(Range<u64>, bool)]) {
        let found: Vec<_> = runs(data, start).into_iter().map(|run| (run.range, run.is_hole)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn zeros_are_holes_in_whole_units_of_the_disk() {
        check(0, &[], &[]);
        check(5, &[0; 3], &[(5..8, true)]);
        check(4095, &[1, 0, 0], &[(4095..4096, false), (4096..4098, true)]);
        let mut data = vec![0; 12288];
        check(4096, &data, &[(4096..16384, true)]);
        data[5000] = 1;
        check(4096, &data, &[(4096..8192, true), (8192..12288, false), (12288..16384, true)]);
        data[0] = 1;
        check(4096, &data, &[(4096..12288, false), (12288..16384, true)]);
    }

    /// Answers about its data as told, whole or in crumbs.
    struct Map(Vec<Range<u64>>);

    impl Export for Map {
        fn size(&self) -> u64 {
            1 << 40
        }

        fn preferred_block_bytes(&self) -> u32 {
            4096
        }

        fn read(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn read_if_ready(&self, _: &mut [u8], _: u64) -> io::Result<bool> {
            Ok(false)
        }

        fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
            Ok(self.0.iter().find(|range| offset < range.end).cloned())
        }

        fn writable(&self) -> Option<&dyn WritableDisk> {
            None
        }
    }

    #[test]
    fn extents_are_merged_clipped_and_never_empty() {
        let map = Map(vec![10..20, 20..30, 30..35, 50..60, 4096..8192]);
        let extents = |range, one| extents(&map, range, one).expect("a good map");
        assert_eq!(extents(0..100, false), [(10, 3), (25, 0), (15, 3), (10, 0), (40, 3)]);
        assert_eq!(extents(0..100, true), [(10, 3)]);
        assert_eq!(extents(12..100, true), [(23, 0)], "three ranges of data in a row are one extent");
        assert_eq!(extents(12..22, false), [(10, 0)]);
        assert_eq!(extents(40..45, false), [(5, 3)]);
        assert_eq!(extents(8192..8192 + u64::from(u32::MAX), true), [(u32::MAX, 3)]);
    }

    #[test]
    fn an_answer_about_crumbs_is_bounded_and_begins_where_asked() {
        let merging = Map((0..10_000).map(|n| n * 10..n * 10 + 10).collect());
        assert_eq!(extents(&merging, 0..100_000, false).expect("good"), [(10 * MAX_LOOKUPS as u32, 0)]);
        let scattered = Map((0..10_000).map(|n| n * 10 + 5..n * 10 + 10).collect());
        let found = extents(&scattered, 0..100_000, false).expect("good");
        assert_eq!(found.len(), MAX_EXTENTS);
        assert_eq!(found[..2], [(5, 3), (5, 0)]);
    }

    #[test]
    fn an_export_that_answers_backwards_fails_the_request() {
        struct Backwards;
        impl Export for Backwards {
            fn size(&self) -> u64 {
                100
            }
            fn preferred_block_bytes(&self) -> u32 {
                4096
            }
            fn read(&self, _: &mut [u8], _: u64) -> io::Result<()> {
                Ok(())
            }
            fn read_if_ready(&self, _: &mut [u8], _: u64) -> io::Result<bool> {
                Ok(false)
            }
            fn next_data(&self, _: u64) -> io::Result<Option<Range<u64>>> {
                Ok(Some(0..1))
            }
            fn writable(&self) -> Option<&dyn WritableDisk> {
                None
            }
        }
        assert!(extents(&Backwards, 50..60, false).is_err());
    }
}
