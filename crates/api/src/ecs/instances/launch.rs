//! Making servers: what RunInstances and CreateInstance have in common.
//!
//! One transaction finds the image, the network and the sizes, gives addresses away, and records each server with its
//! disks. The disks' bytes are the image's own until the guest writes: nothing is copied, whatever their size.

use engine::Engine;
use meta::{Tx, resources, visible};
use model::instance::{HttpEndpoint, HttpTokens, InternetChargeType, MacAddress, Market, MetadataOptions, Place};
use model::{
    AccountId, ClientToken, Description, Image, ImageId, ImageName, ImdsSupport, Instance, InstanceId, InstanceStatus,
    InstanceType, NetworkInterfaceId, NvmeSupport, OsType, Password, RegionId, RequestId, ResourceName,
    SecurityGroupId, Tag, Timestamp,
};
use wire::Params;

use super::names::Names;
use super::place::{self, Network, WantedPlace};
use super::wanted_disks::{WantedDisks, insert_disk};
use crate::action::Access;
use crate::address::take;
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::security::key_pairs;
use crate::input::{self, description, optional, region, required};
use crate::resource::once;

const MINUTE: i64 = 60_000;

/// How soon, and how late, servers may be released by themselves, in milliseconds from now (RunInstances,
/// `AutoReleaseTime`).
const SOONEST_RELEASE: i64 = 30 * MINUTE;
const LATEST_RELEASE: i64 = 3 * 365 * 24 * 60 * MINUTE;

/// Longest user data, decoded (RunInstances, `UserData`).
const LONGEST_USER_DATA: usize = 32 << 10;

/// Codes of the two calls.
pub(super) const CODES: &[Code] = &[
    Code::RegionIdNotFoundForTags,
    Code::ImageFamilyBesideId,
    Code::ImageFamilyEmpty,
    Code::ImageIdNotFound,
    Code::InstanceTypeNotFound,
    Code::InstanceTypeNotFound403,
    Code::ImageNotForInstanceType,
    Code::InstanceNameMalformed,
    Code::InstanceNameTooLongForSuffix,
    Code::CountingNameMalformed,
    Code::InstanceDescriptionMalformed,
    Code::HostNameMalformed,
    Code::HostNameTooLongForSuffix,
    Code::HostNameBesideHostNames,
    Code::HostNamesNotAsManyAsServers,
    Code::PasswordMalformed,
    Code::KeyPairNameNotFound404,
    Code::UserDataMalformed,
    Code::UserDataMalformed400,
    Code::UserDataTooLong,
    Code::UserDataNeedsNetwork,
    Code::AutoReleaseTimeMalformed,
    Code::BandwidthInMalformed,
    Code::BandwidthOutMalformed,
    Code::InternetChargeTypeInvalid,
    Code::HttpEndpointInvalid,
    Code::HttpTokensInvalid,
    Code::SystemDiskSizeInvalid,
    Code::SystemDiskTooSmallForImage,
    Code::SystemDiskTooSmall,
    Code::SystemDiskTooLarge,
    Code::SystemDiskCategoryInvalid,
    Code::DataDiskCategoryInvalid,
    Code::DataDiskSizeInvalid,
    Code::DataDiskTooSmallForSnapshot,
    Code::DataDeviceMalformed,
    Code::DeviceInUse,
    Code::DataDiskSnapshotNotFound,
    Code::SnapshotNotReady403,
    Code::SnapshotOfSystemDisk,
    Code::DiskNameMalformed,
    Code::DiskDescriptionMalformed,
    Code::TooManyDisks,
    Code::ZoneIdNotFoundForInstance,
    Code::VSwitchIdNotFoundForInstance,
    Code::SecurityGroupIdNotFound,
    Code::SecurityGroupBesideSeveral,
    Code::SecurityGroupsRepeated400,
    Code::ServerInTooManyGroups,
    Code::GroupsOfDifferentKinds,
    Code::GroupHasTooManyServers,
    Code::GroupAndSubnetInDifferentNetworks,
    Code::VSwitchMissing,
    Code::PrivateIpMalformed,
    Code::PrivateIpOutside,
    Code::PrivateIpInUse,
    Code::PrivateIpOfSeveral,
    Code::PrivateIpsUsedUp,
    Code::ClientTokenInvalid,
    Code::IdempotentParameterMismatch,
    Code::TagKeyDuplicate,
    Code::TagKeyMalformed,
    Code::TagValueMalformed,
    Code::TagMismatch,
    Code::TagsTooMany,
    Code::TagQuotaExceeded,
    Code::AmountInvalid,
    Code::MinAmountInvalid,
    Code::ResourceGroupNotFound,
    Code::EncryptionUnsupported,
    Code::DryRunOperation,
];

/// Which image a server is made from.
enum Source {
    Image(ImageId),
    Family(ImageName),
}

/// Servers to make.
pub(crate) struct Launch {
    region: RegionId,
    source: Source,
    instance_type: &'static InstanceType,
    place: WantedPlace,
    names: Names,
    description: Description,
    disks: WantedDisks,
    key_pair: Option<ResourceName>,
    password: Option<Password>,
    user_data: String,
    bandwidth_in: u32,
    bandwidth_out: u32,
    internet_charge: InternetChargeType,
    endpoint: HttpEndpoint,
    /// What the image says when none is asked for.
    tokens: Option<HttpTokens>,
    deletion_protection: bool,
    /// When the servers are released by themselves.
    release_at: Option<Timestamp>,
    tags: Vec<Tag>,
    amount: u32,
    /// True for servers that run as soon as they are made.
    and_start: bool,
    token: Option<ClientToken>,
    dry_run: bool,
}

impl Launch {
    /// Reads a call for servers that run at once.
    pub(super) fn of_several(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let amount = amount(params)?;
        let names = Names::of_several(params, amount)?;
        let now = cx.services.engine.clock().now();
        let launch = Self::read(params, cx, names, place::groups(params)?)?;
        launch.place.check_for(amount)?;
        Ok(Self { amount, and_start: true, release_at: release_time(params, now)?, ..launch })
    }

    /// Reads a call for one server that stays at rest.
    pub(super) fn of_one(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let group = required(params, "SecurityGroupId", Code::SecurityGroupIdNotFound)?;
        Self::read(params, cx, Names::of_one(params)?, vec![group])
    }

    /// Reads what both calls have.
    fn read(params: &Params, cx: &Cx, names: Names, groups: Vec<SecurityGroupId>) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFoundForTags)?;
        let source = match (params.get("ImageId"), params.get("ImageFamily")) {
            (Some(_), Some(_)) => return Err(Code::ImageFamilyBesideId.error()),
            (Some(id), None) => Source::Image(id.parse().map_err(|_| Code::ImageIdNotFound)?),
            (None, Some(family)) => Source::Family(family.parse().map_err(|_| ApiError::invalid("ImageFamily"))?),
            (None, None) => return Err(ApiError::missing("ImageId")),
        };
        let instance_type = params.get("InstanceType").ok_or_else(|| ApiError::missing("InstanceType"))?;
        let instance_type = InstanceType::find(instance_type).map_err(|_| Code::InstanceTypeNotFound)?;
        let place = WantedPlace::read(params, cx, &region, groups)?;
        if params.get("ResourceGroupId").is_some() {
            return Err(Code::ResourceGroupNotFound.error());
        }
        let bandwidth = |name: &str, most: u32, bad: Code| {
            let value: Option<i64> = optional(params, name, bad)?;
            let is_fit = |value: &i64| (-1..=i64::from(most)).contains(value);
            match value {
                Some(value) if !is_fit(&value) => Err(bad.error()),
                Some(value) => Ok(u32::try_from(value).unwrap_or(0)),
                None => Ok(0),
            }
        };
        Ok(Self {
            source,
            instance_type,
            place,
            names,
            description: description(params, Code::InstanceDescriptionMalformed)?,
            disks: WantedDisks::read(params)?,
            key_pair: optional(params, "KeyPairName", Code::KeyPairNameNotFound404)?,
            password: optional(params, "Password", Code::PasswordMalformed)?,
            user_data: user_data(params)?,
            bandwidth_in: bandwidth("InternetMaxBandwidthIn", 1000, Code::BandwidthInMalformed)?,
            bandwidth_out: bandwidth("InternetMaxBandwidthOut", 200, Code::BandwidthOutMalformed)?,
            internet_charge: optional(params, "InternetChargeType", Code::InternetChargeTypeInvalid)?
                .unwrap_or(InternetChargeType::ByTraffic),
            endpoint: optional(params, "HttpEndpoint", Code::HttpEndpointInvalid)?.unwrap_or(HttpEndpoint::Enabled),
            tokens: optional(params, "HttpTokens", Code::HttpTokensInvalid)?,
            deletion_protection: input::flag(params, "DeletionProtection")?,
            release_at: None,
            tags: input::tags(params, Code::TagKeyDuplicate)?,
            amount: 1,
            and_start: false,
            token: optional(params, "ClientToken", Code::ClientTokenInvalid)?,
            dry_run: input::flag(params, "DryRun")?,
            region,
        })
    }

    /// What the caller must be allowed.
    pub(super) fn access(verb: &'static str) -> Vec<Access> {
        vec![Access { verb, resource: "*".to_owned() }]
    }

    /// Makes the servers, once for a client token, and returns their ids.
    pub(super) async fn run(self, cx: &Allowed<'_>, action: &'static str) -> ApiResult<Vec<InstanceId>> {
        let (account, engine) = (cx.account(), cx.engine().clone());
        let zones = cx.services().catalogue.zones(&self.region);
        let (region, token) = (self.region.clone(), self.token.clone());
        let mismatch = Code::IdempotentParameterMismatch;
        let make = move |tx: &mut Tx<'_>| self.make(tx, &engine, account, &zones);
        let made = once(cx, (&region, action), (token, mismatch), make).await?;
        cx.engine().wake_keeper();
        Ok(made)
    }

    fn make(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        account: AccountId,
        zones: &[String],
    ) -> ApiResult<Vec<InstanceId>> {
        let image = self.image(tx, account)?;
        self.check_image(&image)?;
        self.names.check_for(image.os_type)?;
        let network = self.place.find(tx, (account, &self.region), zones, self.amount)?;
        if network.vswitch.is_none() && !self.user_data.is_empty() {
            return Err(Code::UserDataNeedsNetwork.error());
        }
        key_pairs::check(tx, (account, &self.region), self.key_pair.as_ref(), Code::KeyPairNameNotFound404)?;
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        (0..self.amount).map(|n| self.make_one(tx, engine, account, (&image, &network), n)).collect()
    }

    fn image(&self, tx: &mut Tx<'_>, account: AccountId) -> ApiResult<Image> {
        let found = match &self.source {
            Source::Image(id) => {
                visible::for_use(tx, account, &self.region, id)?.filter(|image| image.status.is_usable())
            }
            Source::Family(family) => {
                let newest = visible::newest_of_family(tx, account, &self.region, family.as_str())?;
                return newest.ok_or_else(|| Code::ImageFamilyEmpty.error());
            }
        };
        found.ok_or_else(|| Code::ImageIdNotFound.error())
    }

    fn check_image(&self, image: &Image) -> ApiResult<()> {
        if self.instance_type.nvme && image.features.nvme == NvmeSupport::Unsupported {
            return Err(Code::ImageNotForInstanceType.error());
        }
        if self.key_pair.is_some() && image.os_type == OsType::Windows {
            return Err(Code::ImageNotForInstanceType.error());
        }
        Ok(())
    }

    fn make_one(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        account: AccountId,
        (image, network): (&Image, &Network),
        n: u32,
    ) -> ApiResult<InstanceId> {
        let (entropy, now) = (engine.entropy(), engine.clock().now());
        let id = InstanceId::generate(entropy);
        let mut mac = [0; 3];
        entropy.fill(&mut mac);
        let place = Place {
            vpc: network.vswitch.as_ref().map(|vswitch| vswitch.vpc.clone()),
            vswitch: network.vswitch.as_ref().map(|vswitch| vswitch.id.clone()),
            private_ip: self.place.address(tx, network)?,
            mac: MacAddress::new(mac),
            interface: NetworkInterfaceId::generate(entropy),
            groups: self.place.groups.clone(),
            host_address: take(tx, entropy, id.as_str())?,
            // CreateInstance gives no public address; AllocatePublicIpAddress does.
            is_public: self.and_start && 0 < self.bandwidth_out,
            eip: None,
        };
        let instance = Instance {
            owner: account,
            region: self.region.clone(),
            zone: network.zone.clone(),
            market: Market::Ecs,
            name: self.names.server(&id, n)?,
            description: self.description.clone(),
            host_name: self.names.host((&id, image.os_type), n)?,
            image: image.id.clone(),
            os_type: image.os_type,
            os_name: image.platform.to_string(),
            architecture: image.architecture,
            boot_mode: image.boot_mode,
            nvme: self.instance_type.nvme,
            instance_type: self.instance_type.id.to_owned(),
            cpus: self.instance_type.cpus,
            memory_mib: self.instance_type.memory_mib,
            status: InstanceStatus::Pending,
            reason: String::new(),
            force: false,
            and_start: self.and_start,
            key_pair: self.key_pair.clone(),
            password: self.password.as_ref().map(ToString::to_string),
            user_data: self.user_data.clone(),
            place,
            bandwidth_in: self.bandwidth_in,
            bandwidth_out: self.bandwidth_out,
            internet_charge: self.internet_charge,
            metadata: MetadataOptions {
                endpoint: self.endpoint,
                tokens: self.tokens.unwrap_or(match image.features.imds {
                    ImdsSupport::V1 => HttpTokens::Optional,
                    ImdsSupport::V2 => HttpTokens::Required,
                }),
            },
            serial: RequestId::generate(entropy).as_str().to_ascii_lowercase(),
            node: engine.node().to_owned(),
            deletion_protection: self.deletion_protection,
            release_at: self.release_at,
            tags: self.tags.clone(),
            created: now,
            started: None,
            expires: None,
            plan_disk_gib: 0,
            id: id.clone(),
        };
        let seq = engine.age_sequence(now);
        for (n, disk) in (0..).zip(self.disks.plan(tx, engine, &instance, image)?) {
            insert_disk(tx, &disk, seq + n)?;
        }
        resources::insert(tx, &instance, seq)?;
        Ok(id)
    }
}

/// Reads when the servers are to be released: half an hour from now at the earliest, three years at the latest
/// (RunInstances, `AutoReleaseTime`). Seconds do not count.
fn release_time(params: &Params, now: Timestamp) -> ApiResult<Option<Timestamp>> {
    let Some(text) = params.get("AutoReleaseTime") else { return Ok(None) };
    let time = Timestamp::parse_seconds_or_minutes(text);
    let minute = time.map(|time| time.plus_millis(-(time.as_millis().rem_euclid(MINUTE))));
    let is_fit = |time: &Timestamp| {
        let ahead = time.as_millis() - now.as_millis();
        // The minute that has begun counts.
        (SOONEST_RELEASE - MINUTE < ahead) && (ahead <= LATEST_RELEASE)
    };
    minute.filter(is_fit).map(Some).ok_or_else(|| Code::AutoReleaseTimeMalformed.error())
}

/// User data in Base64. It is kept as it came: that is what DescribeUserData answers.
pub(crate) fn user_data(params: &Params) -> ApiResult<String> {
    use base64::Engine as _;
    let text = params.get("UserData").unwrap_or_default();
    let decoded = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| Code::UserDataMalformed)?;
    if LONGEST_USER_DATA < decoded.len() { Err(Code::UserDataTooLong.error()) } else { Ok(text.to_owned()) }
}

/// Reads how many servers are wanted: `Amount`, and `MinAmount` that must not be more.
fn amount(params: &Params) -> ApiResult<u32> {
    let amount: u32 = optional(params, "Amount", Code::AmountInvalid)?.unwrap_or(1);
    if !(1..=model::quota::INSTANCES_PER_CALL).contains(&amount) {
        return Err(Code::AmountInvalid.error());
    }
    let least: Option<u32> = optional(params, "MinAmount", Code::MinAmountInvalid)?;
    if least.is_some_and(|least| least == 0 || amount < least) {
        return Err(Code::MinAmountInvalid.error());
    }
    Ok(amount)
}

/// The id of a server that a call must name.
pub(crate) fn instance_id(params: &Params) -> ApiResult<InstanceId> {
    required(params, "InstanceId", Code::InstanceIdNotFound)
}
