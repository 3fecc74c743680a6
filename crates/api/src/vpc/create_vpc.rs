//! `CreateVpc`: make a private network. It is `Available` at once.

use meta::resources;
use model::network::{Cidr, Vpc};
use model::quota::Quota;
use model::{ClientToken, Description, RegionId, ResourceName, Tag, VpcId};
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, optional, region, tags};
use crate::quota;
use crate::resource::once;

/// Ranges that a network may be in (CreateVpc, `CidrBlock`).
const RANGES: [&str; 4] = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "100.64.0.0/10"];

/// Lengths of the mask of a network.
const MASKS: std::ops::RangeInclusive<u8> = 8..=28;

/// The range of a network that asks for none.
const DEFAULT_RANGE: &str = "172.16.0.0/12";

/// The call.
pub(crate) struct CreateVpc {
    region: RegionId,
    cidr: Cidr,
    name: Option<ResourceName>,
    description: Description,
    tags: Vec<Tag>,
    /// Whether the addresses are to come from a pool, of which there are none.
    names_pool: bool,
    token: Option<ClientToken>,
    dry_run: bool,
}

impl Action for CreateVpc {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "CreateVpc",
        summary: "Make a private network.",
        codes: &[
            Code::RegionIdNotFoundForVpc,
            Code::VpcCidrInvalid,
            Code::VpcCidrMaskIllegal,
            Code::VpcCidrMissing,
            Code::VpcIpv6Unsupported,
            Code::VpcNameMalformed,
            Code::VpcDescriptionMalformed,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::IpamPoolNotFound,
            Code::VpcQuotaExceeded,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let names_pool = params.get("Ipv4IpamPoolId").is_some();
        let mask: Option<u8> = optional(params, "Ipv4CidrMask", Code::VpcCidrMaskIllegal)?;
        // The length of a mask says what to take from a pool.
        if mask.is_some_and(|mask| !names_pool || !MASKS.contains(&mask)) {
            return Err(Code::VpcCidrMaskIllegal.error());
        }
        if names_pool && mask.is_none() && params.get("CidrBlock").is_none() {
            return Err(Code::VpcCidrMissing.error());
        }
        if flag(params, "EnableIpv6")? {
            return Err(Code::VpcIpv6Unsupported.error());
        }
        let cidr: Cidr = params.get("CidrBlock").unwrap_or(DEFAULT_RANGE).parse().map_err(|_| Code::VpcCidrInvalid)?;
        let is_in = |range: &str| range.parse::<Cidr>().is_ok_and(|range| range.contains(cidr));
        if !RANGES.iter().any(|range| is_in(range)) || !MASKS.contains(&cidr.bits()) {
            return Err(Code::VpcCidrInvalid.error());
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForVpc)?,
            cidr,
            name: optional(params, "VpcName", Code::VpcNameMalformed)?,
            description: crate::input::description(params, Code::VpcDescriptionMalformed)?,
            tags: tags(params, Code::TagKeyDuplicate)?,
            names_pool,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:CreateVpc", resource: cx.resource("vpc", self.region.as_str(), "vpc/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine());
        let created = engine.clock().now();
        let (seq, id) = (engine.age_sequence(created), VpcId::generate(engine.entropy()));
        let Self { region, cidr, name, description, tags, names_pool, token, dry_run } = self;
        let vpc = Vpc {
            id,
            owner: account,
            region: region.clone(),
            name: name.map_or_else(String::new, |name| name.to_string()),
            description,
            cidr,
            tags,
            created,
        };
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            if names_pool {
                return Err(Code::IpamPoolNotFound.error());
            }
            let there = resources::total::<Vpc>(tx, account, &vpc.region)?;
            quota::one_more(tx, account, Quota::Vpcs, there, Code::VpcQuotaExceeded)?;
            if dry_run {
                return Err(Code::DryRunOperation.error());
            }
            resources::insert(tx, &vpc, seq)?;
            Ok(json!({
                "VpcId": vpc.id,
                "VRouterId": views::router(&vpc),
                "RouteTableId": views::route_table(&vpc),
                "ResourceGroupId": "",
            }))
        })
        .await
    }
}
