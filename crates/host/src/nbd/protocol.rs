//! The protocol's numbers and fixed structures, named as in its document (`doc/proto.md` of the NBD project).
//!
//! All numbers are big-endian.

use std::io;

/// The largest read or write that a client may ask for: what the protocol's document tells clients to assume.
pub const MAX_REQUEST_BYTES: u32 = 32 << 20;

/// The longest string that the protocol allows.
pub(super) const MAX_STRING_BYTES: usize = 4096;

pub(super) const NBDMAGIC: u64 = 0x4e42_444d_4147_4943;
pub(super) const IHAVEOPT: u64 = 0x4948_4156_454f_5054;
pub(super) const OPTION_REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;
pub(super) const REQUEST_MAGIC: u32 = 0x2560_9513;
pub(super) const SIMPLE_REPLY_MAGIC: u32 = 0x6744_6698;
pub(super) const STRUCTURED_REPLY_MAGIC: u32 = 0x668e_33ef;

pub(super) const FLAG_FIXED_NEWSTYLE: u16 = 1;
pub(super) const FLAG_NO_ZEROES: u16 = 1 << 1;

pub(super) const OPT_EXPORT_NAME: u32 = 1;
pub(super) const OPT_ABORT: u32 = 2;
pub(super) const OPT_LIST: u32 = 3;
pub(super) const OPT_INFO: u32 = 6;
pub(super) const OPT_GO: u32 = 7;
pub(super) const OPT_STRUCTURED_REPLY: u32 = 8;
pub(super) const OPT_LIST_META_CONTEXT: u32 = 9;
pub(super) const OPT_SET_META_CONTEXT: u32 = 10;

pub(super) const REP_ACK: u32 = 1;
pub(super) const REP_SERVER: u32 = 2;
pub(super) const REP_INFO: u32 = 3;
pub(super) const REP_META_CONTEXT: u32 = 4;
pub(super) const REP_ERR_UNSUP: u32 = (1 << 31) + 1;
pub(super) const REP_ERR_INVALID: u32 = (1 << 31) + 3;
pub(super) const REP_ERR_UNKNOWN: u32 = (1 << 31) + 6;

pub(super) const INFO_EXPORT: u16 = 0;
pub(super) const INFO_NAME: u16 = 1;
pub(super) const INFO_DESCRIPTION: u16 = 2;
pub(super) const INFO_BLOCK_SIZE: u16 = 3;

pub(super) const FLAG_HAS_FLAGS: u16 = 1;
pub(super) const FLAG_READ_ONLY: u16 = 1 << 1;
pub(super) const FLAG_SEND_FLUSH: u16 = 1 << 2;
pub(super) const FLAG_SEND_FUA: u16 = 1 << 3;
pub(super) const FLAG_SEND_TRIM: u16 = 1 << 5;
pub(super) const FLAG_SEND_WRITE_ZEROES: u16 = 1 << 6;
pub(super) const FLAG_SEND_DF: u16 = 1 << 7;
pub(super) const FLAG_CAN_MULTI_CONN: u16 = 1 << 8;
pub(super) const FLAG_SEND_CACHE: u16 = 1 << 10;
pub(super) const FLAG_SEND_FAST_ZERO: u16 = 1 << 11;

pub(super) const CMD_READ: u16 = 0;
pub(super) const CMD_WRITE: u16 = 1;
pub(super) const CMD_DISC: u16 = 2;
pub(super) const CMD_FLUSH: u16 = 3;
pub(super) const CMD_TRIM: u16 = 4;
pub(super) const CMD_CACHE: u16 = 5;
pub(super) const CMD_WRITE_ZEROES: u16 = 6;
pub(super) const CMD_BLOCK_STATUS: u16 = 7;

pub(super) const CMD_FLAG_FUA: u16 = 1;
pub(super) const CMD_FLAG_NO_HOLE: u16 = 1 << 1;
pub(super) const CMD_FLAG_DF: u16 = 1 << 2;
pub(super) const CMD_FLAG_REQ_ONE: u16 = 1 << 3;
pub(super) const CMD_FLAG_FAST_ZERO: u16 = 1 << 4;

pub(super) const REPLY_FLAG_DONE: u16 = 1;
pub(super) const REPLY_TYPE_NONE: u16 = 0;
pub(super) const REPLY_TYPE_OFFSET_DATA: u16 = 1;
pub(super) const REPLY_TYPE_OFFSET_HOLE: u16 = 2;
pub(super) const REPLY_TYPE_BLOCK_STATUS: u16 = 5;
pub(super) const REPLY_TYPE_ERROR: u16 = (1 << 15) + 1;

pub(super) const STATE_HOLE: u32 = 1;
pub(super) const STATE_ZERO: u32 = 1 << 1;

/// The one metadata context that we know: which ranges are holes.
pub(super) const BASE_ALLOCATION: &str = "base:allocation";

/// The number under which it appears in replies; ours to choose.
pub(super) const BASE_ALLOCATION_ID: u32 = 1;

/// A request's error, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errno {
    /// A write to a read-only export.
    Perm = 1,
    /// The bytes cannot be read or written.
    Io = 5,
    /// A request that the protocol or our limits do not allow.
    Inval = 22,
    /// A write beyond the end, or more than there is room for.
    NoSpc = 28,
    /// Zeros that would be no faster than writing them.
    NotSup = 95,
}

impl Errno {
    /// What a person is told; the details are in our log.
    pub(super) fn text(self) -> &'static str {
        match self {
            Errno::Perm => "the export is read-only",
            Errno::Io => "the disk cannot be read or written",
            Errno::Inval => "the request is not valid",
            Errno::NoSpc => "there is no room",
            Errno::NotSup => "this would not be fast",
        }
    }

    /// What a client may know of a failure.
    pub(super) fn of(failure: &io::Error) -> Self {
        match failure.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Errno::NoSpc,
            _ => Errno::Io,
        }
    }
}

/// Length of a request on the wire, without a write's data.
pub(super) const REQUEST_BYTES: usize = 28;

/// A request's header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) flags: u16,
    pub(super) command: u16,
    pub(super) cookie: u64,
    pub(super) offset: u64,
    pub(super) len: u32,
}

impl Request {
    /// The request, or what stood where its magic should have been.
    pub(super) fn parse(bytes: &[u8; REQUEST_BYTES]) -> Result<Request, u32> {
        let mut cursor = Cursor(bytes);
        let fields = (cursor.u32(), cursor.u16(), cursor.u16(), cursor.u64(), cursor.u64(), cursor.u32());
        let (Some(magic), Some(flags), Some(command), Some(cookie), Some(offset), Some(len)) = fields else {
            unreachable!("the six fields are {REQUEST_BYTES} bytes");
        };
        if magic == REQUEST_MAGIC { Ok(Request { flags, command, cookie, offset, len }) } else { Err(magic) }
    }
}

/// Takes fields off the front of a payload that a client sent; `None` when it is too short.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A string with its length before it.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        let len = self.u32()?;
        text(self.bytes(usize::try_from(len).ok()?)?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }
}

/// Bytes as one of the protocol's strings: UTF-8, no NUL, not too long.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    (text.len() <= MAX_STRING_BYTES && !text.contains('\0')).then_some(text)
}
