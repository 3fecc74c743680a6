//! Recognising a file, and the synchronous part of an import, agree with opening it.
#![no_main]

use std::sync::Arc;

use disk::{Format, Limits, Probe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let limits = Limits { max_virtual_size: 64 << 20 };
    let shared = Arc::new(file.to_vec());
    let found = disk::probe(shared.as_ref()).expect("memory can be read");
    match disk::check(shared.clone(), None, &limits) {
        Ok(checked) => {
            assert_eq!(found, Probe::Known(checked.format));
            let opened = disk::open(shared.clone(), checked.format, &limits).expect("what was checked opens");
            assert_eq!(opened.virtual_size(), checked.virtual_size);
            assert_eq!(disk::check(shared, Some(checked.format), &limits).expect("declared as it is"), checked);
        }
        Err(_) => assert_ne!((found, file.len()), (Probe::Known(Format::Raw), 512), "a sector of anything is a disk"),
    }
    fuzz::check_disk(file, Format::Raw);
});
