//! `CreateRole`: make a role that whoever its trust policy names may assume.

use meta::{Scope, roles};
use model::quota::Quota;
use model::{AccountId, Tag};
use policy::Kind;
use wire::Params;

use super::view::{OneRole, RoleView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;
use crate::ram::fields;

/// The call.
pub(crate) struct CreateRole {
    name: String,
    trust: String,
    description: String,
    max_session_seconds: u32,
    tags: Vec<Tag>,
}

impl Action for CreateRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreateRole",
        summary: "Make a role.",
        codes: &[
            Code::RoleNameLength,
            Code::RoleNameInvalidChars,
            Code::TrustPolicyLength,
            Code::MalformedPolicyDocument,
            Code::DescriptionLength,
            Code::RoleAlreadyExists,
            Code::RoleLimit,
        ],
    };
    type Output = OneRole;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let trust = params.get("AssumeRolePolicyDocument");
        let trust = trust.ok_or_else(|| ApiError::missing("AssumeRolePolicyDocument"))?;
        Ok(Self {
            name: fields::role_name(params)?,
            trust: fields::document(trust, Kind::Trust, Code::TrustPolicyLength)?,
            description: fields::description(params, "Description")?.unwrap_or_default(),
            max_session_seconds: fields::max_session(params, "MaxSessionDuration")?.unwrap_or(3_600),
            tags: fields::tags(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreateRole", resource: fields::role_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneRole> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let role = roles::Role {
            name: self.name,
            id: format!("3{}", AccountId::generate(cx.engine().entropy())),
            trust: self.trust,
            description: self.description,
            max_session_seconds: self.max_session_seconds,
            tags: self.tags,
            created: now,
            updated: now,
        };
        let made = role.clone();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if roles::get(tx, account, &role.name)?.is_some() {
                    return Err(Code::RoleAlreadyExists.error());
                }
                let there = roles::count(tx, account)?;
                quota::one_more(tx, account, Quota::Roles, there, Code::RoleLimit)?;
                Ok(roles::insert(tx, account, &role)?)
            })
            .await?;
        Ok(OneRole { role: RoleView::whole(account, made) }.made())
    }
}
