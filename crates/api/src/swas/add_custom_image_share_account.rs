//! `AddCustomImageShareAccount`: share a custom image with the servers of other accounts.

use wire::Params;

use super::sharing::{self, ShareCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct AddCustomImageShareAccount(ShareCall);

impl Action for AddCustomImageShareAccount {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "AddCustomImageShareAccount",
        summary: "Share a custom image with other accounts.",
        codes: sharing::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        ShareCall::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "swas-open:AddCustomImageShareAccount")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.apply(&cx, Self::SPEC.name, sharing::add).await
    }
}
