//! Images: their attributes and their life cycle.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AccountId, ImageId, RegionId, SnapshotId, TaskId};
use crate::name::{Description, ImageName};
use crate::tag::Tag;
use crate::wire_enum::wire_enum;

wire_enum!(
    /// Where an image stands.
    ImageStatus {
        /// Accepted, and queued behind other work.
        Waiting = "Waiting",
        /// Being built.
        Creating = "Creating",
        /// Usable: every byte is in the store and was verified.
        Available = "Available",
        /// Kept, but not offered: skipped by its family and neither shared nor copied.
        Deprecated = "Deprecated",
        /// Exists but cannot be used.
        UnAvailable = "UnAvailable",
        /// Building failed; a tombstone until it is deleted.
        CreateFailed = "CreateFailed",
    }
);

/// What can happen to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageEvent {
    /// Its flow began to work.
    Started,
    /// Its bytes are in the store.
    Published,
    /// Its flow failed.
    Failed,
    /// Its owner retired it.
    Deprecated,
    /// Its owner took it back.
    Restored,
}

/// The event cannot happen to an image in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to an image that is {from}")]
pub struct IllegalTransition {
    /// The status in which the image was.
    pub from: ImageStatus,
    /// What was to happen.
    pub event: ImageEvent,
}

impl ImageStatus {
    /// The status after `event`.
    pub const fn on(self, event: ImageEvent) -> Result<Self, IllegalTransition> {
        use ImageEvent as E;
        match (self, event) {
            (Self::Waiting, E::Started) => Ok(Self::Creating),
            (Self::Creating, E::Published) => Ok(Self::Available),
            (Self::Waiting | Self::Creating, E::Failed) => Ok(Self::CreateFailed),
            (Self::Available, E::Deprecated) => Ok(Self::Deprecated),
            (Self::Deprecated, E::Restored) => Ok(Self::Available),
            (from, event) => Err(IllegalTransition { from, event }),
        }
    }

    /// True when servers can be made from the image (`Usable`).
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Available | Self::Deprecated)
    }

    /// True while a flow builds the image.
    pub const fn is_building(self) -> bool {
        matches!(self, Self::Waiting | Self::Creating)
    }
}

wire_enum!(
    /// The processor that the guest needs.
    Architecture {
        /// 32-bit x86.
        I386 = "i386",
        /// 64-bit x86, the default.
        X86_64 = "x86_64",
        /// 64-bit Arm, which boots by UEFI only.
        Arm64 = "arm64",
    }
);

wire_enum!(
    /// The kind of guest system.
    OsType {
        /// Windows.
        Windows = "windows",
        /// Linux, the default, and everything else.
        Linux = "linux",
    }
);

wire_enum!(
    /// The firmware that the guest needs.
    BootMode {
        /// A BIOS, the default.
        Bios = "BIOS",
        /// UEFI.
        Uefi = "UEFI",
        /// Either; UEFI where the server has it. Not for imports.
        UefiPreferred = "UEFI-Preferred",
    }
);

wire_enum!(
    /// Who brings the licence of the guest system.
    LicenseType {
        /// The service decides by the platform, the default.
        Auto = "Auto",
        /// The service.
        Aliyun = "Aliyun",
        /// The user.
        Byol = "BYOL",
    }
);

wire_enum!(
    /// Whether the guest has an NVMe driver.
    NvmeSupport {
        /// It has.
        Supported = "supported",
        /// It has not, the default for imports.
        Unsupported = "unsupported",
    }
);

wire_enum!(
    /// How the guest may ask for its metadata.
    ImdsSupport {
        /// With and without a token, the default.
        V1 = "v1",
        /// Servers may run with tokens only.
        V2 = "v2",
    }
);

wire_enum!(
    /// How an image is checked after its import.
    DetectionStrategy {
        /// The only strategy there is.
        Standard = "Standard",
    }
);

wire_enum!(
    /// The guest's distribution (ImportImage, `Platform`).
    Platform {
        /// Alibaba Cloud Linux.
        Aliyun = "Aliyun",
        /// Anolis OS.
        Anolis = "Anolis",
        /// CentOS.
        CentOs = "CentOS",
        /// Ubuntu.
        Ubuntu = "Ubuntu",
        /// CoreOS.
        CoreOs = "CoreOS",
        /// SUSE Linux Enterprise.
        Suse = "SUSE",
        /// Debian.
        Debian = "Debian",
        /// openSUSE.
        OpenSuse = "OpenSUSE",
        /// FreeBSD.
        FreeBsd = "FreeBSD",
        /// Red Hat Enterprise Linux.
        RedHat = "RedHat",
        /// Kylin.
        Kylin = "Kylin",
        /// UnionTech OS.
        Uos = "UOS",
        /// Fedora.
        Fedora = "Fedora",
        /// Fedora CoreOS.
        FedoraCoreOs = "Fedora CoreOS",
        /// CentOS Stream.
        CentOsStream = "CentOS Stream",
        /// AlmaLinux.
        AlmaLinux = "AlmaLinux",
        /// Rocky Linux.
        RockyLinux = "Rocky Linux",
        /// Gentoo.
        Gentoo = "Gentoo",
        /// A Linux of one's own.
        CustomizedLinux = "Customized Linux",
        /// Any other Linux, the default: the guest is not customised.
        OthersLinux = "Others Linux",
        /// Windows Server 2022.
        WindowsServer2022 = "Windows Server 2022",
        /// Windows Server 2019.
        WindowsServer2019 = "Windows Server 2019",
        /// Windows Server 2016.
        WindowsServer2016 = "Windows Server 2016",
        /// Windows Server 2012.
        WindowsServer2012 = "Windows Server 2012",
        /// Windows Server 2008.
        WindowsServer2008 = "Windows Server 2008",
        /// Windows Server 2003.
        WindowsServer2003 = "Windows Server 2003",
        /// Any other Windows.
        OtherWindows = "Other Windows",
    }
);

impl Platform {
    /// True for the Windows platforms.
    pub fn is_windows(self) -> bool {
        self.as_str().contains("Windows")
    }
}

/// What the guest can do, as its owner declared it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFeatures {
    /// Whether it has an NVMe driver.
    pub nvme: NvmeSupport,
    /// How it may ask for its metadata.
    pub imds: ImdsSupport,
}

/// One disk of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskMapping {
    /// `/dev/xvda` for the system disk, `/dev/xvdb` and on for data disks.
    pub device: String,
    /// The snapshot that backs the disk.
    pub snapshot: SnapshotId,
    /// Size of the disks made from it, in GiB.
    pub size_gib: u32,
    /// The format of the file that was imported, upper case; empty for an image that was not imported.
    pub format: String,
    /// The bucket that held the file.
    pub bucket: String,
    /// The key of the file.
    pub object: String,
    /// Where the bytes are: the store's manifest. Empty until the image is published.
    pub manifest: String,
    /// The content digest: the same for the same guest bytes, whatever the format. Empty until the image is published.
    pub digest: String,
    /// Size that the guest sees, in bytes.
    pub virtual_size: u64,
}

impl DiskMapping {
    /// True for the disk that the guest boots from.
    pub fn is_system(&self) -> bool {
        self.device == SYSTEM_DEVICE
    }
}

/// The region of images that are in every region.
pub const EVERYWHERE: &str = "everywhere";

/// The device name of a system disk.
pub const SYSTEM_DEVICE: &str = "/dev/xvda";

/// The device name of disk `index`, counted from 0 for the system disk.
pub fn device_name(index: usize) -> String {
    let letter = u8::try_from(index).ok().and_then(|n| b'a'.checked_add(n)).filter(u8::is_ascii_lowercase);
    format!("/dev/xvd{}", char::from(letter.expect("an image has at most 17 disks")))
}

/// An image as it stands in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Whose image it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name, unique among the owner's images of the region.
    pub name: ImageName,
    /// What the owner says of it.
    pub description: Description,
    /// The family whose newest member may be asked for.
    pub family: Option<ImageName>,
    /// Where it stands.
    pub status: ImageStatus,
    /// Verified bytes in percent, 0 to 100.
    pub progress: u8,
    /// The processor that the guest needs.
    pub architecture: Architecture,
    /// The kind of guest system.
    pub os_type: OsType,
    /// The guest's distribution.
    pub platform: Platform,
    /// The firmware that the guest needs.
    pub boot_mode: BootMode,
    /// Who brings the licence.
    pub license: LicenseType,
    /// What the guest can do.
    pub features: ImageFeatures,
    /// The check that was asked for.
    pub detection: Option<DetectionStrategy>,
    /// Its disks, the system disk first.
    pub disks: Vec<DiskMapping>,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// Its resource group; empty for the default one.
    pub resource_group: String,
    /// The task that builds it or built it.
    pub task: Option<TaskId>,
    /// True for a copy of another image.
    pub is_copied: bool,
    /// The image that it was copied from, whatever became of that one.
    #[serde(default)]
    pub copied_from: Option<ImageId>,
    /// True for a community image: its owner lets every account of the region make servers of it.
    #[serde(default)]
    pub is_public: bool,
    /// True for an image that the server offers to every account, in every region.
    #[serde(default)]
    pub is_system: bool,
    /// The owner's word for the version.
    #[serde(default)]
    pub version: String,
    /// When it was asked for.
    pub created: Timestamp,
}

impl BootMode {
    /// Whether a guest for this processor can boot so. Arm guests boot by UEFI and nothing else.
    pub const fn fits(self, architecture: Architecture) -> bool {
        match architecture {
            Architecture::Arm64 => matches!(self, Self::Uefi),
            Architecture::I386 | Architecture::X86_64 => true,
        }
    }
}

impl Image {
    /// Size of the system disk, in GiB (`Size`).
    pub fn size_gib(&self) -> u32 {
        self.disks.first().map_or(0, |disk| disk.size_gib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_matrix_of_states() {
        use ImageEvent as E;
        use ImageStatus as S;
        let legal = [
            (S::Waiting, E::Started, S::Creating),
            (S::Waiting, E::Failed, S::CreateFailed),
            (S::Creating, E::Published, S::Available),
            (S::Creating, E::Failed, S::CreateFailed),
            (S::Available, E::Deprecated, S::Deprecated),
            (S::Deprecated, E::Restored, S::Available),
        ];
        for &from in S::ALL {
            for event in [E::Started, E::Published, E::Failed, E::Deprecated, E::Restored] {
                let expected = legal.iter().find(|row| row.0 == from && row.1 == event).map(|row| row.2);
                assert_eq!(from.on(event).ok(), expected, "{from} {event:?}");
            }
        }
    }

    #[test]
    fn values_survive_the_wire_and_the_records() {
        for &platform in Platform::ALL {
            assert_eq!(platform.as_str().parse(), Ok(platform));
            let json = serde_json::to_string(&platform).expect("serializes");
            assert_eq!(json, format!("\"{platform}\""));
        }
        assert_eq!(Platform::ALL.len(), 27);
    }

    #[test]
    fn arm_boots_by_uefi_alone() {
        for &mode in BootMode::ALL {
            assert!(mode.fits(Architecture::X86_64) && mode.fits(Architecture::I386));
            assert_eq!(mode.fits(Architecture::Arm64), mode == BootMode::Uefi, "{mode}");
        }
    }

    #[test]
    fn devices() {
        assert_eq!(device_name(0), SYSTEM_DEVICE);
        assert_eq!(device_name(16), "/dev/xvdq");
    }
}
