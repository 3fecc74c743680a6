//! `ModifyInstanceAttribute`: change what a server is called, who gets to it, and what its guest is told.

use meta::{Scope, resources};
use model::network::SecurityGroup;
use model::{Description, HostName, Instance, InstanceId, Password, ResourceName, SecurityGroupId};
use wire::Params;

use super::launch::{instance_id, user_data};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, optional_flag};
use crate::resource::own_anywhere;

/// The call. What is none stays as it is.
pub(crate) struct ModifyInstanceAttribute {
    instance: InstanceId,
    name: Option<ResourceName>,
    description: Option<Description>,
    host_name: Option<HostName>,
    password: Option<Password>,
    user_data: Option<String>,
    deletion_protection: Option<bool>,
    groups: Vec<SecurityGroupId>,
}

impl Action for ModifyInstanceAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifyInstanceAttribute",
        summary: "Change a server's attributes.",
        codes: &[
            Code::InstanceIdNotFound,
            Code::InstanceNameMalformed,
            Code::InstanceDescriptionMalformed,
            Code::HostNameMalformed,
            Code::PasswordMalformed,
            Code::UserDataMalformed,
            Code::UserDataTooLong,
            Code::SecurityGroupIdNotFound,
            Code::SecurityGroupsOfOtherNetwork,
            Code::SecurityGroupsRepeated,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let groups: Vec<SecurityGroupId> = params
            .list("SecurityGroupIds")
            .into_iter()
            .map(|(_, id)| id.parse().map_err(|_| Code::SecurityGroupIdNotFound.error()))
            .collect::<ApiResult<_>>()?;
        if groups.iter().enumerate().any(|(n, group)| groups[..n].contains(group)) {
            return Err(Code::SecurityGroupsRepeated.error());
        }
        Ok(Self {
            instance: instance_id(params)?,
            name: optional(params, "InstanceName", Code::InstanceNameMalformed)?,
            description: optional(params, "Description", Code::InstanceDescriptionMalformed)?,
            host_name: optional(params, "HostName", Code::HostNameMalformed)?,
            password: optional(params, "Password", Code::PasswordMalformed)?,
            user_data: params.get("UserData").is_some().then(|| user_data(params)).transpose()?,
            deletion_protection: optional_flag(params, "DeletionProtection")?,
            groups,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("instance/{}", self.instance));
        vec![Access { verb: "ecs:ModifyInstanceAttribute", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let code = Code::InstanceIdNotFound;
                let before = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?;
                for id in &self.groups {
                    let code = Code::SecurityGroupIdNotFound;
                    let group = own_anywhere::<SecurityGroup>(tx, account, id.as_str(), code)?.record;
                    if group.region != before.record.region || group.vpc != before.record.place.vpc {
                        return Err(Code::SecurityGroupsOfOtherNetwork.error());
                    }
                }
                let mut after = before.record.clone();
                let Self { name, description, host_name, password, user_data, deletion_protection, groups, .. } = &self;
                after.name = name.clone().unwrap_or(after.name);
                after.description = description.clone().unwrap_or(after.description);
                after.host_name = host_name.clone().unwrap_or(after.host_name);
                after.password = password.as_ref().map(ToString::to_string).or(after.password);
                after.user_data = user_data.clone().unwrap_or(after.user_data);
                after.deletion_protection = deletion_protection.unwrap_or(after.deletion_protection);
                if !groups.is_empty() {
                    after.place.groups.clone_from(groups);
                }
                resources::update(tx, &before, &after)?;
                Ok(())
            })
            .await?;
        cx.engine().ports_changed();
        Ok(Nothing {})
    }
}
