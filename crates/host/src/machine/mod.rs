//! Machines: instances as running QEMU processes, which outlive the server that started them.
//!
//! A machine is a folder under the hypervisor's directory and, while it runs, a QEMU process whose working directory is
//! that folder. Everything that is needed to find it again lies there: pid file, QMP socket, console log, the reason why
//! it stopped. So a server that dies takes no guest with it, and the next one takes them all over ([`Hypervisor::adopt`]).
//! Disks come through NBD from the server itself; while that is away, guests wait for their blocks and go on later.
//!
//! Reading order: [`MachineSpec`] is what a machine is, `arguments` says it to QEMU, [`Hypervisor`] is what callers
//! hold, `watch` follows one process from start to end, `qmp` speaks with it, `disks` and `forwards` change it while it
//! runs, `probe` finds out once what this host can do.
//!
//! # What it guarantees
//!
//! - **One process a machine.** A start finds a running machine and leaves it; QEMU's lock on its pid file holds even
//!   against a second server.
//! - **A machine that ends says why**, whoever ended it, also when nobody was looking: QEMU's own trace of shutdowns,
//!   its last words on stderr and its exit status are asked in that order.
//! - **A process is never mistaken for another.** A pid counts only while its process stands in the machine's folder,
//!   and signals go through a pidfd.
//! - **A guest cannot fill the host's disk** through its serial console or QEMU's complaints: the logs are cut.
//! - **A host without QEMU still answers.** Machines are then kept *on record*: they start, stop and reboot in name, and
//!   [`HypervisorInfo`] says plainly that nothing boots.
//!
//! # What it deliberately does not do
//!
//! It knows no instances, accounts or addresses of the cloud, and keeps no list of what ought to run: that is its
//! caller's. It makes no bridges and no taps, since those need privileges; the network is QEMU's own. It does not
//! migrate, and it never takes a snapshot: blocks are the store's.

mod spec;

mod arguments;
mod console;
mod disks;
mod error;
mod folder;
mod forwards;
mod hypervisor;
mod network;
mod probe;
mod probe_guest;
mod process;
mod qmp;
mod watch;

pub use error::{Error, ErrorKind};
pub use forwards::ForwardOutcome;
pub use hypervisor::{Hypervisor, HypervisorOptions, MachineEvent, MachineState};
pub use network::GuestNetwork;
pub use probe::{Accelerator, Driver, HypervisorInfo};
pub use spec::{Bus, DiskSpec, Firmware, Forward, MAX_DISKS, MachineSpec, Protocol, Relay, Smbios};
