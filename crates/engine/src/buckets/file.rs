//! An object as a file that format code can read at any place.
//!
//! Readers of formats are synchronous and several threads read at once; the object store is asynchronous. This is the
//! door between them: each read waits for its range on the runtime's threads.

use std::io;

use disk::ReadAt;
use meta::buckets::BlobRef;
use tokio::runtime::Handle;

use super::blobs::Blobs;

/// The bytes of an object. Reads must not be made on a thread of the runtime: they wait.
pub struct ObjectFile {
    blobs: Blobs,
    /// Each blob with the place of its first byte.
    runs: Vec<(u64, BlobRef)>,
    len: u64,
    runtime: Handle,
}

impl ObjectFile {
    /// The file that these blobs make.
    pub fn new(blobs: Blobs, refs: &[BlobRef], runtime: Handle) -> Self {
        let mut len = 0;
        let mut runs = Vec::with_capacity(refs.len());
        for blob in refs {
            runs.push((len, blob.clone()));
            len += blob.len;
        }
        Self { blobs, runs, len, runtime }
    }
}

impl ReadAt for ObjectFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64).filter(|end| *end <= self.len);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let first = self.runs.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let mut filled = 0;
        for (start, blob) in &self.runs[first..] {
            let at = offset + filled as u64;
            if at >= end {
                break;
            }
            let range = at - start..(end - start).min(blob.len);
            let bytes =
                self.runtime.block_on(self.blobs.read_range(&blob.id, range.clone())).map_err(io::Error::other)?;
            if bytes.len() as u64 != range.end - range.start {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buf[filled..filled + bytes.len()].copy_from_slice(&bytes);
            filled += bytes.len();
        }
        Ok(())
    }
}
