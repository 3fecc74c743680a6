//! `CreateFirewallRules`: open ports of a server, all of them or none. Tags of rules are taken and not kept.

use meta::Tx;
use model::network::Rule;
use serde_json::{Value, json};
use wire::Params;

use super::common::Call;
use super::firewall::{self, WantedRule};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct CreateFirewallRules {
    call: Call,
    instance: String,
    rules: Vec<WantedRule>,
}

impl Action for CreateFirewallRules {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "CreateFirewallRules",
        summary: "Open ports of a server.",
        codes: firewall::ADD_CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let text = |name: &str| params.get(name).ok_or_else(|| ApiError::missing(name));
        let rules: Vec<WantedRule> =
            serde_json::from_str(text("FirewallRules")?).map_err(|_| Code::SwasParamInvalid)?;
        if rules.is_empty() {
            return Err(ApiError::missing("FirewallRules"));
        }
        Ok(Self { call: Call::read(params, cx)?, instance: text("InstanceId")?.to_owned(), rules })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:CreateFirewallRules", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, call) = (cx.account().at_swas(), self.call.clone());
        let rules = self.rules.iter().map(|rule| rule.read(cx.engine())).collect::<ApiResult<Vec<Rule>>>()?;
        let work = move |tx: &mut Tx<'_>| {
            let group = firewall::group(tx, owner, &self.call.region, &self.instance)?;
            firewall::add(tx, &group, &rules)?;
            Ok(json!({"FirewallRuleIds": rules.iter().map(|rule| &rule.id).collect::<Vec<_>>()}))
        };
        let made = call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().ports_changed();
        Ok(made)
    }
}
