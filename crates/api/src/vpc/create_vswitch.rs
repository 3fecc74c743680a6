//! `CreateVSwitch`: make a subnet of a private network. It is `Available` at once.

use meta::resources;
use model::network::{Cidr, VSwitch};
use model::quota::Quota;
use model::{ClientToken, Description, RegionId, ResourceName, Tag, VSwitchId, VpcId};
use serde_json::{Value, json};
use wire::Params;

use super::describe_vpcs;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{description, optional, region_or_default, required, tags};
use crate::quota;
use crate::resource::once;

/// The call.
pub(crate) struct CreateVSwitch {
    region: RegionId,
    vpc: VpcId,
    zone: String,
    cidr: Cidr,
    name: Option<ResourceName>,
    description: Description,
    /// Whether addresses of IPv6 are wanted, which no network has.
    wants_ipv6: bool,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
}

impl Action for CreateVSwitch {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "CreateVSwitch",
        summary: "Make a subnet of a private network.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ZoneIdNotFound,
            Code::VSwitchCidrMalformed,
            Code::VSwitchCidrMask,
            Code::VSwitchCidrOutside,
            Code::VSwitchCidrOverlapped,
            Code::VpcIdMissing,
            Code::VSwitchIpv6Unsupported,
            Code::VSwitchNameMalformed,
            Code::VSwitchDescriptionMalformed,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::VpcIdNotFound,
            Code::VSwitchQuotaExceeded,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region_or_default(params, cx, Code::RegionIdNotFound404)?;
        if params.get("VpcId").is_none() {
            return Err(Code::VpcIdMissing.error());
        }
        let zone = params.get("ZoneId").ok_or_else(|| ApiError::missing("ZoneId"))?.to_owned();
        if !cx.services.catalogue.zones(&region).contains(&zone) {
            return Err(Code::ZoneIdNotFound.error());
        }
        let cidr: Cidr = required(params, "CidrBlock", Code::VSwitchCidrMalformed)?;
        if !(16..=29).contains(&cidr.bits()) {
            return Err(Code::VSwitchCidrMask.error());
        }
        Ok(Self {
            region,
            vpc: required(params, "VpcId", Code::VpcIdNotFound)?,
            zone,
            cidr,
            name: optional(params, "VSwitchName", Code::VSwitchNameMalformed)?,
            description: description(params, Code::VSwitchDescriptionMalformed)?,
            wants_ipv6: params.get("Ipv6CidrBlock").is_some(),
            tags: tags(params, Code::TagKeyDuplicate)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let region = self.region.as_str();
        vec![
            Access { verb: "vpc:CreateVSwitch", resource: cx.resource("vpc", region, "vswitch/*") },
            Access { verb: "vpc:CreateVSwitch", resource: cx.resource("vpc", region, &format!("vpc/{}", self.vpc)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine());
        let created = engine.clock().now();
        let (seq, id) = (engine.age_sequence(created), VSwitchId::generate(engine.entropy()));
        let Self { region, vpc, zone, cidr, name, description, wants_ipv6, tags, token } = self;
        let vswitch = VSwitch {
            id,
            owner: account,
            region: region.clone(),
            zone,
            vpc,
            name: name.map_or_else(String::new, |name| name.to_string()),
            description,
            cidr,
            tags,
            created,
        };
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let vpc = describe_vpcs::get(tx, account, vswitch.vpc.as_str(), Code::VpcIdNotFound)?;
            if vpc.record.region != vswitch.region {
                return Err(Code::VpcIdNotFound.error());
            }
            if wants_ipv6 {
                return Err(Code::VSwitchIpv6Unsupported.error());
            }
            if !vpc.record.cidr.contains(cidr) {
                return Err(Code::VSwitchCidrOutside.error());
            }
            let others = resources::all_with::<VSwitch>(tx, "vpc", vswitch.vpc.as_str())?;
            if others.iter().any(|other| other.record.cidr.overlaps(cidr)) {
                return Err(Code::VSwitchCidrOverlapped.error());
            }
            let there = others.len() as u64;
            quota::one_more(tx, account, Quota::VswitchesPerVpc, there, Code::VSwitchQuotaExceeded)?;
            resources::insert(tx, &vswitch, seq)?;
            Ok(json!({"VSwitchId": vswitch.id}))
        })
        .await
    }
}
