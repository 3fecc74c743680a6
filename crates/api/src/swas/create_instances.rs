//! `CreateInstances`: buy servers. They run as soon as they are made.

use engine::Engine;
use meta::{Tx, resources};
use model::image::SYSTEM_DEVICE;
use model::instance::{HttpEndpoint, HttpTokens, InternetChargeType, MacAddress, Market, MetadataOptions, Place};
use model::network::SecurityGroup;
use model::quota::{Quota, SWAS_SERVERS_PER_CALL};
use model::{
    AccountId, Disk, DiskCategory, DiskId, DiskStatus, DiskType, Image, ImageId, ImdsSupport, Instance, InstanceId,
    InstanceStatus, NetworkInterfaceId, RequestId, SecurityGroupId, Timestamp,
};
use serde_json::{Value, json};
use wire::Params;

use super::common::{Call, servers, usable_image};
use super::firewall;
use super::plans::Plan;
use crate::action::{Access, Action, Product, Spec};
use crate::address::take;
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::place::private_ip;
use crate::ecs::instances::wanted_disks::insert_disk;
use crate::input::{flag, no_description, optional, required};
use crate::quota;

/// Months that servers are sold for (CreateInstances, `Period`).
const PERIODS: [u32; 6] = [1, 3, 6, 12, 24, 36];

/// Largest data disk, in GiB (CreateInstances, `DataDiskSize`).
const LARGEST_DATA_DISK: u32 = 16_380;

/// A month, in milliseconds, as servers are paid for.
const MONTH: i64 = 30 * 24 * 60 * 60 * 1000;

/// The device of a data disk.
const DATA_DEVICE: &str = "/dev/xvdb";

/// The call.
pub(crate) struct CreateInstances {
    call: Call,
    image: ImageId,
    plan: &'static Plan,
    months: u32,
    amount: u32,
    /// 0 for no data disk but the image's.
    data_gib: u32,
}

impl Action for CreateInstances {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "CreateInstances",
        summary: "Buy servers.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasImageIdNotFound,
            Code::SwasPlanIdNotFound,
            Code::SwasPlanDiskTooSmall,
            Code::SwasPlatformNotMatched,
            Code::SwasPeriodInvalid,
            Code::SwasAutoRenewPeriodInvalid,
            Code::SwasParamInvalid,
            Code::SwasAmountInvalid,
            Code::SwasChargeTypeInvalid,
            Code::SwasDataDiskSizeInvalid,
            Code::SwasQuotaExceeded,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::PrivateIpsUsedUp,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let plan = params.get("PlanId").ok_or_else(|| ApiError::missing("PlanId"))?;
        let months = |name: &str, bad: Code| {
            let months: Option<u32> = optional(params, name, bad)?;
            if months.is_some_and(|months| !PERIODS.contains(&months)) { Err(bad.error()) } else { Ok(months) }
        };
        // Nothing is renewed, but what is asked for must be possible.
        months("AutoRenewPeriod", Code::SwasAutoRenewPeriodInvalid)?;
        flag(params, "AutoRenew").map_err(|_| Code::SwasParamInvalid)?;
        let amount = optional(params, "Amount", Code::SwasAmountInvalid)?.unwrap_or(1);
        if !(1..=SWAS_SERVERS_PER_CALL).contains(&amount) {
            return Err(Code::SwasAmountInvalid.error());
        }
        let data_gib = optional(params, "DataDiskSize", Code::SwasDataDiskSizeInvalid)?.unwrap_or(0);
        if LARGEST_DATA_DISK < data_gib {
            return Err(Code::SwasDataDiskSizeInvalid.error());
        }
        match params.get("ChargeType") {
            None | Some("PrePaid") => {}
            Some(_) => return Err(Code::SwasChargeTypeInvalid.error()),
        }
        Ok(Self {
            call: Call::read(params, cx)?,
            image: required(params, "ImageId", Code::SwasImageIdNotFound)?,
            plan: Plan::find(plan).ok_or(Code::SwasPlanIdNotFound)?,
            months: months("Period", Code::SwasPeriodInvalid)?.ok_or_else(|| ApiError::missing("Period"))?,
            amount,
            data_gib,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:CreateInstances", "*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, engine) = (cx.account().at_swas(), cx.engine().clone());
        let zone = cx.services().catalogue.zones(&self.call.region).into_iter().next().unwrap_or_default();
        let call = self.call.clone();
        let work = move |tx: &mut Tx<'_>| {
            let image = usable_image(tx, owner, &self.call.region, &self.image)?;
            self.check_image(&image)?;
            let all = servers(tx, owner, &self.call.region)? + u64::from(self.amount);
            quota::at_most(tx, owner, Quota::SwasServers, all, Code::SwasQuotaExceeded)?;
            let one = |_| self.make_one(tx, &engine, (owner, &zone), &image);
            let ids = (0..self.amount).map(one).collect::<ApiResult<Vec<InstanceId>>>()?;
            Ok(json!({"InstanceIds": ids}))
        };
        let made = call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().wake_keeper();
        Ok(made)
    }
}

impl CreateInstances {
    fn check_image(&self, image: &Image) -> ApiResult<()> {
        if self.plan.disk_gib < image.size_gib() {
            return Err(Code::SwasPlanDiskTooSmall.error());
        }
        if !self.plan.supports(image.os_type) {
            return Err(Code::SwasPlatformNotMatched.error());
        }
        let data = image.disks.get(1).map_or(0, |disk| disk.size_gib);
        if self.data_gib != 0 && self.data_gib < data {
            return Err(Code::SwasDataDiskSizeInvalid.error());
        }
        Ok(())
    }

    fn make_one(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        (owner, zone): (AccountId, &str),
        image: &Image,
    ) -> ApiResult<InstanceId> {
        let (entropy, now) = (engine.entropy(), engine.clock().now());
        let seq = engine.age_sequence(now);
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let id = InstanceId::from_record(hex::encode(random));
        let group = self.firewall(engine, owner, &id, now);
        let (mut mac, tail) = ([0; 3], &id.as_str()[..6]);
        entropy.fill(&mut mac);
        let instance = Instance {
            owner,
            region: self.call.region.clone(),
            zone: zone.to_owned(),
            market: Market::Swas,
            name: format!("{}-{tail}", image.platform).parse().map_err(ApiError::internal)?,
            description: no_description(),
            host_name: format!("iZ{tail}Z").parse().map_err(ApiError::internal)?,
            image: image.id.clone(),
            os_type: image.os_type,
            os_name: image.platform.to_string(),
            architecture: image.architecture,
            boot_mode: image.boot_mode,
            nvme: false,
            instance_type: self.plan.id.to_owned(),
            cpus: self.plan.cores,
            memory_mib: self.plan.memory_gib << 10,
            status: InstanceStatus::Pending,
            reason: String::new(),
            force: false,
            and_start: true,
            key_pair: None,
            password: None,
            user_data: String::new(),
            place: Place {
                vpc: None,
                vswitch: None,
                private_ip: private_ip(tx, None, None)?,
                mac: MacAddress::new(mac),
                interface: NetworkInterfaceId::generate(entropy),
                groups: vec![group.id.clone()],
                host_address: take(tx, entropy, id.as_str())?,
                is_public: true,
                eip: None,
            },
            bandwidth_in: self.plan.bandwidth,
            bandwidth_out: self.plan.bandwidth,
            internet_charge: InternetChargeType::ByTraffic,
            metadata: MetadataOptions {
                endpoint: HttpEndpoint::Enabled,
                tokens: match image.features.imds {
                    ImdsSupport::V1 => HttpTokens::Optional,
                    ImdsSupport::V2 => HttpTokens::Required,
                },
            },
            serial: RequestId::generate(entropy).as_str().to_ascii_lowercase(),
            node: engine.node().to_owned(),
            deletion_protection: false,
            release_at: None,
            tags: Vec::new(),
            created: now,
            started: None,
            expires: Some(now.plus_millis(i64::from(self.months) * MONTH)),
            plan_disk_gib: self.plan.disk_gib,
            id: id.clone(),
        };
        resources::insert(tx, &group, seq)?;
        for (n, disk) in (0..).zip(self.disks(engine, &instance, image)?) {
            insert_disk(tx, &disk, seq + n)?;
        }
        resources::insert(tx, &instance, seq)?;
        Ok(id)
    }

    /// The server's own group, which holds its firewall's rules.
    fn firewall(&self, engine: &Engine, owner: AccountId, id: &InstanceId, created: Timestamp) -> SecurityGroup {
        SecurityGroup {
            id: SecurityGroupId::generate(engine.entropy()),
            owner,
            region: self.call.region.clone(),
            name: id.to_string(),
            description: no_description(),
            vpc: None,
            kind: "swas".to_owned(),
            rules: firewall::first_rules(engine),
            tags: Vec::new(),
            created,
        }
    }

    /// The system disk, and a data disk where the image has one or one is asked for.
    fn disks(&self, engine: &Engine, instance: &Instance, image: &Image) -> ApiResult<Vec<Disk>> {
        let system = image.disks.first().ok_or(Code::SwasImageIdNotFound)?;
        let mut disks = vec![Disk {
            disk_type: DiskType::System,
            size_gib: self.plan.disk_gib,
            device: SYSTEM_DEVICE.to_owned(),
            image: Some(image.id.clone()),
            source_snapshot: Some(system.snapshot.clone()),
            base: system.manifest.clone(),
            ..data_disk(engine, instance)
        }];
        let from = image.disks.get(1);
        let size_gib = self.data_gib.max(from.map_or(0, |mapping| mapping.size_gib));
        if size_gib != 0 {
            disks.push(Disk {
                size_gib,
                source_snapshot: from.map(|mapping| mapping.snapshot.clone()),
                base: from.map_or_else(String::new, |mapping| mapping.manifest.clone()),
                ..data_disk(engine, instance)
            });
        }
        Ok(disks)
    }
}

/// An empty data disk of a server; its size is the caller's to say.
fn data_disk(engine: &Engine, instance: &Instance) -> Disk {
    Disk {
        id: DiskId::generate(engine.entropy()),
        owner: instance.owner,
        region: instance.region.clone(),
        zone: instance.zone.clone(),
        name: String::new(),
        description: no_description(),
        disk_type: DiskType::Data,
        category: DiskCategory::CloudEssd,
        performance_level: "PL1".to_owned(),
        size_gib: 0,
        status: DiskStatus::InUse,
        instance: Some(instance.id.clone()),
        device: DATA_DEVICE.to_owned(),
        image: None,
        source_snapshot: None,
        base: String::new(),
        epoch: 0,
        node: instance.node.clone(),
        delete_with_instance: true,
        delete_auto_snapshot: true,
        tags: Vec::new(),
        created: instance.created,
        attached: Some(instance.created),
        detached: None,
    }
}
