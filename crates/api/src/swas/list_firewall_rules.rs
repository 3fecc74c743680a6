//! `ListFirewallRules`: the open ports of a server.

use serde_json::{Value, json};
use wire::Params;

use super::common::Call;
use super::firewall;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::PageNumber;

/// The call.
pub(crate) struct ListFirewallRules {
    call: Call,
    instance: String,
    rule: Option<String>,
    page: PageNumber,
}

impl Action for ListFirewallRules {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListFirewallRules",
        summary: "List the open ports of a server.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasInstanceIdNotFound,
            Code::SwasParamInvalid,
            Code::ClientTokenMalformed,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            call: Call::read(params, cx)?,
            instance: params.get("InstanceId").ok_or_else(|| ApiError::missing("InstanceId"))?.to_owned(),
            rule: params.get("FirewallRuleId").map(str::to_owned),
            page: PageNumber::read(params).map_err(|_| Code::SwasParamInvalid)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListFirewallRules", &format!("instance/{}", self.instance))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let owner = cx.account().at_swas();
        let Self { call, instance, rule, page } = self;
        let found = cx.engine().meta().read(move |tx| firewall::group(tx, owner, &call.region, &instance));
        let mut rules = found.await?.record.rules;
        rules.retain(|there| rule.as_ref().is_none_or(|id| there.id.as_str() == id));
        let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let window = page.window();
        let shown = rules.iter().skip(place(window.offset)).take(place(window.limit));
        Ok(json!({
            "TotalCount": rules.len(),
            "PageNumber": page.number,
            "PageSize": page.size,
            "FirewallRules": shown.map(firewall::view).collect::<Vec<_>>(),
        }))
    }
}
