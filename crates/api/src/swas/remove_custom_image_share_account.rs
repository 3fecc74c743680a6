//! `RemoveCustomImageShareAccount`: take a custom image from the servers of other accounts.

use wire::Params;

use super::sharing::{self, ShareCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct RemoveCustomImageShareAccount(ShareCall);

impl Action for RemoveCustomImageShareAccount {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "RemoveCustomImageShareAccount",
        summary: "Take a custom image from other accounts.",
        codes: sharing::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        ShareCall::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "swas-open:RemoveCustomImageShareAccount")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.apply(&cx, Self::SPEC.name, sharing::remove).await
    }
}
