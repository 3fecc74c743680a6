//! An NBD server: any image read, any disk read and written, block by block, without copying it.
//!
//! NBD is the one block protocol that everything speaks (QEMU, the Linux kernel, libnbd), over a Unix socket or TCP.
//! This is the protocol's document in safe asynchronous Rust: fixed newstyle negotiation, several exports by name,
//! structured replies with holes, block status (`base:allocation`), and many requests in flight. No crate we know
//! carries all of that.
//!
//! Reading order: [`Export`] and [`Exports`] are what the server asks of its owner, `protocol` has the numbers,
//! `handshake` agrees with a client on an export, `transmission` answers its requests, `reply` shapes the answers to
//! questions, `change` does what changes the disk, [`Server`] listens.
//!
//! # What it guarantees
//!
//! - **Memory is bounded** whatever clients do: a connection holds at most [`MAX_REQUESTS_IN_FLIGHT`] requests and
//!   [`MAX_REQUEST_BYTES`] of data, read for the client and not yet taken by it or brought by it and not yet written;
//!   a server holds a fixed number of connections. A client that does not take its answers is not read from.
//! - **No number of a client sizes anything unchecked.** An option or a write longer than its bound ends the
//!   connection; nothing is allocated for it first.
//! - **Replies come out of order**: a slow read delays no other request. Each request runs on a thread where blocking is
//!   allowed, but for small reads of what is in memory and small writes that come alone.
//! - **An acknowledged write** is seen by every later read on any connection; an acknowledged flush, on any connection,
//!   covers every write acknowledged before it on all of them. That is [`disk::WritableDisk`]'s promise, passed on.
//! - **Errors stay apart.** A block that cannot be read fails its request with `EIO` (a panic below counts as that),
//!   a client that breaks the protocol loses its connection, the server goes on. Reasons go to the log, never to the
//!   client.
//! - **A stop is graceful**: no request is read any more, those in flight are answered, then connections close; what
//!   is not done after a grace period is cut off.
//!
//! # What it deliberately does not do
//!
//! It authenticates nobody and encrypts nothing: a Unix socket is protected by its mode, and who may open what over TCP is
//! for [`Exports`] to say, by the name that a client asks for and whence it came. It writes to no export that was not opened as [`Writable`]: any other says that it is read-only,
//! has no way to be written, and answers a write with `EPERM`. Nor does it probe: what an export is made of was decided
//! long before.

mod protocol;

mod change;
mod error;
mod export;
mod handshake;
mod reply;
mod server;
mod socket;
mod transmission;

pub use error::{Error, ErrorKind};
pub use export::{Export, ExportInfo, Exports, Opened, Writable};
pub use protocol::MAX_REQUEST_BYTES;
pub use server::{Server, ServerOptions, serve_connection};
pub use transmission::MAX_REQUESTS_IN_FLIGHT;
