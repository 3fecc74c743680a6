//! A manifest with a right checksum and any body: refused as damaged, or a volume whose map holds together.
//!
//! Its packs are not there, so whatever is data cannot be read; the error must say so and nothing may panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use disk::Disk;
use libfuzzer_sys::fuzz_target;
use store::{ErrorKind, ManifestId, Objects, Store, StoreOptions, StoredObjects};

static STORE: LazyLock<(Arc<StoredObjects>, Store)> = LazyLock::new(|| {
    let objects = Arc::new(StoredObjects::memory());
    let options = StoreOptions { threads: 1, ..StoreOptions::default() };
    let store = Store::open(objects.clone(), [7; 32], options).expect("an empty store opens");
    (objects, store)
});

fuzz_target!(|body: &[u8]| {
    let (objects, store) = &*STORE;
    let id = ManifestId::from([1; 16]);
    let mut object = b"TINTMANI".to_vec();
    object.extend(1u32.to_le_bytes());
    object.push(0);
    object.extend((body.len() as u64).to_le_bytes());
    object.extend(&blake3::hash(body).as_bytes()[..16]);
    object.extend(body);
    objects.replace(&format!("manifests/{id}"), object.into()).expect("memory takes it");
    let volume = match store.volume(&id) {
        Ok(volume) => volume,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Corrupt),
    };
    let size = volume.virtual_size();
    let mut at = 0;
    for _ in 0..100 {
        let Some(data) = volume.next_data(at).expect("it was checked when it was opened") else { break };
        assert!(at <= data.start && data.start < data.end && data.end <= size);
        let mut hole = vec![1; (data.start - at).min(1 << 16) as usize];
        volume.read_exact_at(&mut hole, at).expect("a hole needs no pack");
        assert!(hole.iter().all(|byte| *byte == 0));
        assert!(volume.read_exact_at(&mut [0; 512][..(data.end - data.start).min(512) as usize], data.start).is_err());
        at = data.end;
    }
});
