//! `DescribeSecurityGroups`: list firewalls.

use meta::resources::{Filter, count_with};
use model::network::SecurityGroup;
use model::{Instance, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region_named};
use crate::resource::{Paging, page, some_json_list, tags_view};

/// The call.
pub(crate) struct DescribeSecurityGroups {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    /// False when nothing that this server has can match.
    may_match: bool,
    dry_run: bool,
}

impl Action for DescribeSecurityGroups {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeSecurityGroups",
        summary: "List firewalls.",
        codes: &[
            Code::MissingRegionIdForGroups,
            Code::RegionIdNotFound404,
            Code::SecurityGroupTypeNotValid,
            Code::SecurityGroupPageTokenInvalid,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_json_list(
                params,
                "SecurityGroupIds",
                ApiError::invalid("SecurityGroupIds"),
                ApiError::invalid("SecurityGroupIds"),
            )?,
            names: params.get("SecurityGroupName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        if let Some(id) = params.get("SecurityGroupId") {
            filter.ids = Some(vec![id.to_owned()]);
        }
        if params.get("SecurityGroupType").is_some_and(|kind| !["normal", "enterprise"].contains(&kind)) {
            return Err(Code::SecurityGroupTypeNotValid.error());
        }
        for (name, facet) in [("VpcId", "vpc"), ("SecurityGroupType", "kind")] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        Ok(Self {
            region: region_named(params, cx, Code::RegionIdNotFound404, Code::MissingRegionIdForGroups)?,
            filter,
            paging: Paging::read_or(params, Code::SecurityGroupPageTokenInvalid)?,
            may_match: params.get("ResourceGroupId").is_none(),
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", self.region.as_str(), "securitygroup/*");
        vec![Access { verb: "ecs:DescribeSecurityGroups", resource }]
    }

    async fn run(mut self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        if !self.may_match {
            self.filter.ids = Some(Vec::new());
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        let groups = cx.engine().meta().read(move |tx| {
            let one = |group: &SecurityGroup| {
                let servers = count_with::<Instance>(tx, "group", group.id.as_str())?;
                Ok::<_, ApiError>(json!({
                    "SecurityGroupId": group.id,
                    "SecurityGroupName": group.name,
                    "Description": group.description,
                    "VpcId": group.vpc.as_ref().map_or("", |vpc| vpc.as_str()),
                    "SecurityGroupType": group.kind,
                    "EcsCount": servers,
                    "AvailableInstanceAmount": 1_000_u64.saturating_sub(servers),
                    "RuleCount": group.rules.len(),
                    "ResourceGroupId": "",
                    "ServiceManaged": false,
                    "CreationTime": group.created.seconds(),
                    "Tags": tags_view(&group.tags),
                }))
            };
            found.items.iter().map(one).collect::<ApiResult<Vec<Value>>>()
        });
        view["RegionId"] = json!(self.region);
        view["SecurityGroups"] = json!({"SecurityGroup": groups.await?});
        Ok(view)
    }
}
