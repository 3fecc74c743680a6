//! `CreateCustomImage`: the snapshot of a server's system disk becomes an image, with the snapshot of its data disk if one
//! is named.
//!
//! Nothing is copied: the image names the same bytes. An image belongs to its server, whatever else is made of it.

use engine::flows::capture::{self, Work};
use meta::quotas;
use meta::resources::{self, Stored};
use meta::{Tx, images, manifests};
use model::image::SYSTEM_DEVICE;
use model::quota::Quota;
use model::swas::CustomImage;
use model::{
    AccountId, Description, Image, ImageFeatures, ImageId, ImageName, ImageStatus, ImdsSupport, Instance, LicenseType,
    NvmeSupport, Platform, Snapshot, SnapshotId, SnapshotStatus, SwasImageName, Tag, Timestamp,
};
use serde_json::{Value, json};
use wire::Params;

use super::common::{self, Call, at_rest, server, servers};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::create_image::{link, mapping};
use crate::input::{description, optional};
use crate::resource::own;

/// The device of the data disk.
const DATA_DEVICE: &str = "/dev/xvdb";

/// The call.
pub(crate) struct CreateCustomImage {
    call: Call,
    instance: String,
    name: ImageName,
    description: Description,
    system: Option<SnapshotId>,
    data: Option<SnapshotId>,
    resource_group: String,
    tags: Vec<Tag>,
}

impl Action for CreateCustomImage {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "CreateCustomImage",
        summary: "Make a custom image of a snapshot.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasInstanceStatusIncorrect,
            Code::SwasImageNameIllegal,
            Code::SwasImageNameTaken,
            Code::SwasImageQuotaExceeded,
            Code::SwasSystemSnapshotNotFound,
            Code::SwasSystemSnapshotNotSupported,
            Code::SwasDataSnapshotNotFound,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let missing = |name: &str| ApiError::missing(name);
        let call = Call::read(params, cx)?;
        let instance = params.get("InstanceId").ok_or_else(|| missing("InstanceId"))?.to_owned();
        let name = params.get("ImageName").ok_or_else(|| missing("ImageName"))?;
        let name: SwasImageName = name.parse().map_err(|_| Code::SwasImageNameIllegal)?;
        Ok(Self {
            call,
            instance,
            name: name.into(),
            // The document gives no code for a bad one.
            description: description(params, Code::InvalidParameter)?,
            system: optional(params, "SystemSnapshotId", Code::SwasSystemSnapshotNotFound)?,
            data: optional(params, "DataSnapshotId", Code::SwasDataSnapshotNotFound)?,
            // The service's own metadata spell it both ways.
            resource_group: params
                .get("ResourceGroupId")
                .or_else(|| params.get("ResoureGroupId"))
                .unwrap_or_default()
                .to_owned(),
            tags: common::tags(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:CreateCustomImage", "customimage/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, engine) = (cx.account().at_swas(), cx.engine());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), ImageId::generate(engine.entropy()));
        let silent = capture::silent(engine, owner);
        let call = self.call.clone();
        let work = move |tx: &mut Tx<'_>| {
            let server = server(tx, owner, &self.call.region, &self.instance)?.record;
            if !at_rest(&server, now) {
                return Err(Code::SwasInstanceStatusIncorrect.error());
            }
            let system = self.system_snapshot(tx, &server)?;
            let data = self.data_snapshot(tx, &server)?;
            self.check_room(tx, owner)?;
            let image = self.image(tx, &id, (&server, &system.record, data.as_ref()), now)?;
            if !images::insert(tx, &image, seq)? {
                return Err(Code::SwasImageNameTaken.error());
            }
            for disk in &image.disks {
                manifests::hold(tx, &disk.manifest, id.as_str())?;
            }
            link(tx, &system, &id)?;
            data.iter().try_for_each(|data| link(tx, data, &id))?;
            let origin = origin(tx, &image, &server)?;
            resources::insert(tx, &origin, seq)?;
            capture::begin(tx, silent.clone(), Work { image: Some(id.clone()), parts: Vec::new() }, "")?;
            Ok(json!({"ImageId": id}))
        };
        let made = call.once(&cx, Self::SPEC.name, work).await?;
        engine.wake();
        Ok(made)
    }
}

impl CreateCustomImage {
    /// The snapshot of the server's system disk. The parameter is not marked as required, and nothing can be made without.
    fn system_snapshot(&self, tx: &mut Tx<'_>, server: &Instance) -> ApiResult<Stored<Snapshot>> {
        let missing = Code::SwasSystemSnapshotNotFound;
        let found = self.snapshot(tx, server, self.system.as_ref().ok_or(missing)?, missing)?;
        let is_ready = found.record.status == SnapshotStatus::Accomplished;
        if is_ready && found.record.is_system() { Ok(found) } else { Err(Code::SwasSystemSnapshotNotSupported.error()) }
    }

    /// The snapshot of the server's data disk, when one is named.
    fn data_snapshot(&self, tx: &mut Tx<'_>, server: &Instance) -> ApiResult<Option<Stored<Snapshot>>> {
        let Some(id) = &self.data else { return Ok(None) };
        let found = self.snapshot(tx, server, id, Code::SwasDataSnapshotNotFound)?;
        let is_ready = found.record.status == SnapshotStatus::Accomplished;
        if is_ready && !found.record.is_system() {
            Ok(Some(found))
        } else {
            Err(Code::SwasDataSnapshotNotFound.error())
        }
    }

    fn snapshot(
        &self,
        tx: &mut Tx<'_>,
        server: &Instance,
        id: &SnapshotId,
        missing: Code,
    ) -> ApiResult<Stored<Snapshot>> {
        let found = own::<Snapshot>(tx, server.owner, &self.call.region, id.as_str(), missing)?;
        // A snapshot of another server is none of this one's.
        if found.record.instance.as_ref() == Some(&server.id) { Ok(found) } else { Err(missing.error()) }
    }

    fn check_room(&self, tx: &mut Tx<'_>, owner: AccountId) -> ApiResult<()> {
        let region = &self.call.region;
        if images::by_name(tx, owner, region, &self.name)?.is_some() {
            return Err(Code::SwasImageNameTaken.error());
        }
        let each = quotas::limit(tx, owner, Quota::SwasImagesPerServer)?;
        let room = quotas::limit(tx, owner, Quota::SwasImages)?.min(each * servers(tx, owner, region)?);
        if room <= images::total(tx, owner, region)? {
            return Err(Code::SwasImageQuotaExceeded.error());
        }
        Ok(())
    }

    /// The image to be. What it runs on, the image says that the disk was made from; what the server is, where that is gone.
    fn image(
        &self,
        tx: &mut Tx<'_>,
        id: &ImageId,
        (server, system, data): (&Instance, &Snapshot, Option<&Stored<Snapshot>>),
        now: Timestamp,
    ) -> ApiResult<Image> {
        let source = match &system.source_image {
            None => None,
            Some(source) => images::get(tx, source)?.map(|stored| stored.image),
        };
        let from = source.as_ref();
        let mut disks = vec![mapping(system, SYSTEM_DEVICE, system.source_size_gib)];
        disks.extend(data.map(|data| mapping(&data.record, DATA_DEVICE, data.record.source_size_gib)));
        let unknown = ImageFeatures { nvme: NvmeSupport::Unsupported, imds: ImdsSupport::V1 };
        Ok(Image {
            id: id.clone(),
            owner: server.owner,
            region: self.call.region.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            family: None,
            version: String::new(),
            status: ImageStatus::Waiting,
            progress: 0,
            architecture: from.map_or(server.architecture, |from| from.architecture),
            os_type: from.map_or(server.os_type, |from| from.os_type),
            platform: from.map_or(server.os_name.parse().unwrap_or(Platform::OthersLinux), |from| from.platform),
            boot_mode: from.map_or(server.boot_mode, |from| from.boot_mode),
            license: from.map_or(LicenseType::Auto, |from| from.license),
            features: from.map_or(unknown, |from| from.features),
            detection: None,
            disks,
            tags: self.tags.clone(),
            resource_group: self.resource_group.clone(),
            task: None,
            is_copied: false,
            copied_from: None,
            is_public: false,
            is_system: false,
            created: now,
        })
    }
}

/// What is remembered of where the image comes from.
fn origin(tx: &mut Tx<'_>, image: &Image, server: &Instance) -> ApiResult<CustomImage> {
    let source = images::get(tx, &server.image)?.map(|stored| stored.image);
    let text = |take: fn(Image) -> String| source.clone().map_or_else(String::new, take);
    Ok(CustomImage {
        id: image.id.clone(),
        owner: image.owner,
        region: image.region.clone(),
        name: image.name.clone(),
        instance: server.id.clone(),
        instance_name: server.name.to_string(),
        source: (text(|source| source.name.to_string()), text(|source| source.version)),
        system_snapshot: image.disks[0].snapshot.clone(),
        data_snapshot: image.disks.get(1).map(|disk| disk.snapshot.clone()),
        resource_group: image.resource_group.clone(),
        in_ecs: false,
        tags: image.tags.clone(),
        created: image.created,
    })
}
