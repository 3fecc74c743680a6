//! A world that holds a resource of every kind in every state that it can be in, each under a name.

use std::collections::HashMap;

use engine::buckets::NewObject;
use meta::{Scope, images, manifests};
use model::image::EVERYWHERE;
use model::{AccountId, Image, ImageId};
use serde_json::{Value, json};

use super::samples::{self, Sample};
use crate::support::{IMPORT, KEY, OTHER_KEY, World};

/// The image that the operator offers to all.
pub const SYSTEM_IMAGE: &str = "debian_12_x64_20G.vhd";

const ECS: &str = "2014-05-26";
const SWAS: &str = "2020-06-01";
const RAM: &str = "2015-05-01";

/// A trust policy that lets the whole account assume the role.
pub fn trust(account: AccountId) -> String {
    format!(
        r#"{{"Version":"1","Statement":[{{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{{"RAM":["acs:ram::{account}:root"]}}}}]}}"#
    )
}

/// A policy document.
pub const DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:*","Resource":"*"}]}"#;

/// A public key.
pub const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4kGGjBrk3VLBPyR9L8wzYYsxYQBWyZcR9vN1wZUKhC conformance";

/// A world and the names in it.
pub struct Fixture {
    pub world: World,
    names: HashMap<String, String>,
}

/// A part of the fixture; later ones stand on earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Networks, groups, addresses, key pairs.
    Networks,
    /// Users, groups, roles, policies, keys.
    Identities,
    /// Servers and disks; on networks.
    Servers,
    /// Snapshots; of servers.
    Snapshots,
    /// Images in every state; one is of a snapshot.
    Images,
    /// Simple Application Server.
    Swas,
    /// What is still under way; on everything of ECS.
    UnderWay,
}

impl Part {
    /// Every part.
    pub const ALL: &[Self] =
        &[Self::Networks, Self::Identities, Self::Servers, Self::Snapshots, Self::Images, Self::Swas, Self::UnderWay];

    /// The part that has what a name stands for; none for what is always there.
    fn of(name: &str) -> Option<Self> {
        Some(match name.split('.').next().unwrap_or_default() {
            "vpc" | "vswitch" | "group" | "eip" | "keypair" => Self::Networks,
            "role" | "userkey" | "diagnosis" | "assumer" => Self::Identities,
            "instance" | "disk" => Self::Servers,
            "snapshot" => Self::Snapshots,
            "task" | "image" => match name {
                "image" | "image.system" => return None,
                "image.creating" | "image.copying" | "task.running" => Self::UnderWay,
                _ => Self::Images,
            },
            kind if kind.starts_with("swas-") => Self::Swas,
            _ => return None,
        })
    }

    /// The parts that it stands on.
    fn below(self) -> &'static [Self] {
        match self {
            Self::Networks | Self::Identities | Self::Swas => &[],
            Self::Servers => &[Self::Networks],
            Self::Snapshots => &[Self::Networks, Self::Servers],
            Self::Images => &[Self::Networks, Self::Servers, Self::Snapshots],
            Self::UnderWay => &[Self::Networks, Self::Servers, Self::Snapshots, Self::Images],
        }
    }

    /// What a call needs, from the names in it.
    pub fn needed(product: &str, sample: Sample) -> Vec<Self> {
        let mut parts: Vec<Self> = samples::names(sample).into_iter().filter_map(Self::of).collect();
        if matches!(product, "ram" | "sts") {
            parts.push(Self::Identities);
        }
        if sample.iter().any(|(_, template)| *template == "family") {
            parts.push(Self::Images);
        }
        let below: Vec<Self> = parts.iter().flat_map(|part| part.below()).copied().collect();
        parts.extend(below);
        parts.sort();
        parts.dedup();
        parts
    }
}

impl Fixture {
    /// Makes these parts, and what is always there: an image, an image of the operator's, a bucket with a disk, roles for
    /// importing and exporting, and a user who may nothing.
    pub async fn new(parts: &[Part]) -> Self {
        let (world, image) = World::with_servers().await;
        let mut this = Self { world, names: HashMap::new() };
        this.name("image", image);
        this.publish_system_image().await;
        this.world.role("AliyunECSImageExportDefaultRole", "AliyunECSImageExportRolePolicy").await;
        let powerless = this.world.user("powerless", r#"{"Effect":"Allow","Action":"none:*","Resource":"*"}"#).await;
        this.name("powerless", powerless);
        for part in parts {
            match part {
                Part::Networks => this.networks().await,
                Part::Identities => this.identities().await,
                Part::Servers => this.servers().await,
                Part::Snapshots => this.snapshots().await,
                Part::Images => this.images().await,
                Part::Swas => this.swas().await,
                Part::UnderWay => this.under_way().await,
            }
        }
        this
    }

    /// No flow runs after this.
    async fn under_way(&mut self) {
        let creating = self.ok(ECS, "ImportImage", &import("creating")).await;
        self.name("image.creating", text(&creating["ImageId"]));
        self.name("task.running", text(&creating["TaskId"]));
        let source = self.get("image.plain");
        let copy = [("DestinationRegionId", "us-west-1"), ("DestinationImageName", "on-its-way")];
        let copied = self.ok(ECS, "CopyImage", &[&[("ImageId", source.as_str())][..], &copy].concat()).await;
        self.name("image.copying", text(&copied["ImageId"]));
        let disk = self.get("disk.free");
        let progressing = self.ok(ECS, "CreateSnapshot", &[("DiskId", &disk)]).await;
        self.name("snapshot.progressing", text(&progressing["SnapshotId"]));
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> String {
        self.names.get(name).unwrap_or_else(|| panic!("the fixture has no {name}")).clone()
    }

    /// The names of everything of a kind, with their values: `image`, `image.creating` and so on.
    pub fn of_kind(&self, kind: &str) -> Vec<(String, String)> {
        let is_of = |name: &str| name == kind || name.strip_prefix(kind).is_some_and(|rest| rest.starts_with('.'));
        let mut found: Vec<(String, String)> =
            self.names.iter().filter(|(name, _)| is_of(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        found.sort();
        found
    }

    /// A text with `{name}` replaced by its value.
    pub fn fill(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for (name, value) in &self.names {
            let place = format!("{{{name}}}");
            if text.contains(&place) {
                text = text.replace(&place, value);
            }
        }
        text
    }

    fn name(&mut self, name: &str, value: impl Into<String>) {
        self.names.insert(name.to_owned(), value.into());
    }

    /// Calls an action of the main account that must succeed.
    pub async fn ok(&self, version: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.ok_as(KEY, version, action, params).await
    }

    async fn ok_as(&self, key: &str, version: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let mut params = params.to_vec();
        if matches!(version, ECS | SWAS) && params.iter().all(|(name, _)| *name != "RegionId") {
            params.push(("RegionId", "cn-hangzhou"));
        }
        let (status, body) = self.world.call_as(key, version, action, &params).await;
        assert_eq!(status, 200, "{action} of the fixture: {body}");
        body
    }

    async fn until(&self, version: &str, action: &str, params: &[(&str, &str)], path: &str, expected: &str) {
        for _ in 0..2_000 {
            let shown = self.ok(version, action, params).await;
            if shown.pointer(path).is_some_and(|value| value == expected) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{action} {params:?} never showed {expected} at {path}: {}", self.ok(version, action, params).await);
    }

    async fn publish_system_image(&mut self) {
        let from = ImageId::from_record(self.get("image"));
        let publish = self.world.engine.meta().write(Scope::Shared, move |tx| {
            let source = images::get(tx, &from)?.expect("the image is there").image;
            let region = EVERYWHERE.parse().expect("a word is a region");
            let id = ImageId::from_record(SYSTEM_IMAGE.to_owned());
            let offered =
                Image { id, owner: AccountId::SYSTEM, region, is_system: true, task: None, tags: Vec::new(), ..source };
            manifests::hold(tx, &offered.disks[0].manifest, SYSTEM_IMAGE)?;
            images::insert(tx, &offered, 1)
        });
        assert!(publish.await.expect("published"));
        self.name("image.system", SYSTEM_IMAGE);
        self.name("account.other", self.world.other.to_string());
        self.name("account", self.world.account.to_string());
    }

    async fn networks(&mut self) {
        for suffix in ["", ".empty"] {
            let vpc = text(&self.ok(ECS, "CreateVpc", &[("CidrBlock", "172.16.0.0/16")]).await["VpcId"]);
            self.name(&format!("vpc{suffix}"), vpc);
        }
        let vpc = self.get("vpc");
        for (suffix, block) in [("", "172.16.1.0/24"), (".empty", "172.16.2.0/24")] {
            let params = [("VpcId", vpc.as_str()), ("CidrBlock", block), ("ZoneId", "cn-hangzhou-a")];
            let vswitch = text(&self.ok(ECS, "CreateVSwitch", &params).await["VSwitchId"]);
            self.name(&format!("vswitch{suffix}"), vswitch);
            let group = text(&self.ok(ECS, "CreateSecurityGroup", &[("VpcId", &vpc)]).await["SecurityGroupId"]);
            self.name(&format!("group{suffix}"), group);
        }
        let rule = [
            ("SecurityGroupId", self.get("group")),
            ("IpProtocol", "tcp".into()),
            ("PortRange", "22/22".into()),
            ("SourceCidrIp", "0.0.0.0/0".into()),
        ];
        let rule: Vec<(&str, &str)> = rule.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ok(ECS, "AuthorizeSecurityGroup", &rule).await;
        for suffix in ["", ".free", ".bound"] {
            let eip = text(&self.ok(ECS, "AllocateEipAddress", &[]).await["AllocationId"]);
            self.name(&format!("eip{suffix}"), eip);
            let name = format!("key{}", suffix.replace('.', "-"));
            self.ok(ECS, "ImportKeyPair", &[("KeyPairName", &name), ("PublicKeyBody", PUBLIC_KEY)]).await;
            self.name(&format!("keypair{suffix}"), name);
        }
    }

    async fn identities(&mut self) {
        let trust = trust(self.world.account);
        for name in ["builder", "idle"] {
            self.ok(RAM, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]).await;
            self.name(&format!("role.{name}"), format!("acs:ram::{}:role/{name}", self.world.account));
            self.ok(RAM, "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", DOCUMENT)]).await;
            self.ok(RAM, "CreateUser", &[("UserName", name)]).await;
            self.ok(RAM, "CreateGroup", &[("GroupName", name)]).await;
        }
        let version = [("PolicyName", "builder"), ("PolicyDocument", DOCUMENT)];
        self.ok(RAM, "CreatePolicyVersion", &version).await;
        let policy = [("PolicyName", "builder"), ("PolicyType", "Custom")];
        for (action, name) in [
            ("AttachPolicyToRole", "RoleName"),
            ("AttachPolicyToUser", "UserName"),
            ("AttachPolicyToGroup", "GroupName"),
        ] {
            self.ok(RAM, action, &[&policy[..], &[(name, "builder")]].concat()).await;
        }
        self.ok(RAM, "AddUserToGroup", &[("UserName", "builder"), ("GroupName", "builder")]).await;
        let key = self.ok(RAM, "CreateAccessKey", &[("UserName", "builder")]).await;
        self.name("userkey", text(&key["AccessKey"]["AccessKeyId"]));
        self.name("userkey.secret", text(&key["AccessKey"]["AccessKeySecret"]));
        // A denial leaves a message that can be read out.
        let nobody = self.world.user("nobody", r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#).await;
        let (_, denied) = self.world.call_as(&nobody, ECS, "DescribeImages", &[("RegionId", "cn-hangzhou")]).await;
        self.name("diagnosis", text(&denied["AccessDeniedDetail"]["EncodedDiagnosticMessage"]));
        let assumer = self.world.user("assumer", r#"{"Effect":"Allow","Action":"sts:*","Resource":"*"}"#).await;
        self.name("assumer", assumer);
    }

    async fn launch(&self, more: &[(&str, &str)]) -> String {
        let (image, vswitch, group) = (self.get("image"), self.get("vswitch"), self.get("group"));
        let params = [
            ("ImageId", image.as_str()),
            ("InstanceType", "ecs.t5-lc1m1.small"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
        ];
        text(&self.ok(ECS, "RunInstances", &[&params, more].concat()).await["InstanceIdSets"]["InstanceIdSet"][0])
    }

    async fn instance_until(&self, id: &str, status: &str) {
        let ids = json!([id]).to_string();
        self.until(ECS, "DescribeInstances", &[("InstanceIds", &ids)], "/Instances/Instance/0/Status", status).await;
    }

    async fn servers(&mut self) {
        let data = [("DataDisk.1.Size", "20"), ("DataDisk.1.Category", "cloud_essd"), ("InternetMaxBandwidthOut", "1")];
        let running = self.launch(&[&data[..], &[("KeyPairName", "key")]].concat()).await;
        let stopped = self.launch(&data).await;
        let gone = self.launch(&[]).await;
        for id in [&running, &stopped, &gone] {
            self.instance_until(id, "Running").await;
        }
        self.ok(ECS, "StopInstance", &[("InstanceId", &stopped), ("ForceStop", "true")]).await;
        self.instance_until(&stopped, "Stopped").await;
        self.ok(ECS, "DeleteInstance", &[("InstanceId", &gone), ("Force", "true")]).await;
        for (name, id) in [("instance", &running), ("instance.stopped", &stopped)] {
            self.name(name, id.clone());
            for (n, kind) in [(0, "system"), (1, "data")] {
                let shown = self.ok(ECS, "DescribeDisks", &[("InstanceId", id), ("DiskType", kind)]).await;
                let disk = text(&shown["Disks"]["Disk"][0]["DiskId"]);
                let state = name.strip_prefix("instance").unwrap_or_default();
                self.name(&format!("disk{state}.{}", ["system", "data"][n]), disk);
            }
        }
        self.name("instance.deleted", gone);
        let private = self.launch(&[("InternetMaxBandwidthOut", "0")]).await;
        let addressed = self.launch(&[("InternetMaxBandwidthOut", "0")]).await;
        for (name, id) in [("instance.private", private), ("instance.addressed", addressed)] {
            self.instance_until(&id, "Running").await;
            self.name(name, id);
        }
        // It has bandwidth, and an address when somebody asks for one.
        let (image, vswitch, group) = (self.get("image"), self.get("vswitch"), self.get("group"));
        let params = [
            ("ImageId", image.as_str()),
            ("InstanceType", "ecs.t5-lc1m1.small"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
            ("InternetMaxBandwidthOut", "1"),
        ];
        let made = text(&self.ok(ECS, "CreateInstance", &params).await["InstanceId"]);
        self.instance_until(&made, "Stopped").await;
        self.name("instance.unaddressed", made);
        let (eip, addressed) = (self.get("eip.bound"), self.get("instance.addressed"));
        self.ok(ECS, "AssociateEipAddress", &[("AllocationId", &eip), ("InstanceId", &addressed)]).await;
        for suffix in ["free", "free.quiet", "deleted"] {
            let params = [("ZoneId", "cn-hangzhou-a"), ("Size", "20"), ("DiskCategory", "cloud_essd")];
            let disk = text(&self.ok(ECS, "CreateDisk", &params).await["DiskId"]);
            self.until(
                ECS,
                "DescribeDisks",
                &[("DiskIds", &json!([disk]).to_string())],
                "/Disks/Disk/0/Status",
                "Available",
            )
            .await;
            self.name(&format!("disk.{suffix}"), disk);
        }
        self.ok(ECS, "DeleteDisk", &[("DiskId", &self.get("disk.deleted"))]).await;
    }

    async fn snapshots(&mut self) {
        for (name, disk) in [
            ("snapshot", "disk.system"),
            ("snapshot.data", "disk.data"),
            ("snapshot.stopped", "disk.stopped.system"),
            ("snapshot.stopped.data", "disk.stopped.data"),
            ("snapshot.deleted", "disk.data"),
            ("snapshot.imaged", "disk.system"),
        ] {
            let disk = self.get(disk);
            let made = self.ok(ECS, "CreateSnapshot", &[("DiskId", &disk)]).await;
            self.world.work().await;
            self.name(name, text(&made["SnapshotId"]));
        }
        self.ok(ECS, "DeleteSnapshot", &[("SnapshotId", &self.get("snapshot.deleted"))]).await;
    }

    async fn images(&mut self) {
        for name in ["plain", "retired", "lent", "deleted", "failed"] {
            let made = self.ok(ECS, "ImportImage", &import(name)).await;
            self.name(&format!("image.{name}"), text(&made["ImageId"]));
            self.world.work().await;
            self.name("task", text(&made["TaskId"]));
        }
        self.world.meddle(&self.get("image.failed"), |image| image.status = model::ImageStatus::CreateFailed).await;
        self.ok(ECS, "DeleteImage", &[("ImageId", &self.get("image.deleted"))]).await;
        let other = self.get("account.other");
        self.ok(ECS, "ModifyImageSharePermission", &[("ImageId", &self.get("image.lent")), ("AddAccount.1", &other)])
            .await;
        let family = [("ImageId", self.get("image.plain")), ("ImageFamily", "family".into())];
        self.ok(ECS, "ModifyImageAttribute", &[(family[0].0, &family[0].1), (family[1].0, &family[1].1)]).await;
        self.ok(ECS, "ModifyImageAttribute", &[("ImageId", &self.get("image.retired")), ("Status", "Deprecated")])
            .await;
        let snapshot = self.get("snapshot.imaged");
        let made = self.ok(ECS, "CreateImage", &[("SnapshotId", &snapshot), ("ImageName", "of-a-snapshot")]).await;
        self.world.work().await;
        self.name("image.made", text(&made["ImageId"]));
        // What others share, and what they show to all.
        let bucket = self.world.bucket(self.world.other, "others-disks", "cn-hangzhou").await;
        self.world.put(&bucket, NewObject::plain("disk.raw"), vec![9; 1 << 20]).await;
        for (action, params) in [
            (
                "CreateRole",
                vec![("RoleName", "AliyunECSImageImportDefaultRole"), ("AssumeRolePolicyDocument", TRUST_ECS)],
            ),
            (
                "AttachPolicyToRole",
                vec![
                    ("RoleName", "AliyunECSImageImportDefaultRole"),
                    ("PolicyName", "AliyunECSImageImportRolePolicy"),
                    ("PolicyType", "System"),
                ],
            ),
        ] {
            self.ok_as(OTHER_KEY, RAM, action, &params).await;
        }
        for name in ["shared", "community", "foreign"] {
            let params = [
                ("ImageName", name),
                ("DiskDeviceMapping.1.OSSBucket", "others-disks"),
                ("DiskDeviceMapping.1.OSSObject", "disk.raw"),
            ];
            let made = self.ok_as(OTHER_KEY, ECS, "ImportImage", &params).await;
            self.world.work().await;
            self.name(&format!("image.{name}"), text(&made["ImageId"]));
        }
        let (shared, me) = (self.get("image.shared"), self.get("account"));
        let params = [("ImageId", shared.as_str()), ("AddAccount.1", &me)];
        self.ok_as(OTHER_KEY, ECS, "ModifyImageSharePermission", &params).await;
        let community = self.get("image.community");
        let params = [("ImageId", community.as_str()), ("IsPublic", "true")];
        self.ok_as(OTHER_KEY, ECS, "ModifyImageSharePermission", &params).await;
    }

    async fn swas(&mut self) {
        let plan = [("ImageId", SYSTEM_IMAGE), ("PlanId", "swas.s2.c2m2s40b3"), ("Period", "1"), ("Amount", "3")];
        let made = self.ok(SWAS, "CreateInstances", &plan).await;
        for (n, name) in ["swas-instance", "swas-instance.stopped", "swas-instance.fresh"].into_iter().enumerate() {
            let id = text(&made["InstanceIds"][n]);
            let ids = json!([id]).to_string();
            self.until(SWAS, "ListInstances", &[("InstanceIds", &ids)], "/Instances/0/Status", "Running").await;
            if name.ends_with("stopped") {
                self.ok(SWAS, "StopInstance", &[("InstanceId", &id)]).await;
                self.until(SWAS, "ListInstances", &[("InstanceIds", &ids)], "/Instances/0/Status", "Stopped").await;
            }
            let shown = self.ok(SWAS, "ListInstances", &[("InstanceIds", &ids)]).await;
            let suffix = name.strip_prefix("swas-instance").unwrap_or_default();
            self.name(&format!("swas-disk{suffix}"), text(&shown["Instances"][0]["Disks"][0]["DiskId"]));
            self.name(name, id);
        }
        for (name, disk) in [("", "swas-disk"), (".used", "swas-disk"), (".stopped", "swas-disk.stopped")] {
            let disk = self.get(disk);
            let params = [("DiskId", disk.as_str()), ("SnapshotName", &format!("snap{}", name.replace('.', "-")))];
            let made = self.ok(SWAS, "CreateSnapshot", &params).await;
            self.world.work().await;
            self.name(&format!("swas-snapshot{name}"), text(&made["SnapshotId"]));
        }
        let (server, snapshot) = (self.get("swas-instance"), self.get("swas-snapshot.used"));
        for name in ["", ".shared", ".lent", ".deleted"] {
            let image = format!("custom{}", name.replace('.', "-"));
            let params = [("InstanceId", server.as_str()), ("SystemSnapshotId", &snapshot), ("ImageName", &image)];
            let made = self.ok(SWAS, "CreateCustomImage", &params).await;
            self.world.work().await;
            self.name(&format!("swas-image{name}"), text(&made["ImageId"]));
        }
        self.ok(SWAS, "DeleteCustomImage", &[("ImageId", &self.get("swas-image.deleted"))]).await;
        self.ok(SWAS, "ModifyImageShareStatus", &[("ImageId", &self.get("swas-image.shared")), ("Operation", "Share")])
            .await;
        let (lent, other) = (self.get("swas-image.lent"), self.get("account.other"));
        self.ok(SWAS, "AddCustomImageShareAccount", &[("ImageId", &lent), ("Account.1", &other)]).await;
        let rule = [("InstanceId", server.as_str()), ("RuleProtocol", "TCP"), ("Port", "8080")];
        let made = self.ok(SWAS, "CreateFirewallRule", &rule).await;
        self.name("swas-rule", text(&made["FirewallId"]));
        // Ten calls a minute; the fixture must not use them up.
        self.world.clock.advance_millis(60_000);
    }
}

const TRUST_ECS: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

fn import(name: &str) -> Vec<(&str, &str)> {
    vec![("ImageName", name), IMPORT[1], IMPORT[2]]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
