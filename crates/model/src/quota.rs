//! The numbers that the service counts against: those that an operator can set for an account ([`Quota`]), and those that
//! belong to the protocol.

macro_rules! quotas {
    ($($(#[$doc:meta])* $variant:ident = $text:literal $default:literal;)*) => {
        /// A limit that can be raised or lowered for an account.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Quota { $($(#[$doc])* $variant),* }

        impl Quota {
            /// Every quota.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name on the command line and in the records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What it is where nobody set it.
            pub const fn default_limit(self) -> u64 {
                match self { $(Self::$variant => $default),* }
            }
        }
    };
}

quotas! {
    /// Custom images of an account in a region. The service does not publish the number.
    Images = "images" 100_000;
    /// Images of one family (ModifyImageAttribute, `ImageQuotaFull.ImageFamily`).
    ImagesPerFamily = "images-per-family" 100;
    /// Families of an account in a region (ModifyImageAttribute, `ImageFamilyQuotaFull`).
    ImageFamilies = "image-families" 100;
    /// Accounts that one image is shared with (ModifyImageSharePermission, `QuotaExceed.ShareImageUser`).
    AccountsPerImage = "accounts-per-image" 50;
    /// Images that others share with one account (ModifyImageSharePermission, `QuotaExceed.ShareImage`). The service does not
    /// publish the number.
    SharedImages = "shared-images" 1_000;
    /// Snapshots of an account in a region (ImportImage, `QuotaExceed.Snapshot`). The service does not publish the number; two
    /// for each image that there can be.
    Snapshots = "snapshots" 200_000;
    /// Manual snapshots of a disk (CreateSnapshot, `QuotaExceed.Snapshot`).
    SnapshotsPerDisk = "snapshots-per-disk" 256;
    /// Exports of images that run at once in a region (ExportImage, `ConcurrentQuotaExceed.ExportImage`). The service does not
    /// publish the number.
    RunningExports = "running-exports" 1_000;
    /// Exports of images that an account begins in a region within seven days (ExportImage,
    /// `WeeklyQuotaExceed.ExportImage`). The service does not publish the number.
    ExportsPerWeek = "exports-per-week" 100_000;
    /// Private networks of an account in a region (CreateVpc, `QuotaExceeded.Vpc`).
    Vpcs = "vpcs" 10;
    /// Subnets of a private network (CreateVSwitch, `QuotaExceeded.VSwitch`).
    VswitchesPerVpc = "vswitches-per-vpc" 150;
    /// Elastic addresses of an account in a region (AllocateEipAddress, `QuotaExceeded.Eip`).
    Eips = "eips" 20;
    /// Security groups of an account in a region (CreateSecurityGroup, `QuotaExceed.SecurityGroup`).
    SecurityGroups = "security-groups" 100;
    /// Rules of a security group (AuthorizeSecurityGroup, `AuthorizationLimitExceed`).
    RulesPerGroup = "rules-per-group" 200;
    /// Security groups that a server is in (RunInstances, `JoinedGroupLimitExceed`).
    GroupsPerServer = "groups-per-server" 10;
    /// Servers in a security group (RunInstances, `SecurityGroupInstanceLimitExceed`).
    ServersPerGroup = "servers-per-group" 2_000;
    /// Rules of a security group whose other end is a group (AuthorizeSecurityGroup, `AuthorizedGroupRule.LimitExceed`).
    GroupRulesPerGroup = "group-rules-per-group" 20;
    /// Key pairs of an account in a region (CreateKeyPair, `QuotaExceed.KeyPair`).
    KeyPairs = "key-pairs" 500;
    /// Simple Application Servers of an account in a region.
    SwasServers = "swas-servers" 50;
    /// Firewall rules of a Simple Application Server (CreateFirewallRule, `FirewallRuleLimitExceed`).
    SwasFirewallRules = "swas-firewall-rules" 50;
    /// Users of an account (CreateUser, `LimitExceeded.User`).
    Users = "users" 1_000;
    /// Groups of an account (CreateGroup, `LimitExceeded.Group`).
    Groups = "groups" 50;
    /// Groups that a user may be in (AddUserToGroup, `LimitExceeded.User.Group`).
    GroupsPerUser = "groups-per-user" 5;
    /// Access keys of a user (CreateAccessKey, `LimitExceeded.User.AccessKey`).
    KeysPerUser = "keys-per-user" 2;
    /// Access keys of the account itself.
    KeysPerAccount = "keys-per-account" 5;
    /// Roles of an account (CreateRole, `LimitExceeded.Role`).
    Roles = "roles" 1_000;
    /// Custom policies of an account (CreatePolicy, `LimitExceeded.Policy`).
    Policies = "policies" 1_500;
    /// Versions of a custom policy, the default one among them (CreatePolicyVersion, `LimitExceeded.Policy.Version`).
    VersionsPerPolicy = "versions-per-policy" 5;
    /// System policies of a user, a group or a role (AttachPolicyToUser, `LimitExceeded.User.Policy`).
    SystemPoliciesPerPrincipal = "system-policies-per-principal" 20;
    /// Custom policies of a user, a group or a role.
    CustomPoliciesPerPrincipal = "custom-policies-per-principal" 5;
    /// Custom images of Simple Application Server, however many servers there are (CreateCustomImage).
    SwasImages = "swas-images" 15;
    /// Snapshots of Simple Application Server, however many servers there are (CreateSnapshot).
    SwasSnapshots = "swas-snapshots" 15;
    /// Custom images that each Simple Application Server gives room for (CreateCustomImage).
    SwasImagesPerServer = "swas-images-per-server" 3;
    /// Snapshots of a Simple Application Server (CreateSnapshot).
    SwasSnapshotsPerServer = "swas-snapshots-per-server" 3;
    /// Calls of ModifyImageShareStatus that a user makes in a minute ("QPS limits").
    ShareStatusPerMinute = "share-status-calls-per-minute" 10;
}

impl std::str::FromStr for Quota {
    type Err = crate::name::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|quota| quota.as_str() == text).ok_or(crate::name::Malformed)
    }
}

/// Disks that one import takes: a system disk and sixteen data disks (ImportImage, `DiskDeviceMapping.N`).
pub const IMPORT_DISKS: usize = 17;

/// Largest disk of an image, in GiB (ImportImage, `DiskImageSize`).
pub const LARGEST_DISK_GIB: u32 = 2048;

/// Data disks that an exported image may have (ExportImage, `InvalidImage.DiskAmountOrSize`).
pub const EXPORT_DATA_DISKS: usize = 4;

/// Largest data disk of an exported image, in GiB (ExportImage, `InvalidImage.DiskAmountOrSize`).
pub const EXPORT_DATA_DISK_GIB: u32 = 500;

/// Accounts that one call shares an image with, or takes it from; the surplus is ignored (ModifyImageSharePermission,
/// `AddAccount.N`).
pub const SHARE_ACCOUNTS_PER_CALL: usize = 10;

/// Ids that one tag call takes (TagResources, `ResourceId.N`).
pub const TAGGED_RESOURCES_PER_CALL: usize = 50;

/// Largest page of the describe calls.
pub const LARGEST_PAGE: u64 = 100;

/// Largest page of disks when they are paged through by tokens (DescribeDisks, `MaxResults`).
pub const LARGEST_PAGE_OF_DISKS: u64 = 500;

/// Servers that one call makes (RunInstances, `Amount`).
pub const INSTANCES_PER_CALL: u32 = 100;

/// Data disks of a server, and of an image that is made of one (CreateImage, "Usage notes").
pub const DATA_DISKS: usize = 16;

/// Simple Application Servers that one call makes (CreateInstances, `Amount`).
pub const SWAS_SERVERS_PER_CALL: u32 = 20;

/// Custom images of Simple Application Server that one call deletes (DeleteCustomImages, `ImageIds`).
pub const SWAS_IMAGES_PER_CALL: usize = 15;

/// Firewall rules that one call deletes (DeleteFirewallRules, `RuleIds`).
pub const SWAS_RULES_PER_CALL: usize = 50;
