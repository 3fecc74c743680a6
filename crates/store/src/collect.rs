//! Collection: packs that nothing names any more give their space back.
//!
//! Mark from the manifests, then two phases, because an ingest that started earlier may be about to refer to a pack
//! that looks dead:
//!
//! 1. a pack older than the grace period with nothing live in it is *condemned*: `condemned/<pack>` is written with
//!    the time, and the index forgets the pack. Every ingest reads the condemned list before it looks anything up, so
//!    one that starts after the marker never refers to the pack.
//! 2. a later run deletes a condemned pack when nothing live names it still, its marker is older than the grace period,
//!    and *older than the start of every ingest* that is running or not yet recorded. If something does name it, it is
//!    pardoned: the marker goes.
//!
//! With no grace period and no ingest, one run does both. In one process that is safe: running ingests and those whose
//! [`crate::Hold`] lives are known exactly, volumes that are open keep their packs, and an ingest that begins after
//! the look at that list finds the markers. With several nodes the grace period must be longer than clocks differ and
//! than an ingest takes from its recorded start to its first look at the store, and
//! [`CollectOptions::oldest_ingest_started_ms`] must say what the other nodes run; and one collection runs at a time.
//!
//! Order matters in one more place: [`Store::start_collection`] comes *before* the caller reads its list of live
//! manifests. From then on every ingest of this process is watched, so one that ends between the two is not mistaken
//! for an orphan.
//!
//! What it does not do: it deletes nothing when a live manifest is missing or damaged. That needs a person.

mod rewrite;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{ErrorKind, Result, StoreError};
use crate::frame::pack_name;
use crate::ids::{ManifestId, PackId};
use crate::index::list_packs;
use crate::manifest::{Manifest, manifest_name};
use crate::marks::Marks;
use crate::objects::Objects;
use crate::pack;
use crate::store::{Inner, Store, earliest};

/// How a collection decides.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// Now, milliseconds since the epoch.
    pub now_ms: u64,
    /// How long a dead thing stays before each of the two phases.
    pub grace_ms: u64,
    /// The earliest start among ingests of *other* nodes that run or are not recorded. Read before the live list.
    pub oldest_ingest_started_ms: Option<u64>,
    /// Packs of which fewer percent than this are live are rewritten. 0 rewrites none.
    pub rewrite_below_percent: u8,
}

impl CollectOptions {
    /// What `gc` means to a user: space back at once, packs less than half live rewritten.
    pub fn immediate(now_ms: u64) -> Self {
        Self { now_ms, grace_ms: 0, oldest_ingest_started_ms: None, rewrite_below_percent: 50 }
    }
}

/// What a collection did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// Manifests that nobody had recorded, deleted.
    pub manifests_deleted: u64,
    /// Packs deleted.
    pub packs_deleted: u64,
    /// Their bytes.
    pub bytes_freed: u64,
    /// Packs condemned in this run, those already deleted included.
    pub packs_condemned: u64,
    /// Condemned packs found live again.
    pub packs_pardoned: u64,
    /// Packs whose live blocks were moved to new packs.
    pub packs_rewritten: u64,
    /// Bytes of the new packs.
    pub bytes_rewritten: u64,
}

/// A collection that has begun to watch, and waits for the list of live manifests.
pub struct Collection {
    store: Arc<Inner>,
}

impl Store {
    /// Begin a collection. Read the live list after this returns, then call [`Collection::run`].
    ///
    /// Fails with `Busy` while another one of this process runs.
    pub fn start_collection(&self) -> Result<Collection> {
        if self.inner.collecting.swap(true, Ordering::Acquire) {
            return Err(StoreError::Busy);
        }
        self.inner.sessions.lock().watch();
        Ok(Collection { store: self.inner.clone() })
    }
}

impl Drop for Collection {
    fn drop(&mut self) {
        self.store.sessions.lock().unwatch();
        self.store.collecting.store(false, Ordering::Release);
    }
}

impl Collection {
    /// Delete what none of the `live` manifests needs.
    pub fn run(self, live: &[ManifestId], options: &CollectOptions) -> Result<CollectReport> {
        let mut run = Run {
            store: &self.store,
            options,
            report: CollectReport::default(),
            marks: Marks::default(),
            kept: Vec::new(),
        };
        run.mark(live)?;
        run.delete_orphans(live)?;
        run.rewrite()?;
        run.condemn_and_delete()?;
        Ok(run.report)
    }
}

struct Run<'a> {
    store: &'a Inner,
    options: &'a CollectOptions,
    report: CollectReport,
    marks: Marks,
    /// Every manifest that stays: the live ones, and those too young to be called orphans.
    kept: Vec<ManifestId>,
}

impl Run<'_> {
    fn objects(&self) -> &dyn Objects {
        self.store.objects.as_ref()
    }

    fn mark(&mut self, live: &[ManifestId]) -> Result<()> {
        for id in live {
            let manifest = Manifest::read(self.objects(), *id)?;
            self.marks.add(&manifest);
            self.kept.push(*id);
        }
        Ok(())
    }

    fn delete_orphans(&mut self, live: &[ManifestId]) -> Result<()> {
        let live: HashSet<ManifestId> = live.iter().copied().collect();
        for id in self.store.list_manifests()? {
            if live.contains(&id) {
                continue;
            }
            let manifest = match Manifest::read(self.objects(), id) {
                Ok(manifest) => manifest,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    // Nobody recorded it, and what it names cannot be told: it protects nothing, and stays for a look.
                    tracing::warn!(manifest = %id, %error, "unrecorded manifest is damaged");
                    continue;
                }
                Err(error) => return Err(error),
            };
            if self.is_settled(manifest.summary.created_ms) {
                self.objects().delete(&manifest_name(id))?;
                self.report.manifests_deleted += 1;
            } else {
                self.marks.add(&manifest);
                self.kept.push(id);
            }
        }
        Ok(())
    }

    fn condemn_and_delete(&mut self) -> Result<()> {
        let packs: HashMap<PackId, u64> = list_packs(self.objects())?.into_iter().collect();
        let mut condemned = HashMap::new();
        for id in list_condemned(self.objects())? {
            if !packs.contains_key(&id) {
                self.objects().delete(&marker_name(id))?;
            } else if self.marks.packs.contains_key(&id) {
                self.objects().delete(&marker_name(id))?;
                self.report.packs_pardoned += 1;
            } else {
                condemned.insert(id, self.read_marker(id)?);
            }
        }
        for &id in packs.keys() {
            if self.marks.packs.contains_key(&id) || condemned.contains_key(&id) {
                continue;
            }
            if self.is_settled(self.created_ms(id, packs[&id])?) {
                let marker = self.options.now_ms.to_string();
                self.objects().replace(&marker_name(id), marker.into())?;
                self.report.packs_condemned += 1;
                condemned.insert(id, self.options.now_ms);
            }
        }
        // Markers are durable and the index forgets before the list of ingests is looked at: one that is not on it
        // starts later, and finds the markers.
        let forgotten: Vec<PackId> = condemned.keys().copied().collect();
        self.store.index.forget(&forgotten);
        let open = self.open_packs();
        for (id, condemned_ms) in condemned {
            if self.is_settled(condemned_ms) && !open.contains(&id) {
                // The pack first: a marker without a pack is swept up, a pack without a marker would be trusted.
                self.objects().delete(&pack_name(id))?;
                self.objects().delete(&marker_name(id))?;
                self.report.packs_deleted += 1;
                self.report.bytes_freed += packs[&id];
            }
        }
        Ok(())
    }

    /// True when something that happened at this time is past the grace period and before every ingest.
    fn is_settled(&self, time_ms: u64) -> bool {
        let local = self.store.sessions.lock().floor();
        let floor = earliest(local, self.options.oldest_ingest_started_ms);
        time_ms.saturating_add(self.options.grace_ms) <= self.options.now_ms
            && floor.is_none_or(|floor| time_ms < floor)
    }

    /// When a pack was begun. A pack whose footer is damaged is as old as can be; what is live in it is marked anyway.
    fn created_ms(&self, id: PackId, bytes: u64) -> Result<u64> {
        match pack::read_table(self.objects(), id, bytes) {
            Ok(table) => Ok(table.created_ms),
            Err(error) if error.kind() == ErrorKind::Corrupt => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn read_marker(&self, id: PackId) -> Result<u64> {
        let text = self.objects().get(&marker_name(id))?.unwrap_or_default();
        let time = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
        // An unreadable marker counts from now: late is safe.
        Ok(time.unwrap_or(self.options.now_ms))
    }

    /// Packs of the volumes that readers of this process have open. Whoever opens one from here on reads manifests as
    /// they are now.
    fn open_packs(&self) -> HashSet<PackId> {
        let _none_opening = self.store.volumes.opening.write();
        let open = self.store.volumes.open();
        open.iter().flat_map(|manifest| manifest.packs.iter().copied()).collect()
    }
}

/// The packs that are condemned.
pub(crate) fn list_condemned(objects: &dyn Objects) -> Result<Vec<PackId>> {
    let listed = objects.list("condemned")?;
    Ok(listed.into_iter().filter_map(|entry| entry.name.strip_prefix("condemned/")?.parse().ok()).collect())
}

fn marker_name(pack: PackId) -> String {
    format!("condemned/{pack}")
}
