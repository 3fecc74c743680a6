//! Store disk files in a directory and say what that took: the measuring end of `bench/`.
//!
//! ```text
//! cargo run --release -p store --example ingest -- STORE FILE…
//! ```
//! Each file is one disk, RAW, VHD or QCOW2 by its content. The store is created when there is none, with a key that
//! everybody knows: nothing for production. `TINTYPE_FRAME_BLOCKS` and `TINTYPE_ZSTD_LEVEL` set what new frames are.

use std::env;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use disk::{Limits, LocalFile};
use store::{IngestOptions, Store, StoreOptions, StoredObjects};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let directory = arguments.next().ok_or("usage: ingest STORE FILE…")?;
    let mut options = StoreOptions::default();
    if let Ok(blocks) = env::var("TINTYPE_FRAME_BLOCKS") {
        options.frame_blocks = blocks.parse()?;
    }
    if let Ok(level) = env::var("TINTYPE_ZSTD_LEVEL") {
        options.zstd_level = level.parse()?;
    }
    let objects = StoredObjects::directory(Path::new(&directory))?;
    let store = Store::open(Arc::new(objects), *b"a key for measurements, not safe", options)?;
    let begin = Instant::now();
    let (mut new_bytes, mut data_bytes) = (0, 0);
    for path in arguments {
        let start = Instant::now();
        let file = Arc::new(LocalFile::new(File::open(&path)?)?);
        let format = disk::check(file.clone(), None, &Limits::default())?.format;
        let disk = disk::open(file, format, &Limits::default())?;
        let ingested = store.ingest(disk.as_ref(), &IngestOptions::default())?;
        println!(
            "{:>8.3} s {:>12} new bytes {:>12} data bytes {} {}",
            start.elapsed().as_secs_f64(),
            ingested.new_bytes_stored,
            ingested.data_bytes,
            ingested.digest,
            path.display(),
        );
        new_bytes += ingested.new_bytes_stored;
        data_bytes += ingested.data_bytes;
    }
    println!("{:>8.3} s {new_bytes:>12} new bytes {data_bytes:>12} data bytes in all", begin.elapsed().as_secs_f64());
    Ok(())
}
