//! Fixed newstyle negotiation: until a client has chosen an export, or left.
//!
//! Nothing that a client sends here is kept but two facts (structured replies, and the export whose allocation it wants
//! to know), and an option's payload is read into a buffer of bounded size. Every option gets its answer before the
//! next is read. What an option asks wrongly is refused by name and negotiation goes on; a client that does not even
//! frame its options loses the connection.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing::{debug, warn};

use super::error::{Error, Reason};
use super::export::{Exports, Opened};
use super::protocol::*;

/// The longest payload of an option: a name and a list of infos or queries fit many times.
const MAX_OPTION_BYTES: u32 = 64 << 10;

/// What a client and we agreed on.
pub(super) struct Session {
    pub(super) opened: Opened,
    /// Replies come in chunks, with holes.
    pub(super) structured: bool,
    /// The client may ask which ranges are holes.
    pub(super) allocation: bool,
}

/// Agree on an export, or on nothing when the client leaves.
pub(super) async fn negotiate<R, W>(
    reader: &mut R,
    writer: &mut W,
    exports: &dyn Exports,
    peer: Option<IpAddr>,
) -> Result<Option<Session>, Error>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut greeting = Vec::with_capacity(18);
    greeting.extend(NBDMAGIC.to_be_bytes());
    greeting.extend(IHAVEOPT.to_be_bytes());
    greeting.extend((FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES).to_be_bytes());
    writer.write_all(&greeting).await?;

    let Some(flags) = unless_gone(reader.read_u32().await)? else {
        return Ok(None);
    };
    if flags & !u32::from(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES) != 0 {
        return Err(Reason::ClientFlags { flags }.into());
    }
    let mut negotiation = Negotiation {
        exports,
        peer,
        no_zeroes: flags & u32::from(FLAG_NO_ZEROES) != 0,
        structured: false,
        allocation_of: None,
        last_opened: None,
    };
    loop {
        let Some(magic) = unless_gone(reader.read_u64().await)? else {
            return Ok(None);
        };
        if magic != IHAVEOPT {
            return Err(Reason::Magic { what: "an option", found: magic }.into());
        }
        let option = reader.read_u32().await?;
        let bytes = reader.read_u32().await?;
        if MAX_OPTION_BYTES < bytes {
            return Err(Reason::OptionTooLong { option, bytes }.into());
        }
        let mut payload = vec![0; bytes as usize];
        reader.read_exact(&mut payload).await?;
        let (answer, next) = negotiation.answer(option, &payload).await?;
        writer.write_all(&answer).await?;
        match next {
            Next::Option => {}
            Next::Leave => return Ok(None),
            Next::Transmission(opened) => {
                let allocation = negotiation.allocation_of.is_some_and(|name| name == opened.info.name);
                return Ok(Some(Session { opened, structured: negotiation.structured, allocation }));
            }
        }
    }
}

/// What follows an option.
enum Next {
    Option,
    Leave,
    Transmission(Opened),
}

struct Negotiation<'a> {
    exports: &'a dyn Exports,
    /// Whence the client came, when it was over TCP.
    peer: Option<IpAddr>,
    no_zeroes: bool,
    structured: bool,
    /// Proper name of the export whose allocation the client selected.
    allocation_of: Option<String>,
    /// Clients name an export in two or three options in a row; it is opened for the first.
    last_opened: Option<(String, Opened)>,
}

impl Negotiation<'_> {
    async fn answer(&mut self, option: u32, payload: &[u8]) -> Result<(Vec<u8>, Next), Error> {
        if option == OPT_EXPORT_NAME {
            let opened = match text(payload) {
                Some(name) => self.open(name).await,
                None => None,
            };
            // This option has no way to refuse.
            let opened = opened.ok_or(Reason::NoSuchExport)?;
            let mut answer = self.size_and_flags(&opened);
            if !self.no_zeroes {
                answer.extend([0; 124]);
            }
            return Ok((answer, Next::Transmission(opened)));
        }
        let mut answer = Answer { option, bytes: Vec::new() };
        let mut next = Next::Option;
        match option {
            OPT_ABORT => {
                answer.push(REP_ACK, &[]);
                next = Next::Leave;
            }
            OPT_LIST if payload.is_empty() => self.list(&mut answer).await,
            OPT_STRUCTURED_REPLY if payload.is_empty() => {
                self.structured = true;
                answer.push(REP_ACK, &[]);
            }
            OPT_LIST | OPT_STRUCTURED_REPLY => answer.refuse(REP_ERR_INVALID, "this option has no payload"),
            OPT_INFO | OPT_GO => {
                let opened = self.info(payload, &mut answer).await;
                if let (OPT_GO, Some(opened)) = (option, opened) {
                    next = Next::Transmission(opened);
                }
            }
            OPT_LIST_META_CONTEXT | OPT_SET_META_CONTEXT => self.meta_context(option, payload, &mut answer).await,
            _ => answer.refuse(REP_ERR_UNSUP, "this server does not know the option"),
        }
        Ok((answer.bytes, next))
    }

    async fn list(&self, answer: &mut Answer) {
        let listed = self.exports.list().await.unwrap_or_else(|error| {
            warn!(error = &error as &dyn std::error::Error, "cannot list the exports");
            Vec::new()
        });
        for info in listed {
            // A name that no option could carry cannot be opened either.
            if text(info.name.as_bytes()).is_none() {
                continue;
            }
            let mut server = Vec::new();
            put_string(&mut server, &info.name);
            server.extend(clipped(info.description.as_deref().unwrap_or_default()));
            answer.push(REP_SERVER, &server);
        }
        answer.push(REP_ACK, &[]);
    }

    /// Describe the export that an `INFO` or `GO` names, or refuse.
    async fn info(&mut self, payload: &[u8], answer: &mut Answer) -> Option<Opened> {
        let Some((name, infos)) = parse_info(payload) else {
            answer.refuse(REP_ERR_INVALID, "the payload is malformed");
            return None;
        };
        let Some(opened) = self.open(name).await else {
            answer.refuse(REP_ERR_UNKNOWN, "the export is not available");
            return None;
        };
        let mut info = INFO_EXPORT.to_be_bytes().to_vec();
        info.extend(self.size_and_flags(&opened));
        answer.push(REP_INFO, &info);
        if infos.contains(&INFO_NAME) {
            let mut info = INFO_NAME.to_be_bytes().to_vec();
            info.extend(opened.info.name.as_bytes());
            answer.push(REP_INFO, &info);
        }
        if let (true, Some(description)) = (infos.contains(&INFO_DESCRIPTION), &opened.info.description) {
            let mut info = INFO_DESCRIPTION.to_be_bytes().to_vec();
            info.extend(clipped(description));
            answer.push(REP_INFO, &info);
        }
        if infos.contains(&INFO_BLOCK_SIZE) {
            let mut info = INFO_BLOCK_SIZE.to_be_bytes().to_vec();
            // Any byte can be read and written alone; the protocol wants powers of two above.
            let preferred = opened.export.preferred_block_bytes().clamp(512, MAX_REQUEST_BYTES);
            for bytes in [1, preferred, MAX_REQUEST_BYTES] {
                info.extend(bytes.to_be_bytes());
            }
            answer.push(REP_INFO, &info);
        }
        answer.push(REP_ACK, &[]);
        Some(opened)
    }

    async fn meta_context(&mut self, option: u32, payload: &[u8], answer: &mut Answer) {
        let is_set = option == OPT_SET_META_CONTEXT;
        if is_set {
            // Whatever was selected before is forgotten, even when this fails.
            self.allocation_of = None;
        }
        let Some((name, queries)) = parse_meta_context(payload) else {
            return answer.refuse(REP_ERR_INVALID, "the payload is malformed");
        };
        if is_set && !self.structured {
            return answer.refuse(REP_ERR_INVALID, "structured replies come first");
        }
        let Some(opened) = self.open(name).await else {
            return answer.refuse(REP_ERR_UNKNOWN, "the export is not available");
        };
        // Asking for a list without a question asks for everything; a whole namespace can be listed, but not selected.
        let is_all = !is_set && (queries.is_empty() || queries.contains(&"base:"));
        if is_all || queries.contains(&BASE_ALLOCATION) {
            let mut context = BASE_ALLOCATION_ID.to_be_bytes().to_vec();
            context.extend(BASE_ALLOCATION.as_bytes());
            answer.push(REP_META_CONTEXT, &context);
            if is_set {
                self.allocation_of = Some(opened.info.name);
            }
        }
        answer.push(REP_ACK, &[]);
    }

    async fn open(&mut self, name: &str) -> Option<Opened> {
        if let Some((last, opened)) = &self.last_opened
            && last == name
        {
            return Some(opened.clone());
        }
        let opened = match self.peer {
            None => self.exports.open(name).await,
            Some(peer) => self.exports.open_from(name, peer).await,
        };
        match opened {
            Ok(Some(opened)) => {
                self.last_opened = Some((name.to_owned(), opened.clone()));
                Some(opened)
            }
            Ok(None) => {
                debug!(name = loggable(name), "a client asked for an export that is not there");
                None
            }
            Err(error) => {
                warn!(name = loggable(name), error = &error as &dyn std::error::Error, "cannot open an export");
                None
            }
        }
    }

    fn size_and_flags(&self, opened: &Opened) -> Vec<u8> {
        let mut flags = FLAG_HAS_FLAGS | FLAG_CAN_MULTI_CONN | FLAG_SEND_CACHE;
        flags |= match opened.export.writable() {
            None => FLAG_READ_ONLY,
            Some(_) => FLAG_SEND_FLUSH | FLAG_SEND_FUA | FLAG_SEND_TRIM | FLAG_SEND_WRITE_ZEROES | FLAG_SEND_FAST_ZERO,
        };
        if self.structured {
            flags |= FLAG_SEND_DF;
        }
        let mut bytes = opened.export.size().to_be_bytes().to_vec();
        bytes.extend(flags.to_be_bytes());
        bytes
    }
}

/// The replies to one option.
struct Answer {
    option: u32,
    bytes: Vec<u8>,
}

impl Answer {
    fn push(&mut self, reply: u32, payload: &[u8]) {
        let len = u32::try_from(payload.len()).expect("replies are made of strings of bounded length");
        self.bytes.extend(OPTION_REPLY_MAGIC.to_be_bytes());
        self.bytes.extend(self.option.to_be_bytes());
        self.bytes.extend(reply.to_be_bytes());
        self.bytes.extend(len.to_be_bytes());
        self.bytes.extend(payload);
    }

    fn refuse(&mut self, error: u32, text: &str) {
        self.push(error, text.as_bytes());
    }
}

/// The name and the infos of `INFO` and `GO`.
fn parse_info(payload: &[u8]) -> Option<(&str, Vec<u16>)> {
    let mut cursor = Cursor(payload);
    let name = cursor.string()?;
    let n_infos = cursor.u16()?;
    let infos = (0..n_infos).map(|_| cursor.u16()).collect::<Option<_>>()?;
    cursor.is_empty().then_some((name, infos))
}

/// The export and the queries of `LIST_META_CONTEXT` and `SET_META_CONTEXT`.
fn parse_meta_context(payload: &[u8]) -> Option<(&str, Vec<&str>)> {
    let mut cursor = Cursor(payload);
    let name = cursor.string()?;
    let n_queries = cursor.u32()?;
    // Collected one by one and not reserved: the payload ends long before a claimed number does.
    let mut queries = Vec::new();
    for _ in 0..n_queries {
        queries.push(cursor.string()?);
    }
    cursor.is_empty().then_some((name, queries))
}

fn put_string(bytes: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).expect("the caller bounds it");
    bytes.extend(len.to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// As much of a text as the protocol takes.
fn clipped(text: &str) -> &[u8] {
    &text.as_bytes()[..text.floor_char_boundary(MAX_STRING_BYTES)]
}

/// As much of a name as may be logged: what follows a question mark may be what lets a client in.
fn loggable(name: &str) -> &str {
    name.split('?').next().unwrap_or_default()
}

/// A client may leave between options without a word.
fn unless_gone<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
