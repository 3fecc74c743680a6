//! `UpdateInstanceAttribute`: change a server's name or its password. A password counts from the next start.

use meta::{Tx, resources};
use model::{Password, ResourceName};
use wire::Params;

use super::common::{Call, LONGEST_NAME, server};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::optional;

/// The call. What is none stays as it is.
pub(crate) struct UpdateInstanceAttribute {
    call: Call,
    instance: String,
    name: Option<ResourceName>,
    password: Option<Password>,
}

impl Action for UpdateInstanceAttribute {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "UpdateInstanceAttribute",
        summary: "Change a server's name or its password.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasInstanceNameInvalid,
            Code::SwasPasswordInvalid,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let name: Option<ResourceName> = optional(params, "InstanceName", Code::SwasInstanceNameInvalid)?;
        if name.as_ref().is_some_and(|name| LONGEST_NAME < name.as_str().chars().count()) {
            return Err(Code::SwasInstanceNameInvalid.error());
        }
        Ok(Self {
            call: Call::read(params, cx)?,
            instance: params.get("InstanceId").ok_or_else(|| ApiError::missing("InstanceId"))?.to_owned(),
            name,
            password: optional(params, "Password", Code::SwasPasswordInvalid)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:UpdateInstanceAttribute", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, call) = (cx.account().at_swas(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            let before = server(tx, owner, &self.call.region, &self.instance)?;
            let mut after = before.record.clone();
            after.name = self.name.clone().unwrap_or(after.name);
            after.password = self.password.as_ref().map(ToString::to_string).or(after.password);
            resources::update(tx, &before, &after)?;
            Ok(())
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}
