//! The kinds of resources, and what each is found by.

use model::network::{Eip, KeyPair, SecurityGroup, VSwitch, Vpc};
use model::swas::CustomImage;
use model::{AccountId, Disk, DiskStatus, Instance, RegionId, Snapshot, Tag, Timestamp};
use serde::{Deserialize, Serialize};

use crate::resources::Record;

/// What a released server or disk leaves on its node until it is cleared away: no client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// Its id: the released resource's, after `x-`.
    pub id: String,
    /// Whose it was.
    pub owner: AccountId,
    /// Where it lived.
    pub region: RegionId,
    /// The node that has it.
    pub node: String,
    /// The machine to end; empty for none.
    pub machine: String,
    /// The volumes to delete.
    pub volumes: Vec<String>,
    /// When it was released.
    pub released: Timestamp,
}

macro_rules! record {
    ($type:ty, $kind:literal, name: $name:expr, tags: $tags:expr, facets: $facets:expr) => {
        impl Record for $type {
            const KIND: &'static str = $kind;

            fn id(&self) -> &str {
                self.id.as_ref()
            }

            fn owner(&self) -> AccountId {
                self.owner
            }

            fn region(&self) -> &RegionId {
                &self.region
            }

            fn name(&self) -> &str {
                let name: fn(&Self) -> &str = $name;
                name(self)
            }

            fn tags(&self) -> &[Tag] {
                let tags: fn(&Self) -> &[Tag] = $tags;
                tags(self)
            }

            fn facets(&self) -> Vec<(&'static str, String)> {
                let facets: fn(&Self) -> Vec<(&'static str, String)> = $facets;
                facets(self)
            }
        }
    };
}

record!(Instance, "instance", name: |this| this.name.as_str(), tags: |this| &this.tags, facets: |this| {
    let place = &this.place;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let subnet = place.vswitch.as_ref().map_or("classic", |vswitch| vswitch.as_str());
    let mut facets = vec![
        ("status", this.status.to_string()),
        ("image", this.image.to_string()),
        ("zone", this.zone.clone()),
        ("type", this.instance_type.clone()),
        ("market", format!("{:?}", this.market)),
        ("node", this.node.clone()),
        ("vpc", text(place.vpc.as_ref().map(|vpc| vpc.as_str()))),
        ("vswitch", text(place.vswitch.as_ref().map(|vswitch| vswitch.as_str()))),
        ("key-pair", text(this.key_pair.as_ref().map(|name| name.as_str()))),
        ("private-ip", place.private_ip.to_string()),
        // One address of a subnet is one server's.
        ("subnet-ip", format!("{subnet}/{}", place.private_ip)),
        ("eip", place.eip.as_ref().map_or_else(String::new, |eip| eip.address.to_string())),
        ("public-ip", if place.is_public { place.host_address.to_string() } else { String::new() }),
    ];
    facets.push(("network", if place.vpc.is_some() { "vpc" } else { "classic" }.to_owned()));
    if this.release_at.is_some() {
        facets.push(("released-on", this.node.clone()));
    }
    if this.status.is_moving() {
        facets.push(("moving-on", this.node.clone()));
    }
    facets.extend(place.groups.iter().map(|group| ("group", group.to_string())));
    facets
});

record!(Disk, "disk", name: |this| &this.name, tags: |this| &this.tags, facets: |this| vec![
    ("status", this.status.to_string()),
    ("type", this.disk_type.to_string()),
    ("category", this.category.to_string()),
    ("zone", this.zone.clone()),
    ("node", this.node.clone()),
    ("instance", this.instance.as_ref().map_or_else(String::new, ToString::to_string)),
    ("image", this.image.as_ref().map_or_else(String::new, ToString::to_string)),
    ("snapshot", this.source_snapshot.as_ref().map_or_else(String::new, ToString::to_string)),
    ("delete-with-instance", this.delete_with_instance.to_string()),
    ("moving-on", match this.status {
        DiskStatus::Attaching | DiskStatus::Detaching => this.node.clone(),
        DiskStatus::Available | DiskStatus::InUse => String::new(),
    }),
]);

record!(Snapshot, "snapshot", name: |this| &this.name, tags: |this| &this.tags, facets: |this| {
    let mut facets = vec![
        ("status", this.status.to_string()),
        ("disk", this.source_disk.clone()),
        ("disk-type", this.source_type.to_string()),
        ("instance", this.instance.as_ref().map_or_else(String::new, ToString::to_string)),
        ("market", if this.of_swas { "Swas" } else { "Ecs" }.to_owned()),
    ];
    facets.extend(this.images.iter().map(|image| ("image", image.to_string())));
    facets
});

record!(Vpc, "vpc", name: |this| &this.name, tags: |this| &this.tags, facets: |_| Vec::new());

record!(VSwitch, "vswitch", name: |this| &this.name, tags: |this| &this.tags, facets: |this| vec![
    ("vpc", this.vpc.to_string()),
    ("zone", this.zone.clone()),
]);

record!(SecurityGroup, "securitygroup", name: |this| &this.name, tags: |this| &this.tags, facets: |this| vec![
    ("vpc", this.vpc.as_ref().map_or_else(String::new, ToString::to_string)),
    ("kind", this.kind.clone()),
]);

record!(Eip, "eip", name: |this| &this.name, tags: |_| &[], facets: |this| vec![
    ("status", this.status.to_string()),
    ("address", this.address.to_string()),
    ("instance", this.instance.as_ref().map_or_else(String::new, ToString::to_string)),
]);

record!(KeyPair, "keypair", name: |this| this.name.as_str(), tags: |this| &this.tags, facets: |this| vec![
    ("fingerprint", this.fingerprint.clone()),
]);

record!(CustomImage, "customimage", name: |this| this.name.as_str(), tags: |this| &this.tags, facets: |this| vec![
    ("instance", this.instance.to_string()),
    ("system-snapshot", this.system_snapshot.to_string()),
    ("data-snapshot", this.data_snapshot.as_ref().map_or_else(String::new, ToString::to_string)),
    ("resource-group", this.resource_group.clone()),
    ("in-ecs", this.in_ecs.to_string()),
]);

record!(Remains, "remains", name: |_| "", tags: |_| &[], facets: |this| vec![("node", this.node.clone())]);
