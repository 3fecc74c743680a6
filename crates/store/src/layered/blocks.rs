//! Which blocks a layer holds, and as what: a map in memory, in pages that exist only where something is.
//!
//! A page covers 64 MiB of guest data with two bits a block, or with one word when all its blocks are alike. So an
//! untouched disk of any size costs nothing, a disk that a guest discarded whole costs some thirty bytes for each
//! 64 MiB, and one written at random costs a sixteen-thousandth of its size.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a layer holds a block as. A block that it does not hold is an older layer's, or the base's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Bytes in the layer's data file.
    Data,
    /// Zeros, whatever the data file says.
    Zero,
}

const PAGE_BLOCKS: u64 = 1 << 14;
const WORDS: usize = PAGE_BLOCKS as usize / 64;

/// The map. Blocks are guest blocks, by number.
#[derive(Debug, Default)]
pub(crate) struct BlockMap {
    pages: BTreeMap<u64, Page>,
}

#[derive(Debug)]
enum Page {
    All(Held),
    Mixed(Box<Bits>),
}

#[derive(Debug, Clone, Copy)]
struct Bits {
    data: [u64; WORDS],
    zero: [u64; WORDS],
}

impl BlockMap {
    /// The layer holds these blocks from now on, as this.
    pub(crate) fn set(&mut self, blocks: Range<u64>, held: Held) {
        let mut at = blocks.start;
        while at < blocks.end {
            let number = at / PAGE_BLOCKS;
            let end = blocks.end.min((number + 1) * PAGE_BLOCKS);
            if end - at == PAGE_BLOCKS {
                self.pages.insert(number, Page::All(held));
            } else {
                let page = self.pages.entry(number).or_insert_with(|| Page::Mixed(Box::new(Bits::none())));
                page.set(at % PAGE_BLOCKS..at % PAGE_BLOCKS + (end - at), held);
            }
            at = end;
        }
    }

    /// What the layer holds `block` as, and where the run of blocks that are alike ends, no further than `end`.
    pub(crate) fn run(&self, block: u64, end: u64) -> (Option<Held>, u64) {
        debug_assert!(block < end);
        let (held, mut at) = self.run_in_page(block, end);
        while at < end && at.is_multiple_of(PAGE_BLOCKS) {
            if held.is_none() {
                // Nothing until the next page that there is.
                let next = self.pages.range(at / PAGE_BLOCKS..).next();
                at = next.map_or(end, |(number, _)| end.min(number * PAGE_BLOCKS));
                if at == end {
                    break;
                }
            }
            let (next_held, next_end) = self.run_in_page(at, end);
            if next_held != held {
                break;
            }
            at = next_end;
        }
        (held, at)
    }

    /// True when the layer holds all these blocks as this.
    pub(crate) fn is_all(&self, blocks: Range<u64>, held: Held) -> bool {
        self.run(blocks.start, blocks.end) == (Some(held), blocks.end)
    }

    /// Every run of blocks that the layer holds, in order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Range<u64>, Held)> {
        let end = self.pages.last_key_value().map_or(0, |(number, _)| (number + 1) * PAGE_BLOCKS);
        let mut at = 0;
        std::iter::from_fn(move || {
            while at < end {
                let (held, run_end) = self.run(at, end);
                let run = at..run_end;
                at = run_end;
                if let Some(held) = held {
                    return Some((run, held));
                }
            }
            None
        })
    }

    /// How many runs there are, or somewhat more: those that cross from page to page count in each. Cheap.
    pub(crate) fn n_runs(&self) -> u64 {
        let of_page = |page: &Page| match page {
            Page::All(_) => 1,
            Page::Mixed(bits) => n_runs(&bits.data) + n_runs(&bits.zero),
        };
        self.pages.values().map(of_page).sum()
    }

    fn run_in_page(&self, block: u64, end: u64) -> (Option<Held>, u64) {
        let number = block / PAGE_BLOCKS;
        let page_end = (number + 1) * PAGE_BLOCKS;
        match self.pages.get(&number) {
            None => (None, end.min(page_end)),
            Some(Page::All(held)) => (Some(*held), end.min(page_end)),
            Some(Page::Mixed(bits)) => {
                let (held, run_end) = bits.run(block % PAGE_BLOCKS);
                (held, end.min(number * PAGE_BLOCKS + run_end))
            }
        }
    }
}

impl Page {
    fn set(&mut self, blocks: Range<u64>, held: Held) {
        let bits = match self {
            Page::All(all) if *all == held => return,
            Page::All(all) => {
                let mut bits = Bits::none();
                bits.set(0..PAGE_BLOCKS, *all);
                *self = Page::Mixed(Box::new(bits));
                let Page::Mixed(bits) = self else { unreachable!("it was just made so") };
                bits
            }
            Page::Mixed(bits) => bits,
        };
        bits.set(blocks, held);
    }
}

impl Bits {
    fn none() -> Self {
        Self { data: [0; WORDS], zero: [0; WORDS] }
    }

    /// Blocks count from the page's first.
    fn set(&mut self, blocks: Range<u64>, held: Held) {
        let (on, off) = match held {
            Held::Data => (&mut self.data, &mut self.zero),
            Held::Zero => (&mut self.zero, &mut self.data),
        };
        let mut at = blocks.start;
        while at < blocks.end {
            let word = (at / 64) as usize;
            let end = blocks.end.min((at / 64 + 1) * 64);
            let mask = (u64::MAX >> (64 - (end - at))) << (at % 64);
            on[word] |= mask;
            off[word] &= !mask;
            at = end;
        }
    }

    fn run(&self, block: u64) -> (Option<Held>, u64) {
        let (word, bit) = ((block / 64) as usize, 1u64 << (block % 64));
        if self.data[word] & bit != 0 {
            (Some(Held::Data), first_one(block, |word| !self.data[word]))
        } else if self.zero[word] & bit != 0 {
            (Some(Held::Zero), first_one(block, |word| !self.zero[word]))
        } else {
            (None, first_one(block, |word| self.data[word] | self.zero[word]))
        }
    }
}

/// How many runs of ones.
fn n_runs(words: &[u64; WORDS]) -> u64 {
    let mut before = 0;
    let starts = words.iter().map(|word| {
        let starts = word & !(word << 1 | before);
        before = word >> 63;
        u64::from(starts.count_ones())
    });
    starts.sum()
}

/// The first block at or after `block` whose bit is one, or the end of the page.
fn first_one(block: u64, words: impl Fn(usize) -> u64) -> u64 {
    let first = (block / 64) as usize;
    for word in first..WORDS {
        let mut ones = words(word);
        if word == first {
            ones &= u64::MAX << (block % 64);
        }
        if ones != 0 {
            return word as u64 * 64 + u64::from(ones.trailing_zeros());
        }
    }
    PAGE_BLOCKS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BLOCKS: u64 = 3 * PAGE_BLOCKS + 70;

    fn places() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..BLOCKS,
            PAGE_BLOCKS - 70..PAGE_BLOCKS + 70,
            Just(0),
            Just(PAGE_BLOCKS),
            Just(2 * PAGE_BLOCKS),
            Just(BLOCKS)
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_list(sets in proptest::collection::vec((places(), places(), any::<bool>()), 0..20)) {
            let mut map = BlockMap::default();
            let mut model = vec![None; BLOCKS as usize];
            for (one, two, is_data) in sets {
                let held = if is_data { Held::Data } else { Held::Zero };
                let range = one.min(two)..one.max(two);
                map.set(range.clone(), held);
                model[range.start as usize..range.end as usize].fill(Some(held));
            }
            let mut at = 0;
            while at < BLOCKS {
                let (held, end) = map.run(at, BLOCKS);
                prop_assert!(at < end && end <= BLOCKS);
                prop_assert!(model[at as usize..end as usize].iter().all(|one| *one == held));
                prop_assert!(end == BLOCKS || model[end as usize] != held, "the run is whole");
                at = end;
            }
            let n_runs = map.runs().count() as u64;
            prop_assert!((n_runs..=n_runs + 3).contains(&map.n_runs()));
            let mut copy = BlockMap::default();
            for (run, held) in map.runs() {
                prop_assert!(map.is_all(run.clone(), held));
                copy.set(run, held);
            }
            prop_assert!((0..BLOCKS).all(|block| copy.run(block, block + 1) == map.run(block, block + 1)));
        }
    }

    #[test]
    fn a_whole_disk_of_zeros_is_few_words() {
        let mut map = BlockMap::default();
        let blocks = 1 << 34;
        map.set(0..blocks, Held::Zero);
        assert_eq!(map.run(5, blocks), (Some(Held::Zero), blocks));
        assert!(map.pages.values().all(|page| matches!(page, Page::All(Held::Zero))));
        assert_eq!(size_of::<Page>(), 16);
    }
}
