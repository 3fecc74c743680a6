//! `UpdateRole`: change a role's trust policy, description or session length. What is not given stays.

use meta::{Scope, roles};
use policy::Kind;
use wire::Params;

use super::view::{OneRole, RoleView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct UpdateRole {
    name: String,
    trust: Option<String>,
    description: Option<String>,
    max_session_seconds: Option<u32>,
}

impl Action for UpdateRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "UpdateRole",
        summary: "Change a role's trust policy, description or session length.",
        codes: &[
            Code::RoleNameLength,
            Code::RoleNameInvalidChars,
            Code::NewTrustPolicyLength,
            Code::MalformedPolicyDocument,
            Code::DescriptionLength,
            Code::RoleNotExist,
        ],
    };
    type Output = OneRole;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let trust = params.get("NewAssumeRolePolicyDocument");
        let trust = trust.map(|text| fields::document(text, Kind::Trust, Code::NewTrustPolicyLength));
        Ok(Self {
            name: fields::role_name(params)?,
            trust: trust.transpose()?,
            description: fields::description(params, "NewDescription")?,
            max_session_seconds: fields::max_session(params, "NewMaxSessionDuration")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = fields::role_resource(cx, &self.name);
        vec![Access { verb: "ram:UpdateRole", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneRole> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let role = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = roles::get(tx, account, &self.name)?.ok_or(Code::RoleNotExist)?;
                let role = roles::Role {
                    trust: self.trust.clone().unwrap_or(before.trust),
                    description: self.description.clone().unwrap_or(before.description),
                    max_session_seconds: self.max_session_seconds.unwrap_or(before.max_session_seconds),
                    updated: now,
                    ..before
                };
                roles::update(tx, account, &role)?;
                Ok::<_, crate::ApiError>(role)
            })
            .await?;
        Ok(OneRole { role: RoleView::whole(account, role) })
    }
}
