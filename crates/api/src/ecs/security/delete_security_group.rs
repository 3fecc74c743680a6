//! `DeleteSecurityGroup`: delete a firewall that no server has.

use meta::images::Window;
use meta::resources::{self, Filter, count_with};
use meta::{Scope, Tx};
use model::network::SecurityGroup;
use model::{Instance, RegionId, SecurityGroupId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_named, required};
use crate::resource::own;

/// The call.
pub(crate) struct DeleteSecurityGroup {
    region: RegionId,
    group: SecurityGroupId,
}

impl Action for DeleteSecurityGroup {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteSecurityGroup",
        summary: "Delete a firewall that no server has.",
        codes: &[
            Code::MissingRegionIdForGroup,
            Code::RegionIdNotFound404,
            Code::SecurityGroupNotFound,
            Code::SecurityGroupHasInstances,
            Code::SecurityGroupIsReferenced,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_named(params, cx, Code::RegionIdNotFound404, Code::MissingRegionIdForGroup)?,
            group: required(params, "SecurityGroupId", Code::SecurityGroupNotFound)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let group = format!("securitygroup/{}", self.group);
        vec![Access { verb: "ecs:DeleteSecurityGroup", resource: cx.resource("ecs", self.region.as_str(), &group) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let id = self.group.as_str();
                let found = own::<SecurityGroup>(tx, account, &self.region, id, Code::SecurityGroupNotFound)?;
                if 0 < count_with::<Instance>(tx, "group", id)? {
                    return Err(Code::SecurityGroupHasInstances.error());
                }
                if is_referenced(tx, &found.record)? {
                    return Err(Code::SecurityGroupIsReferenced.error());
                }
                resources::delete(tx, &found, now)?;
                Ok(Nothing {})
            })
            .await
    }
}

/// Whether a rule of another group is about this one.
fn is_referenced(tx: &mut Tx<'_>, group: &SecurityGroup) -> ApiResult<bool> {
    let all = Window { offset: 0, limit: u64::from(u32::MAX), below: None };
    let groups = resources::list::<SecurityGroup>(tx, group.owner, &group.region, &Filter::default(), all)?;
    Ok(groups.items.iter().flat_map(|other| &other.rules).any(|rule| rule.group == group.id.as_str()))
}
