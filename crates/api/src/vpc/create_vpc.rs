//! `CreateVpc`: make a private network. It is `Available` at once.

use meta::resources;
use model::network::{Cidr, Vpc};
use model::quota::Quota;
use model::{ClientToken, Description, RegionId, ResourceName, VpcId};
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, optional, region};
use crate::quota;
use crate::resource::once;

/// Ranges that a network may be in (CreateVpc, `CidrBlock`).
const RANGES: [&str; 4] = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "100.64.0.0/10"];

/// The range of a network that asks for none.
const DEFAULT_RANGE: &str = "172.16.0.0/12";

/// The call.
pub(crate) struct CreateVpc {
    region: RegionId,
    cidr: Cidr,
    name: Option<ResourceName>,
    description: Description,
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
            Code::VpcNameMalformed,
            Code::VpcDescriptionMalformed,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::VpcQuotaExceeded,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let cidr: Cidr = params.get("CidrBlock").unwrap_or(DEFAULT_RANGE).parse().map_err(|_| Code::VpcCidrInvalid)?;
        let is_in = |range: &str| range.parse::<Cidr>().is_ok_and(|range| range.contains(cidr));
        if !RANGES.iter().any(|range| is_in(range)) || !(8..=28).contains(&cidr.bits()) {
            return Err(Code::VpcCidrInvalid.error());
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForVpc)?,
            cidr,
            name: optional(params, "VpcName", Code::VpcNameMalformed)?,
            description: crate::input::description(params, Code::VpcDescriptionMalformed)?,
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
        let Self { region, cidr, name, description, token, dry_run } = self;
        let vpc = Vpc {
            id,
            owner: account,
            region: region.clone(),
            name: name.map_or_else(String::new, |name| name.to_string()),
            description,
            cidr,
            created,
        };
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
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
