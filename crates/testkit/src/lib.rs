//! For tests only: real parts of the outside world, started for one test and gone with it.
//!
//! A part that is not installed fails the test that needs it. A test that passes by not running proves nothing.

mod postgres;

pub use postgres::Postgres;
