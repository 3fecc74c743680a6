//! Transmission: a client's requests, many at a time, answered as they are ready.
//!
//! One task reads requests and writes replies; reads and writes of the export run on threads where blocking is allowed,
//! several at once. Two counters bound what a connection can hold. Every request takes one of
//! [`MAX_REQUESTS_IN_FLIGHT`] places before the next is read, and every read or write takes its bytes out of
//! [`MAX_REQUEST_BYTES`] before it allocates them; both are given back when the last byte of the reply is handed to the
//! client. So a client that asks and does not listen holds a bounded amount, blocks no thread, and is asked for nothing
//! more. A write that is refused is taken off the connection without being kept.
//!
//! A small read of what lies in memory is answered by the task itself, between two requests: it costs less than to wake
//! a thread, so it delays nobody. So is a small write when no other request is in flight; the runtime is told that it may
//! block, and if it does, only what the client asks next on this connection waits. A long structured read is answered in pieces, one after the other, so that it takes little of the budget; a simple
//! reply has one place for an error, in front, so all of it is read first.

use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use disk::WritableDisk;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{block_in_place, spawn_blocking};
use tracing::{debug, error, warn};

use super::error::{Error, Reason};
use super::export::Export;
use super::handshake::Session;
use super::protocol::*;
use super::{change, reply};

/// Requests of one connection that are read and not yet answered.
pub const MAX_REQUESTS_IN_FLIGHT: usize = 16;

/// A structured read is answered in pieces of this many bytes.
const PIECE_BYTES: u32 = 1 << 20;

/// Reads up to this many bytes are answered at once when the export has them in memory.
const AT_ONCE_BYTES: u32 = 64 << 10;

/// Replies up to this size that are ready together are gathered, so that many cost one call to the system.
const SMALL_BYTES: usize = 16 << 10;

/// How much is gathered.
const GATHER_BYTES: usize = 64 << 10;

/// Answer requests until the client disconnects, breaks the protocol, or `stop` says so.
pub(super) async fn serve<R, W>(
    reader: &mut R,
    writer: &mut W,
    session: Session,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), Error>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (replies, queue) = unbounded_channel();
    let connection = Connection {
        name: session.opened.info.name.into(),
        is_writable: session.opened.export.writable().is_some(),
        export: session.opened.export,
        structured: session.structured,
        allocation: session.allocation,
        places: Arc::new(Semaphore::new(MAX_REQUESTS_IN_FLIGHT)),
        bytes: Arc::new(Semaphore::new(MAX_REQUEST_BYTES as usize)),
        replies,
    };
    let reading = async {
        // A writer that failed has dropped the queue. `reading` owns the connection: when it ends, only requests
        // in flight hold senders, and the writer ends with the last of them.
        let gone = connection.replies.clone();
        tokio::select! {
            ended = connection.read_requests(reader) => ended,
            () = gone.closed() => Ok(()),
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        }
    };
    let (read, written) = tokio::join!(reading, write_replies(writer, queue));
    read?;
    written.map_err(Error::from)
}

/// Bytes for the client, and what they hold until they are sent.
struct Reply {
    bytes: Vec<u8>,
    _budget: Option<OwnedSemaphorePermit>,
    _place: Arc<OwnedSemaphorePermit>,
}

struct Connection {
    name: Arc<str>,
    export: Arc<dyn Export>,
    is_writable: bool,
    structured: bool,
    allocation: bool,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    replies: UnboundedSender<Reply>,
}

impl Connection {
    async fn read_requests<R: AsyncRead + Unpin>(self, reader: &mut R) -> Result<(), Error> {
        loop {
            let place = Arc::new(acquire(&self.places, 1).await);
            let mut header = [0; REQUEST_BYTES];
            match reader.read_exact(&mut header).await {
                Ok(_) => {}
                // Clients may hang up without saying so.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            let request = Request::parse(&header)
                .map_err(|magic| Reason::Magic { what: "a request", found: u64::from(magic) })?;
            if request.command == CMD_DISC {
                return Ok(());
            }
            let checked = self.check(&request);
            if request.command == CMD_WRITE {
                if checked.is_ok() && 0 < request.len {
                    let bytes = acquire(&self.bytes, reply::weight(request.len)).await;
                    let mut data = vec![0; request.len as usize];
                    reader.read_exact(&mut data).await?;
                    if self.is_alone(&request) {
                        let reply = block_in_place(|| self.answerer().write_at_once(&request, &data));
                        self.reply(reply, Some(bytes), place);
                        continue;
                    }
                    self.change(request, bytes, place, move |disk| change::write(disk, &request, &data));
                    continue;
                }
                skip(reader, request.len).await?;
            }
            match checked {
                Err(errno) => {
                    debug!(export = &*self.name, ?request, ?errno, "refused a request");
                    self.reply(reply::error(self.structured, request.cookie, errno), None, place);
                }
                Ok(range) if range.is_empty() && request.command != CMD_FLUSH => {
                    self.reply(reply::done(self.structured, request.cookie), None, place);
                }
                Ok(range) => self.start(request, range, place).await,
            }
        }
    }

    /// True when a write may be done by the task itself: it is small, need not be durable, and no other request of the
    /// connection is in flight that it could delay. A client that waits for each write
    /// gets up to three times as many done.
    fn is_alone(&self, request: &Request) -> bool {
        request.len <= AT_ONCE_BYTES
            && request.flags & CMD_FLAG_FUA == 0
            && self.places.available_permits() == MAX_REQUESTS_IN_FLIGHT - 1
            && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
    }

    /// The range that a request is about, if the request may be answered at all.
    fn check(&self, request: &Request) -> Result<Range<u64>, Errno> {
        let mut may_have = match request.command {
            CMD_READ if self.structured => CMD_FLAG_DF,
            CMD_BLOCK_STATUS if self.allocation => CMD_FLAG_REQ_ONE,
            CMD_READ | CMD_CACHE => 0,
            CMD_WRITE | CMD_TRIM | CMD_WRITE_ZEROES if !self.is_writable => return Err(Errno::Perm),
            CMD_WRITE_ZEROES => CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO,
            CMD_WRITE | CMD_TRIM => 0,
            CMD_FLUSH if self.is_writable => 0,
            _ => return Err(Errno::Inval),
        };
        // Where it can be asked for at all it may be asked for everywhere.
        if self.is_writable {
            may_have |= CMD_FLAG_FUA;
        }
        if request.flags & !may_have != 0 {
            return Err(Errno::Inval);
        }
        let beyond = match request.command {
            CMD_FLUSH => return Ok(0..0),
            CMD_WRITE | CMD_WRITE_ZEROES => Errno::NoSpc,
            _ => Errno::Inval,
        };
        let end = request.offset.checked_add(u64::from(request.len)).ok_or(beyond)?;
        if self.export.size() < end {
            return Err(beyond);
        }
        let is_fast_and_full = CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO;
        match request.command {
            CMD_READ | CMD_CACHE | CMD_WRITE if MAX_REQUEST_BYTES < request.len => Err(Errno::Inval),
            // The protocol knows no answer about nothing.
            CMD_BLOCK_STATUS if request.len == 0 => Err(Errno::Inval),
            CMD_WRITE_ZEROES if request.flags & is_fast_and_full == is_fast_and_full => Err(Errno::NotSup),
            _ => Ok(request.offset..end),
        }
    }

    /// Begin to answer a request that was checked. Waits only for room.
    async fn start(&self, request: Request, range: Range<u64>, place: Arc<OwnedSemaphorePermit>) {
        let Request { cookie, flags, .. } = request;
        match request.command {
            CMD_READ if !self.structured || flags & CMD_FLAG_DF != 0 || request.len <= PIECE_BYTES => {
                let (structured, whole) = (self.structured, flags & CMD_FLAG_DF != 0);
                let bytes = acquire(&self.bytes, reply::weight(request.len)).await;
                let build = move |read: reply::Read<'_>| match structured {
                    true => reply::read_chunks(read, cookie, range.clone(), whole, true),
                    false => reply::read_simple(read, cookie, range.clone()),
                };
                match self.read_at_once(&request, &build) {
                    Some(reply) => self.reply(reply, Some(bytes), place),
                    None => self
                        .job(place, Some(bytes), cookie, move |export| build(&|buf, offset| export.read(buf, offset))),
                }
            }
            CMD_READ => {
                tokio::spawn(self.answerer().read_in_pieces(self.bytes.clone(), cookie, range, place));
            }
            CMD_BLOCK_STATUS => {
                let one = flags & CMD_FLAG_REQ_ONE != 0;
                self.job(place, None, cookie, move |export| reply::block_status(export, cookie, range, one));
            }
            CMD_TRIM | CMD_WRITE_ZEROES | CMD_FLUSH => {
                let bytes = acquire(&self.bytes, PIECE_BYTES).await;
                self.change(request, bytes, place, move |disk| change::apply(disk, &request, range));
            }
            _ => {
                let bytes = acquire(&self.bytes, PIECE_BYTES).await;
                let structured = self.structured;
                self.job(place, Some(bytes), cookie, move |export| {
                    warm(export, range)?;
                    Ok(reply::done(structured, cookie))
                });
            }
        }
    }

    /// The reply to a small read of what is in memory. To hand that to another thread and back costs more than the read.
    ///
    /// Whatever else comes of it, failures too, is no answer: the read is done again where it may take its time.
    fn read_at_once(
        &self,
        request: &Request,
        build: impl Fn(reply::Read<'_>) -> io::Result<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        if AT_ONCE_BYTES < request.len {
            return None;
        }
        let read = |buf: &mut [u8], offset: u64| match self.export.read_if_ready(buf, offset)? {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        };
        catch_unwind(AssertUnwindSafe(|| build(&read))).ok()?.ok()
    }

    /// Change the disk where blocking is allowed, and say that it is done.
    fn change<F>(&self, request: Request, bytes: OwnedSemaphorePermit, place: Arc<OwnedSemaphorePermit>, change: F)
    where
        F: FnOnce(&dyn WritableDisk) -> io::Result<()> + Send + 'static,
    {
        let structured = self.structured;
        self.job(place, Some(bytes), request.cookie, move |export| {
            change(export.writable().expect("a request that writes was checked against that"))?;
            Ok(reply::done(structured, request.cookie))
        });
    }

    /// Build a reply where blocking is allowed, and send it from there.
    fn job<F>(&self, place: Arc<OwnedSemaphorePermit>, bytes: Option<OwnedSemaphorePermit>, cookie: u64, work: F)
    where
        F: FnOnce(&dyn Export) -> io::Result<Vec<u8>> + Send + 'static,
    {
        let answerer = self.answerer();
        spawn_blocking(move || {
            let (reply, _) = answerer.attempt(cookie, work);
            answerer.reply(reply, bytes, place);
        });
    }

    fn reply(&self, bytes: Vec<u8>, budget: Option<OwnedSemaphorePermit>, place: Arc<OwnedSemaphorePermit>) {
        send(&self.replies, bytes, budget, place);
    }

    fn answerer(&self) -> Answerer {
        Answerer {
            name: self.name.clone(),
            export: self.export.clone(),
            structured: self.structured,
            replies: self.replies.clone(),
        }
    }
}

/// What a request in flight holds of its connection.
struct Answerer {
    name: Arc<str>,
    export: Arc<dyn Export>,
    structured: bool,
    replies: UnboundedSender<Reply>,
}

impl Answerer {
    /// A long read as chunks, a piece at a time: no more than one piece waits to be sent.
    async fn read_in_pieces(
        self,
        budget: Arc<Semaphore>,
        cookie: u64,
        range: Range<u64>,
        place: Arc<OwnedSemaphorePermit>,
    ) {
        let this = Arc::new(self);
        let mut at = range.start;
        while at < range.end {
            let bytes = acquire(&budget, PIECE_BYTES).await;
            let piece = at..range.end.min(at + u64::from(PIECE_BYTES));
            at = piece.end;
            let last = at == range.end;
            let (answerer, place) = (this.clone(), place.clone());
            let sent = spawn_blocking(move || {
                let (reply, ok) = answerer.attempt(cookie, |export| {
                    reply::read_chunks(&|buf, offset| export.read(buf, offset), cookie, piece, false, last)
                });
                answerer.reply(reply, Some(bytes), place) && ok
            });
            // An error ended the request, or there is nobody to answer.
            if !sent.await.unwrap_or(false) {
                return;
            }
        }
    }

    /// Write, and the reply.
    fn write_at_once(&self, request: &Request, data: &[u8]) -> Vec<u8> {
        let (reply, _) = self.attempt(request.cookie, |export| {
            let disk = export.writable().expect("a request that writes was checked against that");
            change::write(disk, request, data)?;
            Ok(reply::done(self.structured, request.cookie))
        });
        reply
    }

    /// The reply that `work` builds, or the one that says it failed; and whether it did not.
    fn attempt(&self, cookie: u64, work: impl FnOnce(&dyn Export) -> io::Result<Vec<u8>>) -> (Vec<u8>, bool) {
        // A client that waits for a reply that never comes hangs, and a guest with it: a panic is answered as well.
        match catch_unwind(AssertUnwindSafe(|| work(self.export.as_ref()))) {
            Ok(Ok(reply)) => (reply, true),
            Ok(Err(failure)) => {
                warn!(export = &*self.name, error = &failure as &dyn std::error::Error, "an export failed");
                (reply::error(self.structured, cookie, Errno::of(&failure)), false)
            }
            Err(_) => {
                error!(export = &*self.name, "an export panicked");
                (reply::error(self.structured, cookie, Errno::Io), false)
            }
        }
    }

    fn reply(&self, bytes: Vec<u8>, budget: Option<OwnedSemaphorePermit>, place: Arc<OwnedSemaphorePermit>) -> bool {
        send(&self.replies, bytes, budget, place)
    }
}

/// Queue a reply; false when the connection is gone. The queue needs no bound: whatever lies in it holds a place.
fn send(
    replies: &UnboundedSender<Reply>,
    bytes: Vec<u8>,
    budget: Option<OwnedSemaphorePermit>,
    place: Arc<OwnedSemaphorePermit>,
) -> bool {
    replies.send(Reply { bytes, _budget: budget, _place: place }).is_ok()
}

async fn write_replies<W: AsyncWrite + Unpin>(writer: &mut W, mut queue: UnboundedReceiver<Reply>) -> io::Result<()> {
    let mut gathered = Vec::new();
    let mut held = Vec::new();
    while let Some(mut reply) = queue.recv().await {
        while reply.bytes.len() <= SMALL_BYTES
            && gathered.len() < GATHER_BYTES
            && let Ok(next) = queue.try_recv()
        {
            gathered.extend_from_slice(&reply.bytes);
            held.push(reply);
            reply = next;
        }
        if !gathered.is_empty() {
            writer.write_all(&gathered).await?;
        }
        writer.write_all(&reply.bytes).await?;
        gathered.clear();
        held.clear();
    }
    writer.flush().await
}

/// Read a range and forget it: whatever caches lie below have it then.
fn warm(export: &dyn Export, range: Range<u64>) -> io::Result<()> {
    let mut buffer = vec![0; PIECE_BYTES as usize];
    let mut at = range.start;
    while at < range.end {
        let len = (range.end - at).min(u64::from(PIECE_BYTES)) as usize;
        export.read(&mut buffer[..len], at)?;
        at += len as u64;
    }
    Ok(())
}

/// Take a write's data off the connection: the next request is behind it.
async fn skip<R: AsyncRead + Unpin>(reader: &mut R, bytes: u32) -> Result<(), Error> {
    if MAX_REQUEST_BYTES < bytes {
        return Err(Reason::WriteTooLong { bytes }.into());
    }
    let mut data = reader.take(u64::from(bytes));
    let skipped = tokio::io::copy(&mut data, &mut tokio::io::sink()).await?;
    if skipped < u64::from(bytes) { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) } else { Ok(()) }
}

async fn acquire(semaphore: &Arc<Semaphore>, n: u32) -> OwnedSemaphorePermit {
    semaphore.clone().acquire_many_owned(n).await.expect("it is never closed")
}
