//! `CreateFirewallRule`: open a port of a server.

use meta::Tx;
use serde_json::{Value, json};
use wire::Params;

use super::common::Call;
use super::firewall::{self, WantedRule};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct CreateFirewallRule {
    call: Call,
    instance: String,
    rule: WantedRule,
}

impl Action for CreateFirewallRule {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "CreateFirewallRule",
        summary: "Open a port of a server.",
        codes: firewall::ADD_CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let text = |name: &str| params.get(name).map(str::to_owned).ok_or_else(|| ApiError::missing(name));
        Ok(Self {
            call: Call::read(params, cx)?,
            instance: text("InstanceId")?,
            rule: WantedRule {
                rule_protocol: text("RuleProtocol")?,
                port: text("Port")?,
                remark: params.get("Remark").unwrap_or_default().to_owned(),
                source_cidr_ip: params.get("SourceCidrIp").unwrap_or_default().to_owned(),
            },
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:CreateFirewallRule", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, call) = (cx.account().at_swas(), self.call.clone());
        let rule = self.rule.read(cx.engine())?;
        let work = move |tx: &mut Tx<'_>| {
            let group = firewall::group(tx, owner, &self.call.region, &self.instance)?;
            firewall::add(tx, &group, std::slice::from_ref(&rule))?;
            Ok(json!({"FirewallId": rule.id}))
        };
        let made = call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().ports_changed();
        Ok(made)
    }
}
