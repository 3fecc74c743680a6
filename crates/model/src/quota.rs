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

/// Images of one family (ModifyImageAttribute, `ImageQuotaFull.ImageFamily`).
pub const IMAGES_PER_FAMILY: u64 = 100;

/// Families of an account in a region (ModifyImageAttribute, `ImageFamilyQuotaFull`).
pub const FAMILIES_PER_REGION: u64 = 100;

/// Accounts that one call shares an image with, or takes it from; the surplus is ignored (ModifyImageSharePermission,
/// `AddAccount.N`).
pub const SHARE_ACCOUNTS_PER_CALL: usize = 10;

/// Accounts that one image is shared with (ModifyImageSharePermission, `QuotaExceed.ShareImageUser`).
pub const SHARE_ACCOUNTS_PER_IMAGE: usize = 50;

/// Images that others share with one account (ModifyImageSharePermission, `QuotaExceed.ShareImage`). The service does not
/// publish the number.
pub const SHARED_IMAGES_PER_ACCOUNT: u64 = 1_000;

/// Snapshots of an account in a region (ImportImage, `QuotaExceed.Snapshot`). The service does not publish the number; two
/// for each image that there can be.
pub const SNAPSHOTS_PER_REGION: u64 = 2 * IMAGES_PER_REGION;

/// Ids that one tag call takes (TagResources, `ResourceId.N`).
pub const TAGGED_RESOURCES_PER_CALL: usize = 50;

/// Largest page of the describe calls.
pub const LARGEST_PAGE: u64 = 100;

/// Private networks of an account in a region (CreateVpc, `QuotaExceeded.Vpc`).
pub const VPCS_PER_REGION: u64 = 10;

/// Subnets of a private network (CreateVSwitch, `QuotaExceeded.VSwitch`).
pub const VSWITCHES_PER_VPC: usize = 150;

/// Elastic addresses of an account in a region (AllocateEipAddress, `QuotaExceeded.Eip`).
pub const EIPS_PER_REGION: u64 = 20;

/// Security groups of an account in a region (CreateSecurityGroup, `QuotaExceed.SecurityGroup`).
pub const SECURITY_GROUPS_PER_REGION: u64 = 100;

/// Rules of a security group (AuthorizeSecurityGroup, `AuthorizationLimitExceed`).
pub const RULES_PER_GROUP: usize = 200;

/// Key pairs of an account in a region (CreateKeyPair, `QuotaExceed.KeyPair`).
pub const KEY_PAIRS_PER_REGION: u64 = 500;

/// Servers that one call makes (RunInstances, `Amount`).
pub const INSTANCES_PER_CALL: u32 = 100;

/// Data disks of a server, and of an image that is made of one (CreateImage, "Usage notes").
pub const DATA_DISKS: usize = 16;

/// Manual snapshots of a disk (CreateSnapshot, `QuotaExceed.Snapshot`).
pub const SNAPSHOTS_PER_DISK: u64 = 256;

/// Custom images that a Simple Application Server gives room for, and the most there can be (CreateCustomImage).
pub const SWAS_IMAGES_PER_SERVER: u64 = 3;
/// See [`SWAS_IMAGES_PER_SERVER`].
pub const SWAS_IMAGES_AT_MOST: u64 = 15;

/// Snapshots of a Simple Application Server, and the most there can be (CreateSnapshot).
pub const SWAS_SNAPSHOTS_PER_SERVER: u64 = 3;
/// See [`SWAS_SNAPSHOTS_PER_SERVER`].
pub const SWAS_SNAPSHOTS_AT_MOST: u64 = 15;

/// Simple Application Servers of an account in a region.
pub const SWAS_SERVERS_PER_REGION: u64 = 50;

/// Simple Application Servers that one call makes (CreateInstances, `Amount`).
pub const SWAS_SERVERS_PER_CALL: u32 = 20;

/// Firewall rules of a Simple Application Server (CreateFirewallRule, `FirewallRuleLimitExceed`).
pub const SWAS_FIREWALL_RULES: usize = 50;

/// Users of an account (CreateUser, `LimitExceeded.User`).
pub const USERS_PER_ACCOUNT: u64 = 1_000;

/// Groups of an account (CreateGroup, `LimitExceeded.Group`).
pub const GROUPS_PER_ACCOUNT: u64 = 50;

/// Groups that a user may be in (AddUserToGroup, `LimitExceeded.User.Group`).
pub const GROUPS_PER_USER: usize = 5;

/// Access keys of a user (CreateAccessKey, `LimitExceeded.User.AccessKey`).
pub const KEYS_PER_USER: usize = 2;

/// Access keys of the account itself.
pub const KEYS_PER_ACCOUNT: usize = 5;

/// Roles of an account (CreateRole, `LimitExceeded.Role`).
pub const ROLES_PER_ACCOUNT: u64 = 1_000;

/// Custom policies of an account (CreatePolicy, `LimitExceeded.Policy`).
pub const POLICIES_PER_ACCOUNT: u64 = 1_500;

/// Versions of a custom policy, the default one among them (CreatePolicyVersion, `LimitExceeded.Policy.Version`).
pub const VERSIONS_PER_POLICY: usize = 5;

/// System policies of a user, a group or a role (AttachPolicyToUser, `LimitExceeded.User.Policy`).
pub const SYSTEM_POLICIES_PER_PRINCIPAL: usize = 20;

/// Custom policies of a user, a group or a role.
pub const CUSTOM_POLICIES_PER_PRINCIPAL: usize = 5;
