//! Any requests after a sound handshake: what comes back is framed as a client expects, and holds the disk's bytes.
//!
//! The input is cut into requests, so that the fuzzer need not find the magic: a byte of command and flags, three of
//! offset, two of length in units that reach from nothing to beyond a piece of a reply.
#![no_main]

use std::collections::HashMap;

use fuzz::{PATTERN_BYTES, Pattern};
use libfuzzer_sys::fuzz_target;

const HANDSHAKE: &[u8] = b"\0\0\0\x03\
    IHAVEOPT\0\0\0\x08\0\0\0\0\
    IHAVEOPT\0\0\0\x0a\0\0\0\x1c\0\0\0\x01x\0\0\0\x01\0\0\0\x0fbase:allocation\
    IHAVEOPT\0\0\0\x07\0\0\0\x07\0\0\0\x01x\0\0";

/// The greeting and the answers to the three options above.
const ANSWERED: usize = 18 + 20 + (20 + 19 + 20) + (20 + 12 + 20);

/// More would only repeat.
const REQUESTS: usize = 64;

fuzz_target!(|input: &[u8]| {
    let mut said = HANDSHAKE.to_vec();
    let mut asked = HashMap::new();
    for (cookie, request) in input.chunks_exact(6).take(REQUESTS).enumerate() {
        let (command, flags) = (u16::from(request[0] & 15), u16::from(request[0] >> 4) << 2 & 0x0f);
        let offset = u64::from_be_bytes([0, 0, 0, 0, 0, request[1] & 63, request[2], request[3]]);
        let len = u32::from(request[4]) << (request[5] % 24);
        said.extend(0x2560_9513u32.to_be_bytes());
        said.extend(flags.to_be_bytes());
        said.extend(command.to_be_bytes());
        said.extend((cookie as u64).to_be_bytes());
        said.extend(offset.to_be_bytes());
        said.extend(len.to_be_bytes());
        if command == 2 {
            break;
        }
        if command == 1 {
            said.extend(vec![0x67; len.min(1 << 16) as usize]);
            if 1 << 16 < len {
                break;
            }
        }
        asked.insert(cookie as u64, (offset, len));
    }
    let answer = fuzz::serve(&said);
    let mut rest = &answer[ANSWERED..];
    while !rest.is_empty() {
        let (header, tail) = rest.split_at(20);
        assert_eq!(header[..4], 0x668e_33efu32.to_be_bytes());
        let kind = u16::from_be_bytes([header[6], header[7]]);
        let cookie = u64::from_be_bytes(header[8..16].try_into().expect("eight"));
        let len = u32::from_be_bytes(header[16..].try_into().expect("four")) as usize;
        let (payload, tail) = tail.split_at(len);
        let (offset, wanted) = asked[&cookie];
        let wanted = offset..offset + u64::from(wanted);
        match kind {
            0 => assert!(payload.is_empty()),
            1 => {
                let at = u64::from_be_bytes(payload[..8].try_into().expect("eight"));
                let data = &payload[8..];
                assert!(wanted.start <= at && at + data.len() as u64 <= wanted.end && wanted.end <= PATTERN_BYTES);
                assert!(data.iter().zip(at..).all(|(byte, at)| *byte == Pattern::byte(at)));
            }
            2 => {
                let at = u64::from_be_bytes(payload[..8].try_into().expect("eight"));
                let len = u64::from(u32::from_be_bytes(payload[8..].try_into().expect("four")));
                assert!(wanted.start <= at && at + len <= wanted.end && wanted.end <= PATTERN_BYTES);
                assert!((at..at + len).all(|at| Pattern::byte(at) == 0));
            }
            5 => {
                let mut at = wanted.start;
                for extent in payload[4..].chunks_exact(8) {
                    let len = u64::from(u32::from_be_bytes(extent[..4].try_into().expect("four")));
                    let is_hole = extent[7] == 3;
                    assert!(0 < len && (at..at + len).all(|at| (Pattern::byte(at) == 0) == is_hole));
                    at += len;
                }
                assert!(at <= wanted.end);
            }
            0x8001 => assert!(6 < len),
            _ => panic!("chunk of type {kind}"),
        }
        if header[5] & 1 == 1 {
            asked.remove(&cookie);
        }
        rest = tail;
    }
});
