//! `ListEntitiesForPolicy`: whom a policy is attached to.

use meta::policies::{self, Holder};
use meta::{identities, roles};
use model::AccountId;
use serde::Serialize;
use wire::Params;

use super::named::Named;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::roles::view::arn;

/// The call.
pub(crate) struct ListEntitiesForPolicy(Named);

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entities {
    users: UserList,
    groups: GroupList,
    roles: RoleList,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserList {
    user: Vec<UserView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserView {
    user_id: String,
    user_name: String,
    display_name: String,
    attach_date: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupList {
    group: Vec<GroupView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupView {
    group_name: String,
    comments: String,
    attach_date: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleList {
    role: Vec<RoleView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleView {
    role_id: String,
    role_name: String,
    arn: String,
    description: String,
    attach_date: String,
}

impl Action for ListEntitiesForPolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListEntitiesForPolicy",
        summary: "List the users, groups and roles that a policy is attached to.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::PolicyTypeInvalid, Code::PolicyNotExist],
    };
    type Output = Entities;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Named::read(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListEntitiesForPolicy", resource: self.0.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Entities> {
        let account: AccountId = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                self.0.find(tx, account)?;
                let mut entities = Entities::default();
                for (holder, attached) in policies::holders(tx, account, self.0.kind, &self.0.name)? {
                    let attach_date = attached.seconds();
                    match holder {
                        Holder::User(id) => {
                            let user = identities::user_by_id(tx, account, &id)?;
                            entities.users.user.extend(user.map(|user| UserView {
                                user_id: user.id,
                                user_name: user.name,
                                display_name: user.display_name,
                                attach_date,
                            }));
                        }
                        Holder::Group(id) => {
                            let group = identities::group_by_id(tx, account, &id)?;
                            entities.groups.group.extend(group.map(|group| GroupView {
                                group_name: group.name,
                                comments: group.comments,
                                attach_date,
                            }));
                        }
                        Holder::Role(name) => {
                            let role = roles::get(tx, account, &name)?;
                            entities.roles.role.extend(role.map(|role| RoleView {
                                role_id: role.id,
                                arn: arn(account, &role.name),
                                role_name: role.name,
                                description: role.description,
                                attach_date,
                            }));
                        }
                    }
                }
                Ok::<_, ApiError>(entities)
            })
            .await
    }
}
