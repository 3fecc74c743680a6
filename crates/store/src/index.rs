//! The index: where a block with this identity lies. For deduplication alone; losing it loses no byte.
//!
//! Neighbours were written together, so it keeps in memory only a *sample* of identities, each pointing at the
//! neighbourhood it lies in (about 1,024 blocks). When a sample hits, that neighbourhood's whole list is loaded from
//! its pack's footer into a small cache, and its neighbours are found there.
//!
//! The sample begins dense (every identity) and is thinned by halves as the store grows past
//! [`SAMPLES_BEFORE_THINNING`], down to one identity in eight; the first block of every frame is always in it. A small
//! store so finds everything, and a large one pays two bytes of memory a block instead of forty. A miss stores a block
//! twice, and nothing else.
//!
//! It is filled from the footers of packs when the first ingest begins, and brought up to date with the packs and
//! condemnations of other nodes at the start of every later one. Packs of this process come in when they are durable,
//! never before.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Result;
use crate::frame::FramePlace;
use crate::ids::{Identity, PackId};
use crate::objects::Objects;
use crate::pack::{self, Neighbourhood, SealedPack, Section, Table};

/// Samples kept before every second one is dropped: some 24 MiB of memory, everything in a store of 4 GiB of blocks.
const SAMPLES_BEFORE_THINNING: usize = 1 << 20;

/// The sample is never thinner than one identity in 2^3: measured on seven Debian images, that loses 0.45 % of what
/// deduplication saves, one in sixteen 0.84 %.
const THINNEST: u32 = 3;

/// Neighbourhoods cached, some 60 KiB each.
const CACHED_LISTS: usize = 128;

/// Identities are uniform already; hashing them again would be the most expensive thing in a lookup.
#[derive(Default)]
pub(crate) struct Prefix(u64);

impl Hasher for Prefix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut prefix = [0; 8];
        let len = bytes.len().min(8);
        prefix[..len].copy_from_slice(&bytes[..len]);
        self.0 = u64::from_le_bytes(prefix);
    }

    fn write_u64(&mut self, prefix: u64) {
        self.0 = prefix;
    }
}

/// A map keyed by identities or their prefixes.
pub(crate) type IdentityMap<K, V> = HashMap<K, V, BuildHasherDefault<Prefix>>;

/// Number of a neighbourhood within this process.
type ListId = u32;

pub(crate) struct Index {
    objects: Arc<dyn Objects>,
    threads: usize,
    state: Mutex<State>,
    /// One refresh at a time, so that a later one sees at least what an earlier one saw.
    refreshing: Mutex<()>,
}

#[derive(Default)]
struct State {
    packs: HashMap<PackId, std::ops::Range<ListId>>,
    lists: Vec<Option<(PackId, Section)>>,
    samples: IdentityMap<u64, ListId>,
    thinned: u32,
    next_thinning: usize,
    cached: HashMap<ListId, CachedList>,
    known: IdentityMap<Identity, (ListId, u16)>,
    clock: u64,
}

struct CachedList {
    list: Arc<Neighbourhood>,
    used: u64,
}

/// A block that the store has.
pub(crate) type Found = (FramePlace, u8);

impl Index {
    pub(crate) fn new(objects: Arc<dyn Objects>, threads: usize) -> Self {
        let state = State { next_thinning: SAMPLES_BEFORE_THINNING, ..State::default() };
        Self { objects, threads, state: Mutex::new(state), refreshing: Mutex::new(()) }
    }

    /// Learn of packs written, deleted and condemned since the last time, by anybody.
    pub(crate) fn refresh(&self, condemned: impl FnOnce() -> Result<HashSet<PackId>>) -> Result<()> {
        let _one = self.refreshing.lock();
        // Known before listed: a pack published meanwhile must not look like a vanished one.
        let known: HashSet<PackId> = self.state.lock().packs.keys().copied().collect();
        let listed = list_packs(self.objects.as_ref())?;
        let condemned = condemned()?;
        let present: HashSet<PackId> = listed.iter().map(|&(id, _)| id).collect();
        let gone: Vec<PackId> =
            known.iter().filter(|id| !present.contains(id) || condemned.contains(id)).copied().collect();
        self.forget(&gone);
        let fresh: Vec<(PackId, u64)> =
            listed.into_iter().filter(|(id, _)| !known.contains(id) && !condemned.contains(id)).collect();
        self.load(&fresh);
        Ok(())
    }

    fn load(&self, packs: &[(PackId, u64)]) {
        let next = Mutex::new(packs.iter());
        let work = || {
            while let Some(&(id, bytes)) = { next.lock().next() } {
                let read = pack::read_table(self.objects.as_ref(), id, bytes).and_then(|table| {
                    pack::read_neighbourhoods(self.objects.as_ref(), id, &table).map(|lists| (table, lists))
                });
                match read {
                    Ok((table, lists)) => self.state.lock().add(id, &table, &lists),
                    // Deleted since the listing, or damaged: either way only deduplication goes without it.
                    Err(error) => tracing::warn!(pack = %id, %error, "pack left out of the index"),
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.threads.min(packs.len()) {
                scope.spawn(work);
            }
            work();
        });
    }

    /// A pack of this process became durable: its blocks can be referred to.
    pub(crate) fn publish(&self, pack: SealedPack) {
        let mut state = self.state.lock();
        state.add(pack.id, &pack.table, &pack.neighbourhoods);
        let Some(lists) = state.packs.get(&pack.id).cloned() else {
            return;
        };
        // What was just written is what the rest of this disk, and its twin, will ask for.
        for (id, list) in lists.zip(pack.neighbourhoods) {
            state.cache(id, Arc::new(list));
        }
    }

    /// Answer no more with blocks of these packs.
    pub(crate) fn forget(&self, packs: &[PackId]) {
        if !packs.is_empty() {
            self.state.lock().forget(packs);
        }
    }

    /// Where these blocks are, as far as the index finds out.
    pub(crate) fn find(&self, identities: &[Identity]) -> Vec<Option<Found>> {
        let mut found = vec![None; identities.len()];
        let mut tried = HashSet::new();
        // Each round loads the lists that samples point at. A second round can only come from a list that a
        // concurrent lookup pushed out between loading and looking.
        for _ in 0..2 {
            let wanted = {
                let mut state = self.state.lock();
                state.resolve(identities, &mut found);
                state.wanted(identities, &found, &tried)
            };
            if wanted.is_empty() {
                break;
            }
            for (id, pack, section) in wanted {
                tried.insert(id);
                match pack::read_neighbourhood(self.objects.as_ref(), pack, section) {
                    Ok(list) => {
                        let list = Arc::new(list);
                        let mut state = self.state.lock();
                        // Condemned while we read: its blocks must not be used any more.
                        if state.lists[id as usize].is_some() {
                            state.cache(id, list);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(pack = %pack, %error, "pack dropped from the index");
                        self.forget(&[pack]);
                    }
                }
            }
        }
        found
    }
}

impl State {
    fn add(&mut self, id: PackId, table: &Table, lists: &[Neighbourhood]) {
        if self.packs.contains_key(&id) {
            return;
        }
        let first = self.lists.len() as ListId;
        for (section, list) in table.sections.iter().zip(lists) {
            let list_id = self.lists.len() as ListId;
            self.lists.push(Some((id, *section)));
            for (_, identities) in list.frames() {
                for (slot, identity) in identities.iter().enumerate() {
                    let prefix = identity.prefix();
                    if slot == 0 || self.thinned <= rank(prefix) {
                        // A later copy replaces an earlier one: it lies among what is being written now.
                        self.samples.insert(prefix, list_id);
                    }
                }
            }
        }
        self.packs.insert(id, first..self.lists.len() as ListId);
        self.thin();
    }

    fn thin(&mut self) {
        while self.next_thinning < self.samples.len() && self.thinned < THINNEST {
            self.thinned += 1;
            let bits = self.thinned;
            // First blocks of frames go too when thinned late; those of packs to come stay. Which they were is in the
            // footers only, and the sample does without.
            self.samples.retain(|&prefix, _| bits <= rank(prefix));
            self.samples.shrink_to_fit();
        }
    }

    fn forget(&mut self, packs: &[PackId]) {
        for pack in packs {
            for id in self.packs.remove(pack).into_iter().flatten() {
                self.lists[id as usize] = None;
                self.evict(id);
            }
        }
        let lists = &self.lists;
        self.samples.retain(|_, id| lists[*id as usize].is_some());
    }

    fn resolve(&mut self, identities: &[Identity], found: &mut [Option<Found>]) {
        self.clock += 1;
        for (identity, found) in identities.iter().zip(found) {
            if found.is_none()
                && let Some(&(id, position)) = self.known.get(identity)
                && let Some(cached) = self.cached.get_mut(&id)
            {
                cached.used = self.clock;
                *found = Some(cached.list.place(position.into()));
            }
        }
    }

    fn wanted(
        &self,
        identities: &[Identity],
        found: &[Option<Found>],
        tried: &HashSet<ListId>,
    ) -> Vec<(ListId, PackId, Section)> {
        let mut ids: Vec<ListId> = identities
            .iter()
            .zip(found)
            .filter(|(_, found)| found.is_none())
            .filter_map(|(identity, _)| self.samples.get(&identity.prefix()).copied())
            .filter(|id| !tried.contains(id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(CACHED_LISTS);
        ids.into_iter().filter_map(|id| self.lists[id as usize].map(|(pack, section)| (id, pack, section))).collect()
    }

    fn cache(&mut self, id: ListId, list: Arc<Neighbourhood>) {
        if self.cached.contains_key(&id) {
            return;
        }
        while CACHED_LISTS <= self.cached.len() {
            let oldest = self.cached.iter().min_by_key(|(_, cached)| cached.used);
            let Some((&oldest, _)) = oldest else { break };
            self.evict(oldest);
        }
        for (position, identity) in list.identities.iter().enumerate() {
            self.known.insert(*identity, (id, position as u16));
        }
        self.clock += 1;
        let used = self.clock;
        self.cached.insert(id, CachedList { list, used });
    }

    fn evict(&mut self, id: ListId) {
        if let Some(cached) = self.cached.remove(&id) {
            for identity in &cached.list.identities {
                if self.known.get(identity).is_some_and(|&(at, _)| at == id) {
                    self.known.remove(identity);
                }
            }
        }
    }
}

/// An identity of rank n is in a sample thinned n times. Taken from the middle: a hash table places entries by the
/// low bits and tells them apart by the high ones, and all of those must stay uniform.
fn rank(prefix: u64) -> u32 {
    (prefix >> 32).trailing_zeros()
}

/// Every pack there is, with its length.
pub(crate) fn list_packs(objects: &dyn Objects) -> Result<Vec<(PackId, u64)>> {
    let listed = objects.list("packs")?;
    Ok(listed
        .into_iter()
        .filter_map(|entry| {
            let id = entry.name.strip_prefix("packs/")?.parse().ok()?;
            Some((id, entry.bytes))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameEncoder;
    use crate::ids::{BLOCK_BYTES, DeploymentKey};
    use crate::objects::StoredObjects;
    use crate::pack::PackBuilder;

    fn identity(n: u32) -> Identity {
        Identity::of(&DeploymentKey::from([0; 32]), blake3::hash(&n.to_le_bytes()).as_bytes())
    }

    fn pack(id: u8, frames: std::ops::Range<u32>) -> SealedPack {
        let mut pack = PackBuilder::new(PackId([id; 16]), 0);
        let frame = FrameEncoder::new(1).encode(&[1; 32 * BLOCK_BYTES]);
        for n in frames {
            let identities: Vec<_> = (0..32).map(|slot| identity(n * 32 + slot)).collect();
            pack.push(frame.clone(), &identities);
        }
        pack.finish()
    }

    fn index() -> (Arc<StoredObjects>, Index) {
        let objects = Arc::new(StoredObjects::memory());
        (objects.clone(), Index::new(objects, 2))
    }

    #[test]
    fn a_fresh_index_finds_every_block_of_the_packs_there_are() {
        let (objects, index) = index();
        for n in 0..3u8 {
            let first = u32::from(n) * 100;
            pack(n, first..first + 100).upload(objects.as_ref()).expect("upload");
        }
        index.refresh(|| Ok(HashSet::new())).expect("refresh");
        let asked: Vec<_> = (4000..5024).chain(20_000..20_010).map(identity).collect();
        let found = index.find(&asked);
        assert!(found[..1024].iter().all(Option::is_some));
        assert!(found[1024..].iter().all(Option::is_none));
        let (place, slot) = found[1].expect("4001 is there");
        assert_eq!((place.pack, slot), (PackId([1; 16]), (4001 % 32) as u8));
    }

    #[test]
    fn condemned_and_deleted_packs_are_not_answered_with() {
        let (objects, index) = index();
        for n in 0..2u8 {
            let first = u32::from(n) * 10;
            let mut pack = pack(n, first..first + 10);
            pack.upload(objects.as_ref()).expect("upload");
            index.publish(pack);
        }
        assert!(index.find(&[identity(0), identity(320)]).iter().all(Option::is_some));
        index.refresh(|| Ok(HashSet::from([PackId([0; 16])]))).expect("refresh");
        assert_eq!(index.find(&[identity(0)]), [None]);
        objects.delete(&crate::frame::pack_name(PackId([1; 16]))).expect("delete");
        index.refresh(|| Ok(HashSet::new())).expect("refresh");
        assert_eq!(index.find(&[identity(320)]), [None]);
        // The pardoned one is back.
        assert!(index.find(&[identity(0)])[0].is_some());
    }

    #[test]
    fn a_thinned_sample_still_finds_neighbours_and_the_cache_is_bounded() {
        let (objects, index) = index();
        index.state.lock().next_thinning = 5_000;
        let n_frames = 32 * (CACHED_LISTS as u32 + 60);
        let mut pack = pack(1, 0..n_frames);
        pack.upload(objects.as_ref()).expect("upload");
        index.publish(pack);
        {
            let state = index.state.lock();
            assert_eq!(state.thinned, THINNEST);
            assert!(state.samples.len() < n_frames as usize * 32 / 7);
            assert_eq!(state.cached.len(), CACHED_LISTS);
            assert!(state.known.len() <= CACHED_LISTS * 1024);
        }
        for first in (0..n_frames * 32).step_by(1024) {
            let asked: Vec<_> = (first..first + 1024).map(identity).collect();
            assert!(index.find(&asked).iter().all(Option::is_some), "{first}");
        }
        assert_eq!(index.state.lock().cached.len(), CACHED_LISTS);
    }
}
