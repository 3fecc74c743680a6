//! Anything said to the NBD server from the first byte: it greets, and it ends.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let said = fuzz::serve(input);
    assert!(said.starts_with(b"NBDMAGICIHAVEOPT\0\x03"));
});
