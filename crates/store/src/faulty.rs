//! Objects that die: a decorator for crash tests.
//!
//! Armed with a number *n*, it lets *n* changing calls through and dies at the next one, either before the change or
//! after it (both happen to real machines: the power went before the rename, or after it but before anybody heard).
//! From then on every call fails, as it would in a process that is gone; the objects underneath are what a restart
//! finds.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::error::{Result, StoreError};
use crate::objects::{ObjectEntry, Objects};

/// Whether the fatal call still changes the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dies {
    /// The change never happens.
    Before,
    /// The change happens, and the caller is told that it failed.
    After,
}

/// See the module.
pub struct Faulty {
    below: Arc<dyn Objects>,
    state: Mutex<State>,
}

struct State {
    armed: Option<(u64, Dies)>,
    writes: u64,
    dead: bool,
}

impl Faulty {
    /// A decorator that lets everything through until it is armed.
    pub fn new(below: Arc<dyn Objects>) -> Self {
        Self { below, state: Mutex::new(State { armed: None, writes: 0, dead: false }) }
    }

    /// Die at the changing call after `survives` more of them.
    pub fn arm(&self, survives: u64, dies: Dies) {
        let mut state = self.state.lock();
        state.armed = Some((state.writes + survives, dies));
    }

    /// True once it died.
    pub fn is_dead(&self) -> bool {
        self.state.lock().dead
    }

    /// Changing calls so far.
    pub fn writes(&self) -> u64 {
        self.state.lock().writes
    }

    fn change<T>(&self, name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut state = self.state.lock();
        if state.dead {
            return Err(gone(name));
        }
        if let Some((at, dies)) = state.armed
            && at <= state.writes
        {
            state.dead = true;
            // The lock is held on purpose: nobody else's change may slip in between.
            if dies == Dies::After {
                call()?;
            }
            return Err(gone(name));
        }
        state.writes += 1;
        drop(state);
        call()
    }

    fn read<T>(&self, name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.is_dead() { Err(gone(name)) } else { call() }
    }
}

#[deny(clippy::missing_trait_methods)]
impl Objects for Faulty {
    fn put_new(&self, name: &str, parts: Vec<Bytes>) -> Result<bool> {
        self.change(name, || self.below.put_new(name, parts))
    }

    fn replace(&self, name: &str, bytes: Bytes) -> Result<()> {
        self.change(name, || self.below.replace(name, bytes))
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        self.read(name, || self.below.size(name))
    }

    fn get(&self, name: &str) -> Result<Option<Bytes>> {
        self.read(name, || self.below.get(name))
    }

    fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes> {
        self.read(name, || self.below.get_range(name, range))
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectEntry>> {
        self.read(prefix, || self.below.list(prefix))
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.change(name, || self.below.delete(name))
    }
}

fn gone(name: &str) -> StoreError {
    StoreError::Objects {
        operation: "reach",
        object: name.to_owned(),
        source: "the store died (armed by a test)".into(),
    }
}
