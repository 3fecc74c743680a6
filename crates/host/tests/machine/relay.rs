//! `host-relay SOCKET MACHINE`: what `tintype relay` does, for tests of this crate.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [socket, machine] => host::imds::relay(Path::new(socket), machine),
        _ => Err(std::io::Error::other("usage: host-relay SOCKET MACHINE")),
    }
}
