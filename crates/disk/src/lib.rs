//! Disk formats: probe, read and write RAW, VHD and QCOW2.

pub mod device;

pub use device::{Disk, ReadAt};
