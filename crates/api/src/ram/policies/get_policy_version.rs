//! `GetPolicyVersion`: show what a version of a policy says.

use wire::Params;

use super::named::{self, Found, Named};
use super::views::{FIRST_VERSION, OneVersion, VersionView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct GetPolicyVersion {
    policy: Named,
    version: u64,
}

impl Action for GetPolicyVersion {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetPolicyVersion",
        summary: "Show a version of a policy.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyTypeInvalid,
            Code::VersionIdFormat,
            Code::PolicyNotExist,
            Code::PolicyVersionNotExist,
        ],
    };
    type Output = OneVersion;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { policy: Named::read(params)?, version: named::version_id(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:GetPolicyVersion", resource: self.policy.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneVersion> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let policy_version = match self.policy.find(tx, account)? {
                    Found::Custom(policy) => VersionView::custom(named::version(tx, account, &policy, self.version)?),
                    Found::System(policy) if self.version == FIRST_VERSION => VersionView::system(policy),
                    Found::System(_) => return Err(Code::PolicyVersionNotExist.error()),
                };
                Ok(OneVersion { policy_version })
            })
            .await
    }
}
