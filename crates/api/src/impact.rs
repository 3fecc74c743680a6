//! What breaks if an image is deleted, taken from an account, or retired: everything that hangs on it, in every account.
//!
//! A pure read for the operator, who alone sees across accounts. Whether the call would be refused is asked of the very
//! functions that the call itself asks, so that the report and the call cannot come to disagree.

use std::collections::BTreeMap;

use meta::images::{self, Window};
use meta::{Tx, accounts, resources, tasks, visible};
use model::{
    AccountId, Disk, Image, ImageId, ImageName, ImageStatus, Instance, InstanceId, RegionId, Snapshot, TaskStatus,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::code::{ApiResult, Code};
use crate::ecs::delete_image::against_deletion;
use crate::ecs::modify_image_attribute::against_deprecation;

/// Tasks of one image that are looked at: more than ever run on one.
const TASKS: u64 = 100;

/// What is to be done to the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Nothing: what hangs on it as it is.
    Nothing,
    /// DeleteImage without force, or DeleteCustomImage.
    Delete,
    /// ModifyImageSharePermission with `RemoveAccount.1`, or its like at the other product.
    Unshare(AccountId),
    /// ModifyImageAttribute with `Status=Deprecated`.
    Deprecate,
}

/// What a change would touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// The image.
    pub image: Brief,
    /// True when every account of its region may make servers of it.
    pub is_public: bool,
    /// What was asked about.
    pub change: Change,
    /// How the call would be refused; none when it would succeed.
    pub refusal: Option<Refusal>,
    /// Servers and disks that were made of it.
    pub servers: Vec<Server>,
    /// The family that it belongs to.
    pub family: Option<Family>,
    /// The accounts that it is shared with.
    pub shares: Vec<Share>,
    /// Images that were copied from it: none of them is touched, whatever is done.
    pub copies: Vec<Brief>,
    /// What is being done with it right now.
    pub tasks: Vec<Running>,
}

/// An account, with its name where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    /// Its number.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// True for what it has at Simple Application Server.
    pub at_swas: bool,
}

/// An image in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: ImageName,
    /// Whose image it is.
    pub owner: Whose,
    /// Where it lives.
    pub region: RegionId,
    /// Where it stands.
    pub status: ImageStatus,
}

/// A refusal, as the client would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: String,
    /// The sentence beside it.
    pub message: String,
}

/// A server with disks that were made of the image. It runs on, whatever is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its id; none for a disk that no server has.
    pub id: Option<InstanceId>,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: Whose,
    /// Where it lives.
    pub region: RegionId,
    /// Where it stands.
    pub status: String,
    /// Its disks that were made of the image.
    pub disks: Vec<MadeDisk>,
}

/// A disk that was made of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeDisk {
    /// Its id.
    pub id: String,
    /// Its device.
    pub device: String,
    /// Whether it can be re-initialised now.
    pub now: bool,
    /// Whether it could be afterwards.
    pub afterwards: bool,
}

/// What becomes of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Its name.
    pub name: ImageName,
    /// The image that a launch by the family's name takes now.
    pub now: Option<ImageId>,
    /// The image that it would take afterwards; none when the family would have nothing to offer.
    pub afterwards: Option<ImageId>,
}

/// An account that the image is shared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// With whom.
    pub with: Whose,
    /// Since when.
    pub since: Timestamp,
    /// True when the change ends it.
    pub ends: bool,
}

/// A task on the image that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// What it does.
    pub action: String,
    /// How far it is, in percent.
    pub progress: u8,
}

/// What a change of an image would touch; none when there is no such image.
pub fn of(tx: &mut Tx<'_>, id: &ImageId, change: Change) -> ApiResult<Option<Impact>> {
    let Some(image) = images::get(tx, id)?.map(|stored| stored.image) else { return Ok(None) };
    let names: BTreeMap<AccountId, String> =
        accounts::list(tx)?.into_iter().map(|account| (account.id, account.name)).collect();
    let whose = |account: AccountId| Whose {
        account: account.customer(),
        name: names.get(&account.customer()).cloned().unwrap_or_default(),
        at_swas: account.is_at_swas(),
    };
    let brief = |image: &Image| Brief {
        id: image.id.clone(),
        name: image.name.clone(),
        owner: whose(image.owner),
        region: image.region.clone(),
        status: image.status,
    };
    let shared_with = visible::shared_with(tx, id)?;
    let is_taken_from = |account: AccountId| matches!(change, Change::Unshare(from) if account.customer() == from);
    let shares = shared_with
        .iter()
        // The owner itself stands there when an image of the other product is shared with ECS.
        .map(|(account, since)| Share { with: whose(*account), since: *since, ends: is_taken_from(*account) });
    let running = tasks::Filter {
        resources: vec![id.to_string()],
        status: Some(TaskStatus::Processing),
        ..tasks::Filter::default()
    };
    let window = Window { offset: 0, limit: TASKS, below: None };
    let tasks = tasks::list(tx, image.owner, &image.region, &running, window)?.items;
    Ok(Some(Impact {
        image: brief(&image),
        is_public: image.is_public || image.is_system,
        change,
        refusal: refusal(tx, &image, change, &names)?.map(|code| Refusal {
            status: code.status(),
            code: code.wire().to_owned(),
            message: code.text().to_owned(),
        }),
        servers: servers(tx, &image, change, &whose)?,
        family: family(tx, &image, change)?,
        shares: shares.collect(),
        copies: images::copies(tx, id)?.iter().map(brief).collect(),
        tasks: tasks
            .into_iter()
            .map(|task| Running {
                id: task.id.to_string(),
                action: task.action.as_str().to_owned(),
                progress: task.progress,
            })
            .collect(),
    }))
}

/// The code with which the owner's call would be refused.
fn refusal(
    tx: &mut Tx<'_>,
    image: &Image,
    change: Change,
    names: &BTreeMap<AccountId, String>,
) -> ApiResult<Option<Code>> {
    if image.is_system && change != Change::Nothing {
        // Nobody calls for the server itself.
        return Ok(Some(Code::ImageIdNotFound));
    }
    let at_swas = image.owner.is_at_swas();
    match change {
        Change::Nothing => Ok(None),
        Change::Delete if at_swas => {
            let is_shared = !visible::shared_with(tx, &image.id)?.is_empty();
            Ok(is_shared.then_some(Code::SwasImageShared))
        }
        Change::Delete => against_deletion(tx, image, false),
        Change::Unshare(account) if !names.contains_key(&account) => Ok(Some(Code::AccountNotFound)),
        // At the other product that is how it is taken back from ECS.
        Change::Unshare(account) if account == image.owner => Ok(Some(Code::AccountForbidden)),
        Change::Unshare(_) => Ok(None),
        // Images of the other product are not retired.
        Change::Deprecate if at_swas => Ok(Some(Code::ImageIdNotFound)),
        Change::Deprecate => against_deprecation(tx, image),
    }
}

/// Every disk that was made of the image, by its server.
fn servers(
    tx: &mut Tx<'_>,
    image: &Image,
    change: Change,
    whose: &dyn Fn(AccountId) -> Whose,
) -> ApiResult<Vec<Server>> {
    let mut made: Vec<(Disk, bool, bool)> = Vec::new();
    for disk in resources::all_with::<Disk>(tx, "image", image.id.as_str())? {
        let disk = disk.record;
        let now = visible::get(tx, disk.owner, &disk.region, &image.id)?.is_some();
        let is_kept = match change {
            Change::Nothing | Change::Deprecate => true,
            Change::Delete => false,
            Change::Unshare(from) => disk.owner.customer() != from || disk.owner == image.owner || image.is_public,
        };
        made.push((disk, now, now && is_kept));
    }
    // Data disks begin anew from their snapshots, and some of those go with the image.
    for mapping in image.disks.iter().skip(1) {
        let snapshot = resources::get::<Snapshot>(tx, mapping.snapshot.as_str())?.map(|stored| stored.record);
        for disk in resources::all_with::<Disk>(tx, "snapshot", mapping.snapshot.as_str())? {
            let disk = disk.record;
            let now = snapshot.as_ref().is_some_and(|snapshot| snapshot.owner == disk.owner);
            let goes = snapshot.as_ref().is_some_and(|snapshot| snapshot.goes_with(&image.id));
            made.push((disk, now, now && !(goes && change == Change::Delete)));
        }
    }
    let mut servers: Vec<Server> = Vec::new();
    for (disk, now, afterwards) in made {
        let row = MadeDisk { id: disk.id.to_string(), device: disk.device.clone(), now, afterwards };
        if let Some(server) = servers.iter_mut().find(|server| disk.instance.is_some() && server.id == disk.instance) {
            server.disks.push(row);
            continue;
        }
        let instance = match &disk.instance {
            None => None,
            Some(id) => resources::get::<Instance>(tx, id.as_str())?.map(|stored| stored.record),
        };
        servers.push(Server {
            id: disk.instance.clone(),
            name: instance.as_ref().map_or_else(String::new, |instance| instance.name.to_string()),
            owner: whose(disk.owner),
            region: disk.region.clone(),
            status: instance.map_or_else(String::new, |instance| instance.status.to_string()),
            disks: vec![row],
        });
    }
    Ok(servers)
}

/// What a launch by the name of the image's family takes now, and what it would take afterwards.
fn family(tx: &mut Tx<'_>, image: &Image, change: Change) -> ApiResult<Option<Family>> {
    let Some(name) = &image.family else { return Ok(None) };
    let filter = images::Filter {
        statuses: vec![ImageStatus::Available],
        family: Some(name.as_str().to_owned()),
        ..images::Filter::default()
    };
    // The newest, and the one that would follow it.
    let window = Window { offset: 0, limit: 2, below: None };
    let newest = images::list(tx, image.owner, &image.region, &filter, window)?.items;
    let leaves = matches!(change, Change::Delete | Change::Deprecate);
    let afterwards = newest.iter().find(|member| !(leaves && member.id == image.id));
    Ok(Some(Family {
        name: name.clone(),
        now: newest.first().map(|image| image.id.clone()),
        afterwards: afterwards.map(|image| image.id.clone()),
    }))
}
