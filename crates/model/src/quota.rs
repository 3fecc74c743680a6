//! The numbers that the service counts against.

/// Disks that one import takes: a system disk and sixteen data disks (ImportImage, `DiskDeviceMapping.N`).
pub const IMPORT_DISKS: usize = 17;

/// Largest disk of an image, in GiB (ImportImage, `DiskImageSize`).
pub const LARGEST_DISK_GIB: u32 = 2048;

/// Data disks that an exported image may have (ExportImage, `InvalidImage.DiskAmountOrSize`).
pub const EXPORT_DATA_DISKS: usize = 4;

/// Largest data disk of an exported image, in GiB (ExportImage, `InvalidImage.DiskAmountOrSize`).
pub const EXPORT_DATA_DISK_GIB: u32 = 500;

/// Custom images of an account in a region. The service does not publish the number; operators can raise it.
pub const IMAGES_PER_REGION: u64 = 100_000;

/// Ids that one tag call takes (TagResources, `ResourceId.N`).
pub const TAGGED_RESOURCES_PER_CALL: usize = 50;

/// Largest page of the describe calls.
pub const LARGEST_PAGE: u64 = 100;
