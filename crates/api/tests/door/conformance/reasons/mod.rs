//! Why some documented codes cannot be reached here.
//!
//! Here are the reasons that hold wherever a code stands, by what Tintype does not have; [`disks`], [`images`],
//! [`networks`] and [`servers`] have those of single actions, and say which codes are superseded: documents have grown
//! for years, and many have two or three codes for one fault. That the one which is answered is indeed answered, the
//! report checks.

mod disks;
mod images;
mod networks;
mod servers;

// What is missing here, in the words of the document.
const SOLD: &str = "Nothing is sold here: no orders, prices, balances, arrears or terms.";
const ENCRYPTION: &str = "Encryption is not offered: calls that ask for it answer `UnsupportedOperation`.";
const HOSTS: &str = "There are no dedicated hosts, clusters, deployment sets, storage sets, private pools, launch templates or reserved capacity.";
const MARKET: &str = "There is no marketplace, and no image is subscribed to.";
const INTERFACES: &str = "Networks have no network interfaces of their own, IPv6, NAT, HaVip, routers, enterprise networks, prefix lists or address pools.";
const DISKS: &str = "Disk categories are one: no instant snapshots, bursts, provisioned performance, multi-attach, replication, local or portable disks.";
const MODES: &str = "Servers have no hibernation, trusted or confidential mode, RAM roles, ENI queues, custom CPU options, I/O choices or Windows licences.";
const FAULT: &str = "A fault of the server, which no call brings about; tests of faults are elsewhere.";
const UNSAID: &str = "The document has neither a text nor a rule for the code.";
const IN_TURN: &str = "Calls that touch the same records wait for each other.";
const MANAGED: &str = "No other product manages resources here.";

/// Reasons, each with the codes that it is the reason for (`*` for any run of characters).
const REASONS: &[(&str, &[&str])] = &[
    (
        SOLD,
        &[
            "Account.Arrearage",
            "AccountForbidden*",
            "*Balance*",
            "*Arrears*",
            "PAY*",
            "PaymentMethodNotFound",
            "PaymentFailed",
            "InvalidAccountStatus*",
            "Order*",
            "ORDER*",
            "*Order*",
            "COMMODITY*",
            "Credit*",
            "INST_HAS_UNPAID_ORDER",
            "ChargeTypeViolation*",
            "InvalidPeriod*",
            "InvalidAutoRenewPeriod*",
            "InvalidAutoPay*",
            "InstanceExpired*",
            "*FinancialLocked",
            "*FINANCIALLOCKED",
            "*Prepaid*",
            "*PrePaid*",
            "*Prepay*",
            "NoPermission.Price",
            "NoPermission.Refund",
            "QuotaExceed.AfterpayInstance",
            "*PostPaid*",
            "*PostpaidData*",
            "*PaygNotAvailable",
            "*IllegalPaymentPolicy",
            "OperationFailed.AccountMoneyInvalid",
            "OperationFailed.CompleteUserInfo",
            "OperationFailed.Query*",
            "OperationFailed.Sale*",
            "SYSTEM.SALE*",
            "InvalidPayMethod",
            "InvalidChargeType*",
            "*InstanceChargeType*",
            "*DiskChargeType*",
            "FrequentPurchase*",
            "InvalidComponent*",
            "IllegalParam.OrderParamComponent",
            "InsufficientBalance*",
            "Forbidden.ChargeTypeIs*",
            "*DiskChargeType*",
            "InvalidSpot*",
            "Invalid.SpotStrategy",
            "Spot*",
            "*SpotPrice*",
            "*NotSupportSpot",
            "InvalidParameter.Bid*",
            "InvalidEipBandwidth*",
            "Mayi*",
        ],
    ),
    (
        ENCRYPTION,
        &[
            "*Encrypt*",
            "*KMS*",
            "*Kms*",
            "*CMK*",
            "AssumeRoleError",
            "OperationDeined.FullImage",
            "UserNotInTheWhiteList",
        ],
    ),
    (
        HOSTS,
        &[
            "*Dedicated*",
            "*DEDICATED*",
            "*HpcCluster*",
            "*DeploymentSet*",
            "*DeploymentOnHost",
            "*Deployment*",
            "*StorageSet*",
            "*StorageCluster*",
            "*PrivatePool*",
            "*LaunchTemplate*",
            "*Capacity*",
            "*ClusterId*",
            "*ManagedPrivateSpace*",
            "*Partition*",
            "*NodeController*",
            "*HostRepairing",
            "*SchedulerOptions*",
            "*Tenancy*",
            "Affinity*",
            "InvalidAliUid*",
            "InvalidAliuid",
            "Invalid.InstanceType",
            "Invalid.ZoneId",
            "ClassicNetworkNotSupported",
            "InvalidHostId*",
        ],
    ),
    (MARKET, &["*Market*", "ImageNotSubscribed", "ImageRemovedInMarket", "QuotaExceed.BuyImage", "*ProductCode*"]),
    (
        INTERFACES,
        &[
            "*Ipv6*",
            "*IPv6*",
            "*Ipv4Gateway",
            "*Ipv4IpamPool*",
            "*Eni*",
            "*NetworkInterface*",
            "*NetworkCard*",
            "*Nat*",
            "NAT_*",
            "NATGATEWAY*",
            "*SNAT*",
            "*Snat*",
            "*HaVip*",
            "*Havip*",
            "*RouteEntry*",
            "*RouteTable*",
            "*RouterInterface*",
            "*RouteInterface*",
            "*Cen*",
            "*cbn*",
            "*TransitRouter*",
            "*PrefixList*",
            "*Ipam*",
            "*IPAM*",
            "*Vpn*",
            "*VpcPeer*",
            "*Tunnel*",
            "*SLB*",
            "*NetworkAcl*",
            "*Acl*",
            "*DhcpOptions*",
            "*Dhcp*",
            "*Multicast*",
            "*CloudService*",
            "*AppAccess*",
            "*ClassicLink*",
            "*GatewayEndpoint*",
            "*ResourceShare*",
            "*CidrReservation*",
            "*PORTMAP*",
            "*Isp*",
            "RouteConflict*",
            "*Natgw*",
            "*UserCidr*",
            "*Nexthop*",
            "*DirectEip*",
            "*GlobalAcceleration*",
            "*EipBindModel",
            "*MultiIp",
            "*Upgrading",
            "*ServiceManaged",
            "IllegalParam.CidrBlock",
            "IllegalParam.EnableIpv6",
            "MissingParam.*Ipv6*",
            "MissingParam.EnableIpv6",
            "*DefaultVpc*",
            "*DefaultVswitch*",
            "*DefaultVSwitch*",
            "OperationFailed.*",
            "IncorrectVpcStatus",
            "IncorrectVSwitchStatus",
            "*Nacl*",
            "*VPCStatus*",
            "*VlanId*",
            "*NoVlan",
            "*OtherSubnet*",
            "*CidrInExclude*",
            "*AvailableCidr*",
            "*BindingStatus",
            "VPC.SWITCH*",
            "*Bindtype*",
            "BIND_INSTANCE*",
            "BindInstance*",
            "*IpStatus*",
            "IpInUse",
            "*InnerIpAddress*",
        ],
    ),
    (
        "There is no cloud box, no edge zone and no customer-owned location.",
        &["*CloudBox*", "*Cloudbox*", "*StorageLocation*"],
    ),
    (
        "What a server needs is there or not as the host has it: nothing is on sale, out of stock or restricted to some.",
        &[
            "*NoStock",
            "*Stock",
            "ResourceNotAvailable*",
            "Zone.Not*",
            "Lack*",
            "*NotEnough*",
            "QuotaExceed.ElasticQuota",
            "*FlavorNotSupported",
            "*ZoneNotAllowed",
            "*Offline",
            "*ValueUnauthorized",
            "RegionUnauthorized",
            "*RegionIdNotSupported",
            "*CreatingConflict",
            "InsufficientPublicIp",
            "ReserveIpFail",
            "*AllocateFailed",
            "AllocateIp.Fail",
            "*InstanceType.ZoneNotSupported",
            "OperationDenied.QuotaExceed",
            "QuotaExceed.DiskCapacity",
            "QuotaExceed.Portable*",
            "QuotaExceed.ConcurrentSnapshotQuota",
            "OperationDenied.ResourceControl",
            "*VpcZone*",
        ],
    ),
    (
        "Nobody's identity, risk or site is checked, and no words are forbidden.",
        &[
            "RealName*",
            "SecurityRisk*",
            "*RiskControl*",
            "*BidMismatch",
            "*ContainsSensitiveWords",
            "PublicImageAgreement*",
            "*BidOwnResource",
            "IellgalParameter.OwnerAccount",
            "IllegalParam.OwnerId",
            "*ResourceOwner*",
            "*TagOwner*",
            "InstanceLockedForSecurity",
            "*NonCompliant*",
            "ExceedAccountQuota",
            "CurrentAccount.*",
            "CurrentRegion.*",
            "*Scope*",
        ],
    ),
    (
        FAULT,
        &[
            "InternalError*",
            "ServiceUnavailable*",
            "*.Failed",
            "ImportImageFailed",
            "ExportImageFailed",
            "CancelTaskFailed",
            "InvokeError",
            "ResourceQueryError",
            "System.ServiceBusy",
            "*DistibuteLock",
            "DiskError",
            "Throttling",
            "Throttling.Resource",
        ],
    ),
    (
        DISKS,
        &[
            "*InstantAccess*",
            "*Bursting*",
            "*ProvisionedIops*",
            "*PerformanceLevel*",
            "*MultiAttach*",
            "*InReplication",
            "*ReplicationStatus*",
            "*Replication*",
            "*LocalDisk*",
            "*NotPortable",
            "*Transferring",
            "*IsTransfering",
            "*PL0",
            "*CloudSSDNotSupported",
            "*NotSupportESSD",
            "*DiskCategoryUnsupported",
            "DiskCategory.OperationNotSupported",
            "*SnapshotCategory*",
            "*SnapshotLink*",
            "*TooOld",
            "*NotSupportDiskCategory",
            "*ConflictSnapshotCategory",
            "*NeverUsed",
            "*NeverAttached",
            "*RecycleBin*",
            "*DeleteProtection",
            "*DiskCategory.Mismatch",
            "*DiskCategory.NotSupported",
            "CategoryNotSupported",
            "CategoryViolation",
            "*AutoSnapshotPolicy*",
            "*VolumeStatus",
            "*VolumeId*",
        ],
    ),
    (
        MODES,
        &[
            "*Hibernation*",
            "*TrustedSystem*",
            "*Confidential*",
            "*RamRole*",
            "*PassRole*",
            "*CpuOptions*",
            "*IoOptimize*",
            "*Queue*",
            "*NvmeRequired",
            "*NvmeUnsupported",
            "*SecurityOptions*",
            "*HopLimit*",
            "*LoginAsNonRoot*",
            "LoginAsNonRoot*",
            "*ImageLicense*",
            "*WindowsInstance",
            "*PasswordParam*",
            "*RemoteConnection*",
            "*CustomInstanceType*",
            "*SecurityEnhancement*",
            "*PvdConfig*",
            "*CreditSpec*",
            "*UserNotInTheWhiteList",
            "*MaintenanceOptions*",
            "*EnableJumboFrame*",
            "*PrivateDnsName*",
        ],
    ),
    (MANAGED, &["*ManagedByCloudProduct"]),
    ("Resource groups are not kept: any is unknown.", &["*ResourceGroup*"]),
    ("There are no login profiles, second factors or service-linked resources.", &["*LoginProfile", "*MFADevice"]),
];

/// Variants that cannot pass here, by action and name (`*` for any run of characters), each with the reason.
const VARIANTS: &[(&str, &str, &str)] = &[
    ("ecs/*", "*DiskDeviceMapping.N.Format is VMDK", "VMDK is imported by invitation alone, there as here."),
    ("ecs/ExportImage", "ImageFormat is v*", "VMDK and VDI are not written."),
    ("vpc/DescribeVpcAttribute", "by another account", "The document has no code for a VPC that is not there."),
    ("ram/DecodeDiagnosticMessage", "by another account", "The document lists no codes."),
    ("ecs/DescribeTasks", "TaskStatus outside its values", "Other values are ignored, as the document says."),
    ("*", "Tag.N.Value is missing", "A tag without a value has an empty one: clients send it so."),
    ("*", "Tag.N.Value is empty", "A tag may have an empty value."),
    ("*", "ResourceType is *", "There are no resources of that kind."),
    ("*", "AcceptLanguage is *", "Names are known in Chinese, English and Japanese."),
    ("*", "*Category is cloud_regional_disk_auto", "There are no regional disks."),
    ("*", "*Category is elastic_ephemeral_disk_*", "There are no ephemeral disks."),
    ("*", "*Category is ephemeral*", "There are no ephemeral disks."),
    ("*", "*Category is local_*", "There are no local disks."),
];

/// The rooms' own tables.
const OF_ACTIONS: &[&[Apart]] = &[disks::APART, images::APART, networks::APART, servers::APART];
const ANSWERED: &[&[Answered]] = &[disks::ANSWERED, images::ANSWERED, networks::ANSWERED, servers::ANSWERED];

/// Codes that cannot be reached in an action, or in one of several (`*` for any run of characters), and why: a code is written with its status
/// before it, `403 InvalidRegion.NotSupport`, and may have a `*`, too.
type Apart = (&'static str, &'static str, &'static [&'static str]);

/// A code that an action answers in place of others that its document has for the same fault.
type Answered = (&'static str, &'static str, &'static [&'static str]);

/// The reason why a variant cannot pass, where there is one.
pub fn of_variant(action: &str, variant: &str) -> Option<&'static str> {
    let found = VARIANTS.iter().find(|(actions, variants, _)| matches(actions, action) && matches(variants, variant));
    found.map(|(_, _, reason)| *reason)
}

/// The reason for a code, where there is one.
pub fn of(action: &str, status: u16, code: &str) -> Option<String> {
    let name = format!("{status} {code}");
    if let Some(answer) = answered(action, &name) {
        let code = answer.split_once(' ').map_or(answer, |(_, code)| code);
        return Some(format!("The same fault is answered with `{code}`, which the document has, too."));
    }
    let fits = |(actions, _, codes): &&Apart| is_of(actions, action) && codes.iter().any(|known| matches(known, &name));
    if let Some((_, reason, _)) = OF_ACTIONS.iter().copied().flatten().find(fits) {
        return Some((*reason).to_owned());
    }
    let fits = |pattern: &&str| matches(pattern, code);
    REASONS.iter().find(|(_, codes)| codes.iter().any(fits)).map(|(reason, _)| (*reason).to_owned())
}

/// What an action answers in place of a code, `403 InvalidRegion.NotSupport`.
pub fn answered(action: &str, name: &str) -> Option<&'static str> {
    let fits =
        |(actions, _, codes): &&Answered| is_of(actions, action) && codes.iter().any(|known| matches(known, name));
    ANSWERED.iter().copied().flatten().find(fits).map(|(_, answer, _)| *answer)
}

/// Rows of the rooms' tables that are the reason for none of these codes, each with its action.
pub fn superfluous(unreached: &[(String, String)]) -> Vec<String> {
    let apart = OF_ACTIONS.iter().copied().flatten().map(|(actions, _, codes)| (*actions, *codes));
    let answered = ANSWERED.iter().copied().flatten().map(|(actions, _, codes)| (*actions, *codes));
    let rows = apart.chain(answered).flat_map(|(actions, codes)| codes.iter().map(move |code| (actions, *code)));
    let is_idle = |(actions, known): &(&str, &str)| {
        !unreached.iter().any(|(action, name)| is_of(actions, action) && matches(known, name))
    };
    rows.filter(is_idle).map(|(actions, code)| format!("{actions}: {code}")).collect()
}

fn is_of(actions: &str, action: &str) -> bool {
    actions.split(' ').any(|one| matches(one, action))
}

fn matches(pattern: &str, text: &str) -> bool {
    policy::pattern::matches(pattern, text)
}
