//! The NBD server in front of real clients, random requests and hostile ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clients;
mod hostile;
mod killed;
mod listening;
mod property;
mod requests;
mod support;
mod writes;
mod writing_clients;
