//! `DeletePolicy`: delete a custom policy that is attached to nothing.

use meta::Scope;
use meta::policies::{self, PolicyKind};
use wire::Params;

use super::fields;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DeletePolicy {
    name: String,
}

impl Action for DeletePolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeletePolicy",
        summary: "Delete a custom policy that is attached to nothing.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::PolicyNotExist, Code::PolicyStillAttached],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ram", "*", &format!("policy/{}", self.name));
        vec![Access { verb: "ram:DeletePolicy", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if policies::attachment_count(tx, account, PolicyKind::Custom, &self.name)? > 0 {
                    return Err(Code::PolicyStillAttached.error());
                }
                if !policies::delete(tx, account, &self.name)? {
                    return Err(Code::PolicyNotExist.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
