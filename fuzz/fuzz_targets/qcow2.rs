//! Any file opened as Qcow2: refused, or a disk that holds together.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| fuzz::check_disk(file, disk::Format::Qcow2));
