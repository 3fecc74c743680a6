//! `CreateSecurityGroup`: make a firewall for servers. It lets nothing in until rules say so.

use meta::resources;
use model::network::{SecurityGroup, Vpc};
use model::quota::Quota;
use model::{ClientToken, Description, RegionId, ResourceName, SecurityGroupId, Tag, VpcId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, description, optional, region};
use crate::quota;
use crate::resource::{once, own};

/// The call.
pub(crate) struct CreateSecurityGroup {
    region: RegionId,
    name: Option<ResourceName>,
    description: Description,
    vpc: Option<VpcId>,
    kind: String,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
}

impl Action for CreateSecurityGroup {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateSecurityGroup",
        summary: "Make a firewall for servers.",
        codes: &[
            Code::RegionIdNotFoundForDelete,
            Code::SecurityGroupNameMalformed,
            Code::SecurityGroupDescriptionMalformed,
            Code::SecurityGroupTypeInvalid,
            Code::SecurityGroupTypeNeedsVpc,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagQuotaExceeded,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::VpcIdNotFound,
            Code::SecurityGroupQuotaExceeded,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let vpc = optional(params, "VpcId", Code::VpcIdNotFound)?;
        let kind = params.get("SecurityGroupType").unwrap_or("normal").to_owned();
        match kind.as_str() {
            "normal" => {}
            "enterprise" if vpc.is_none() => return Err(Code::SecurityGroupTypeNeedsVpc.error()),
            "enterprise" => {}
            _ => return Err(Code::SecurityGroupTypeInvalid.error()),
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForDelete)?,
            name: optional(params, "SecurityGroupName", Code::SecurityGroupNameMalformed)?,
            description: description(params, Code::SecurityGroupDescriptionMalformed)?,
            vpc,
            kind,
            tags: input::tags_or(params, Code::TagKeyDuplicate, Code::TagQuotaExceeded)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let region = self.region.as_str();
        let mut access =
            vec![Access { verb: "ecs:CreateSecurityGroup", resource: cx.resource("ecs", region, "securitygroup/*") }];
        if let Some(vpc) = &self.vpc {
            let resource = cx.resource("vpc", region, &format!("vpc/{vpc}"));
            access.push(Access { verb: "ecs:CreateSecurityGroup", resource });
        }
        access
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine());
        let created = engine.clock().now();
        let (seq, id) = (engine.age_sequence(created), SecurityGroupId::generate(engine.entropy()));
        let Self { region, name, description, vpc, kind, tags, token } = self;
        let group = SecurityGroup {
            id,
            owner: account,
            region: region.clone(),
            name: name.map_or_else(String::new, |name| name.to_string()),
            description,
            vpc,
            kind,
            rules: Vec::new(),
            tags,
            created,
        };
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            if let Some(vpc) = &group.vpc {
                own::<Vpc>(tx, account, &group.region, vpc.as_str(), Code::VpcIdNotFound)?;
            }
            let total = resources::total::<SecurityGroup>(tx, account, &group.region)?;
            quota::one_more(tx, account, Quota::SecurityGroups, total, Code::SecurityGroupQuotaExceeded)?;
            resources::insert(tx, &group, seq)?;
            Ok(json!({"SecurityGroupId": group.id}))
        })
        .await
    }
}
