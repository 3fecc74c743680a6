//! The block store: disks as manifests of deduplicated blocks, on any object store.
//!
//! A disk is cut into **blocks** of 4 KiB, each known by a keyed hash. New blocks are compressed together in
//! **frames**, frames lie in immutable **packs** of about 32 MiB, and a **manifest** says for every guest block where
//! it is. Reading a **volume** needs its manifest and packs, nothing else; the index serves deduplication alone and is
//! rebuilt from the packs.
//!
//! It knows nothing of images, accounts or databases: whoever uses it keeps the list of live manifests and tells
//! [`Collection::run`]. It has no clock: times come as parameters, milliseconds since the epoch.
//!
//! # Who may run beside whom
//!
//! Within one process, anything beside anything but two collections; the second is refused as busy.
//!
//! | | ingest | read a volume | verify, usage | delete manifest | collect |
//! | --- | --- | --- | --- | --- | --- |
//! | **ingest** | yes; blocks are shared once their pack is durable | yes | yes | yes | yes: the ingest's start holds back deletion until its [`Hold`] is dropped |
//! | **read a volume** | | yes; one fetch for all | yes | yes: an open volume keeps its packs | yes: open volumes keep their packs; after a rewrite they read on from the old ones |
//! | **verify, usage** | | | yes | may report it missing | may report what was just deleted missing |
//! | **delete manifest** | | | | yes | yes; a manifest swapped just then comes back as an orphan and goes with the next run |
//! | **collect** | | | | | no |
//!
//! Between processes on one store (several nodes on S3) the same holds with these conditions: collections run on one
//! node at a time, with a grace period longer than clocks differ and than any reader keeps a deleted or swapped
//! manifest open; the start of every node's oldest unrecorded ingest is told to the collection. A directory belongs to
//! one process.

mod cache;
pub mod collect;
#[cfg(feature = "testing")]
pub mod conformance;
mod digest;
pub mod error;
#[cfg(feature = "testing")]
pub mod faulty;
mod frame;
pub mod ids;
mod index;
pub mod ingest;
pub mod layered;
mod manifest;
mod marks;
pub mod objects;
mod pack;
pub mod store;
mod varint;
pub mod verify;
pub mod volume;

pub use collect::{CollectOptions, CollectReport, Collection};
pub use error::{ErrorKind, Result, StoreError};
pub use ids::{ContentDigest, DeploymentKey, ManifestId, PackId};
pub use ingest::{CancelFlag, IngestOptions, Ingested, Progress, ProgressFn};
pub use layered::{LayeredVolume, LayeredVolumes};
pub use manifest::Summary;
pub use marks::{ManifestUsage, Usage};
pub use objects::{ObjectEntry, Objects, StoredObjects};
pub use store::{Hold, RandomBytes, Store, StoreOptions};
pub use verify::{Damage, VerifyOptions, VerifyReport};
pub use volume::Volume;
