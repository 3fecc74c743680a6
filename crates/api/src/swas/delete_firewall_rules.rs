//! `DeleteFirewallRules`: close ports of a server, all of them or none.

use meta::Tx;
use model::quota::SWAS_RULES_PER_CALL;
use wire::Params;

use super::common::{Call, ids};
use super::firewall;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DeleteFirewallRules {
    call: Call,
    instance: String,
    rules: Vec<String>,
}

impl Action for DeleteFirewallRules {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "DeleteFirewallRules",
        summary: "Close ports of a server.",
        codes: firewall::REMOVE_CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let text = |name: &str| params.get(name).map(str::to_owned).ok_or_else(|| ApiError::missing(name));
        Ok(Self {
            call: Call::read(params, cx)?,
            instance: text("InstanceId")?,
            rules: ids(params, "RuleIds", SWAS_RULES_PER_CALL)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:DeleteFirewallRules", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, call) = (cx.account().at_swas(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            let group = firewall::group(tx, owner, &self.call.region, &self.instance)?;
            firewall::remove(tx, &group, &self.rules)
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().ports_changed();
        Ok(Nothing {})
    }
}
