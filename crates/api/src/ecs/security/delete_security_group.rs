//! `DeleteSecurityGroup`: delete a firewall that no server has.

use meta::Scope;
use meta::resources::{self, count_with};
use model::network::SecurityGroup;
use model::{Instance, RegionId, SecurityGroupId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region, required};
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
        codes: &[Code::RegionIdNotFound404, Code::SecurityGroupNotFound, Code::SecurityGroupHasInstances],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
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
                resources::delete(tx, &found, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
