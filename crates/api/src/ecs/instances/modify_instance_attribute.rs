//! `ModifyInstanceAttribute`: change what a server is called, who gets to it, and what its guest is told.

use std::collections::HashSet;

use meta::{Scope, Tx, resources};
use model::network::SecurityGroup;
use model::{
    AccountId, Description, HostName, Instance, InstanceId, InstanceStatus, Password, ResourceName, SecurityGroupId,
};
use wire::Params;

use super::launch::{instance_id, user_data};
use super::place::groups_have_room;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, optional_flag, repeats};
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
            Code::SecurityGroupIsClassic,
            Code::ServerIsClassic,
            Code::ServerInTooManyGroups,
            Code::GroupHasTooManyServers,
            Code::GroupsOfDifferentKinds,
            Code::UserDataNeedsNetwork,
            Code::InstanceStatusIncorrect,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let groups: Vec<SecurityGroupId> = params
            .list("SecurityGroupIds")
            .into_iter()
            .map(|(_, id)| id.parse().map_err(|_| Code::SecurityGroupIdNotFound.error()))
            .collect::<ApiResult<_>>()?;
        if repeats(&groups) {
            return Err(Code::SecurityGroupsRepeated.error());
        }
        Ok(Self {
            instance: instance_id(params)?,
            name: optional(params, "InstanceName", Code::InstanceNameMalformed)?,
            description: optional(params, "Description", Code::InstanceDescriptionMalformed)?,
            host_name: optional(params, "HostName", Code::HostNameMalformed)?,
            password: optional(params, "Password", Code::PasswordMalformed)?,
            user_data: params.get("UserData").is_some().then(|| user_data(params)).transpose().map_err(own_words)?,
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
                self.check_groups(tx, account, &before.record)?;
                self.check_user_data(&before.record)?;
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
                Ok::<_, ApiError>(())
            })
            .await?;
        cx.engine().ports_changed();
        Ok(Nothing {})
    }
}

/// One text has no full stop here.
fn own_words(error: ApiError) -> ApiError {
    match error.code() {
        code @ Code::UserDataMalformed => code.with("The specified UserData is not valid"),
        _ => error,
    }
}

impl ModifyInstanceAttribute {
    fn check_groups(&self, tx: &mut Tx<'_>, account: AccountId, before: &Instance) -> ApiResult<()> {
        let mut kinds = HashSet::new();
        for id in &self.groups {
            let code = Code::SecurityGroupIdNotFound;
            let group = own_anywhere::<SecurityGroup>(tx, account, id.as_str(), code)?.record;
            if before.place.vpc.is_none() {
                return Err(Code::ServerIsClassic.error());
            }
            if group.vpc.is_none() {
                return Err(Code::SecurityGroupIsClassic.error());
            }
            if group.region != before.region || group.vpc != before.place.vpc {
                return Err(Code::SecurityGroupsOfOtherNetwork.error());
            }
            kinds.insert(group.kind);
        }
        if 1 < kinds.len() {
            let text = "The specified instance can not join multi SecurityGroup types.";
            return Err(Code::GroupsOfDifferentKinds.with(text));
        }
        let joined: Vec<SecurityGroupId> =
            self.groups.iter().filter(|group| !before.place.groups.contains(group)).cloned().collect();
        groups_have_room(tx, account, &self.groups, &joined, 1)
    }

    /// A guest reads its user data when it starts, and only a server at rest is sure to read them anew.
    fn check_user_data(&self, before: &Instance) -> ApiResult<()> {
        if self.user_data.is_none() {
            return Ok(());
        }
        if before.place.vpc.is_none() {
            return Err(Code::UserDataNeedsNetwork.error());
        }
        if before.status == InstanceStatus::Stopped { Ok(()) } else { Err(Code::InstanceStatusIncorrect.error()) }
    }
}
