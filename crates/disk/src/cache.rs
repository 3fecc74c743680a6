//! A cache bounded in bytes, for tables and unpacked clusters.
//!
//! One shard, because a shard refuses what is heavier than itself and one L2 table may weigh 2 MiB. Several threads
//! that miss the same key wait for one of them to load it, so a cluster is not unpacked twice at once.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::error::Error;

/// Loaded pieces of a file by their place in it.
pub(crate) struct PieceCache<T> {
    cache: Cache<u64, Arc<[T]>, ByBytes>,
}

impl<T> PieceCache<T> {
    /// A cache that keeps at most about `bytes`, for pieces of about `piece` bytes.
    pub(crate) fn new(bytes: u64, piece: u64) -> PieceCache<T> {
        let items = usize::try_from(bytes / piece.max(1)).unwrap_or(usize::MAX).clamp(4, 4096);
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(items)
            .weight_capacity(bytes)
            .build()
            .expect("every required option is given");
        let cache = Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), DefaultLifecycle::default());
        PieceCache { cache }
    }

    /// The piece at `place`, loaded if it is not here.
    pub(crate) fn get(&self, place: u64, load: impl FnOnce() -> Result<Arc<[T]>, Error>) -> Result<Arc<[T]>, Error> {
        self.cache.get_or_insert_with(&place, load)
    }
}

#[derive(Clone)]
struct ByBytes;

impl<T> Weighter<u64, Arc<[T]>> for ByBytes {
    fn weight(&self, _place: &u64, piece: &Arc<[T]>) -> u64 {
        (size_of_val::<[T]>(piece) as u64).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn keeps_what_fits_and_no_more() {
        let cache = PieceCache::<u8>::new(1 << 20, 64 << 10);
        let mut loads = 0;
        let mut get = |place: u64, len: usize| {
            let piece = cache.get(place, || {
                loads += 1;
                Ok(vec![place as u8; len].into())
            });
            assert_eq!(piece.unwrap().len(), len);
        };
        for _ in 0..3 {
            get(1, 64 << 10);
        }
        for place in 2..1000 {
            get(place, 64 << 10);
        }
        get(5000, 900 << 10);
        assert_eq!(loads, 1000);
        assert!(cache.cache.weight() <= 1 << 20);
    }

    #[test]
    fn one_heavy_piece_is_kept() {
        let cache = PieceCache::<u64>::new(16 << 20, 2 << 20);
        let mut loads = 0;
        for _ in 0..3 {
            cache
                .get(7, || {
                    loads += 1;
                    Ok(vec![1; 256 << 10].into())
                })
                .unwrap();
        }
        assert_eq!(loads, 1);
    }

    #[test]
    fn a_failed_load_is_not_kept() {
        let cache = PieceCache::<u8>::new(1 << 20, 512);
        let error = cache.get(1, || Err(Error::malformed(1, "once"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(cache.get(1, || Ok(vec![3].into())).unwrap().as_ref(), [3]);
    }
}
