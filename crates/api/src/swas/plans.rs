//! The plans that servers are sold by.
//!
//! The service's own table changes with region and day, and no client depends on a number of it. This one keeps the form
//! of its ids and the sizes that fit a laptop or a workstation.

use model::OsType;
use serde_json::{Value, json};

/// A size of server, with what it costs a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// Its id.
    pub(super) id: &'static str,
    /// Processors.
    pub(super) cores: u32,
    /// Memory, in GiB.
    pub(super) memory_gib: u32,
    /// Size of the system disk, in GiB.
    pub(super) disk_gib: u32,
    /// Mbit/s out.
    pub(super) bandwidth: u32,
    /// Traffic of a month, in GiB.
    pub(super) flow_gib: u32,
    /// What a month costs.
    price: f64,
    /// Whether it is enough for Windows.
    windows: bool,
}

/// The kind that all plans are of.
pub(super) const PLAN_TYPE: &str = "NORMAL";

/// What the disks of servers are sold as.
pub(super) const DISK_CATEGORY: &str = "ESSD";

const fn row(id: &'static str, (cores, memory_gib): (u32, u32), (disk_gib, bandwidth): (u32, u32), price: f64) -> Plan {
    Plan { id, cores, memory_gib, disk_gib, bandwidth, flow_gib: 1024, price, windows: 2 <= memory_gib }
}

/// Every plan.
pub(super) const PLANS: &[Plan] = &[
    row("swas.s2.c1m1s40b1", (1, 1), (40, 1), 24.0),
    row("swas.s2.c2m1s40b3", (2, 1), (40, 3), 34.0),
    row("swas.s2.c2m2s40b3", (2, 2), (40, 3), 49.0),
    row("swas.s2.c2m2s50b4", (2, 2), (50, 4), 60.0),
    row("swas.s2.c2m4s60b4", (2, 4), (60, 4), 108.0),
    row("swas.s2.c2m8s80b5", (2, 8), (80, 5), 170.0),
    row("swas.s2.c4m8s100b6", (4, 8), (100, 6), 240.0),
    row("swas.s2.c4m16s120b8", (4, 16), (120, 8), 380.0),
];

impl Plan {
    /// The plan with this id.
    pub(super) fn find(id: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.id == id)
    }

    /// Whether servers of the plan run such guests.
    pub(super) fn supports(&self, os: OsType) -> bool {
        os == OsType::Linux || self.windows
    }

    /// The plan as ListPlans shows it.
    pub(super) fn view(&self) -> Value {
        json!({
            "PlanId": self.id,
            "PlanType": PLAN_TYPE,
            "Core": self.cores,
            "Memory": self.memory_gib,
            "DiskSize": self.disk_gib,
            "DiskType": DISK_CATEGORY,
            "Bandwidth": self.bandwidth,
            "Flow": self.flow_gib,
            "IspType": "",
            "PublicIpNum": "1",
            "Currency": "CNY",
            "OriginPrice": self.price,
            // The list is itself a text.
            "SupportPlatform": if self.windows { r#"["Linux","Windows"]"# } else { r#"["Linux"]"# },
            "Tags": [],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_the_plans_hold_and_stand_once() {
        for (n, plan) in PLANS.iter().enumerate() {
            let Plan { cores, memory_gib, disk_gib, bandwidth, .. } = plan;
            assert_eq!(plan.id, format!("swas.s2.c{cores}m{memory_gib}s{disk_gib}b{bandwidth}"));
            assert!(!PLANS[..n].iter().any(|other| other.id == plan.id), "{}", plan.id);
        }
    }
}
