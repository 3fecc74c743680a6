//! Where the servers of a launch are: zone, subnet, address and security groups.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use meta::{Tx, resources};
use model::network::{Cidr, SecurityGroup, VSwitch};
use model::quota::Quota;
use model::{AccountId, Instance, RegionId, SecurityGroupId, VSwitchId};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Cx;
use crate::input::{optional, repeats};
use crate::quota::at_most;
use crate::resource::own;

/// The place as a launch asks for it.
pub(super) struct WantedPlace {
    zone: Option<String>,
    vswitch: Option<VSwitchId>,
    pub(super) groups: Vec<SecurityGroupId>,
    private_ip: Option<Ipv4Addr>,
}

/// The place as it was found.
pub(super) struct Network {
    /// The subnet; none in the classic network.
    pub(super) vswitch: Option<VSwitch>,
    pub(super) zone: String,
}

impl WantedPlace {
    pub(super) fn read(params: &Params, cx: &Cx, region: &RegionId, groups: Vec<SecurityGroupId>) -> ApiResult<Self> {
        let zone = params.get("ZoneId").map(str::to_owned);
        if zone.as_ref().is_some_and(|zone| !cx.services.catalogue.zones(region).contains(zone)) {
            return Err(Code::ZoneIdNotFoundForInstance.error());
        }
        Ok(Self {
            zone,
            vswitch: optional(params, "VSwitchId", Code::VSwitchIdNotFoundForInstance)?,
            groups,
            private_ip: optional(params, "PrivateIpAddress", Code::PrivateIpMalformed)?,
        })
    }

    /// Refuses one address for several servers.
    pub(super) fn check_for(&self, servers: u32) -> ApiResult<()> {
        if self.private_ip.is_some() && 1 < servers { Err(Code::PrivateIpOfSeveral.error()) } else { Ok(()) }
    }

    /// Finds the network, in which every group must be and have room for so many servers.
    pub(super) fn find(
        &self,
        tx: &mut Tx<'_>,
        (account, region): (AccountId, &RegionId),
        zones: &[String],
        servers: u32,
    ) -> ApiResult<Network> {
        let vswitch = match &self.vswitch {
            None => None,
            Some(id) => {
                let code = Code::VSwitchIdNotFoundForInstance;
                Some(own::<VSwitch>(tx, account, region, id.as_str(), code)?.record)
            }
        };
        let mut kinds = HashSet::new();
        for id in &self.groups {
            let code = Code::SecurityGroupIdNotFound;
            let group = own::<SecurityGroup>(tx, account, region, id.as_str(), code)?.record;
            kinds.insert(group.kind.clone());
            match (&group.vpc, &vswitch) {
                (Some(_), None) => return Err(Code::VSwitchMissing.error()),
                (vpc, Some(vswitch)) if vpc.as_ref() != Some(&vswitch.vpc) => {
                    return Err(Code::GroupAndSubnetInDifferentNetworks.error());
                }
                _ => {}
            }
        }
        if 1 < kinds.len() {
            return Err(Code::GroupsOfDifferentKinds.error());
        }
        let zone = match (&self.zone, &vswitch) {
            (Some(zone), Some(vswitch)) if *zone != vswitch.zone => {
                return Err(Code::VSwitchIdNotFoundForInstance.error());
            }
            (Some(zone), _) => zone.clone(),
            (None, Some(vswitch)) => vswitch.zone.clone(),
            (None, None) => zones.first().cloned().unwrap_or_default(),
        };
        groups_have_room(tx, account, &self.groups, &self.groups, servers)?;
        Ok(Network { vswitch, zone })
    }

    /// An address for one server more.
    pub(super) fn address(&self, tx: &mut Tx<'_>, network: &Network) -> ApiResult<Ipv4Addr> {
        private_ip(tx, network.vswitch.as_ref(), self.private_ip)
    }
}

/// The address that was asked for, or the first that no server of the subnet has.
pub(crate) fn private_ip(tx: &mut Tx<'_>, vswitch: Option<&VSwitch>, asked: Option<Ipv4Addr>) -> ApiResult<Ipv4Addr> {
    let (subnet, range) = match vswitch {
        Some(vswitch) => (vswitch.id.as_str(), vswitch.cidr),
        None => ("classic", "10.0.0.0/8".parse::<Cidr>().map_err(ApiError::internal)?),
    };
    let mut is_free = |address: Ipv4Addr| {
        resources::count_with::<Instance>(tx, "subnet-ip", &format!("{subnet}/{address}")).map(|n| n == 0)
    };
    if let Some(address) = asked {
        if !range.has(address) {
            return Err(Code::PrivateIpOutside.error());
        }
        return if is_free(address)? { Ok(address) } else { Err(Code::PrivateIpInUse.error()) };
    }
    for address in range.addresses() {
        if is_free(address)? {
            return Ok(address);
        }
    }
    Err(Code::PrivateIpsUsedUp.error())
}

/// The groups, which stand in one parameter or in the other.
pub(super) fn groups(params: &Params) -> ApiResult<Vec<SecurityGroupId>> {
    let several = params.list("SecurityGroupIds");
    if params.get("SecurityGroupId").is_some() && !several.is_empty() {
        return Err(Code::SecurityGroupBesideSeveral.error());
    }
    let all = params.get("SecurityGroupId").into_iter().chain(several.into_iter().map(|(_, id)| id));
    let parse = |id: &str| id.parse().map_err(|_| Code::SecurityGroupIdNotFound.error());
    let groups: Vec<SecurityGroupId> = all.map(parse).collect::<ApiResult<_>>()?;
    if groups.is_empty() {
        return Err(ApiError::missing("SecurityGroupId"));
    }
    if repeats(&groups) { Err(Code::SecurityGroupsRepeated400.error()) } else { Ok(groups) }
}

/// Whether a server may be in so many groups, and whether those that it joins have room for so many servers more.
pub(super) fn groups_have_room(
    tx: &mut Tx<'_>,
    account: AccountId,
    groups: &[SecurityGroupId],
    joined: &[SecurityGroupId],
    servers: u32,
) -> ApiResult<()> {
    at_most(tx, account, Quota::GroupsPerServer, groups.len() as u64, Code::ServerInTooManyGroups)?;
    for group in joined {
        let there = resources::count_with::<Instance>(tx, "group", group.as_str())?;
        let all = there.saturating_add(u64::from(servers));
        at_most(tx, account, Quota::ServersPerGroup, all, Code::GroupHasTooManyServers)?;
    }
    Ok(())
}
