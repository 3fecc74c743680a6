//! `DescribeEndpoints`: where a product's door is in a region.
//!
//! Every RPC product answers at one address. `SerivceCode` is the service's own spelling, and clients read it first.

use model::RegionId;
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DescribeEndpoints {
    region: String,
    service: String,
    kind: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Found {
    success: bool,
    endpoints: EndpointList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointList {
    endpoint: Vec<EndpointView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointView {
    endpoint: String,
    id: String,
    namespace: String,
    serivce_code: String,
    r#type: String,
    protocols: Protocols,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Protocols {
    protocols: Vec<&'static str>,
}

/// Products whose doors are here.
const SERVICES: &[&str] = &["ecs", "vpc", "swas", "swas-open", "ram", "sts", "location"];

impl Action for DescribeEndpoints {
    const SPEC: Spec = Spec {
        product: Product::Location,
        name: "DescribeEndpoints",
        summary: "Say where a product's door is in a region.",
        codes: &[],
    };
    type Output = Found;
    const OPEN: bool = true;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let text = |name: &str| params.get(name).map(str::to_owned);
        Ok(Self {
            region: text("Id").ok_or_else(|| ApiError::missing("Id"))?,
            service: text("ServiceCode").ok_or_else(|| ApiError::missing("ServiceCode"))?.to_lowercase(),
            kind: text("Type").unwrap_or_else(|| "openAPI".to_owned()),
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "location:DescribeEndpoints", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Found> {
        let catalogue = &cx.services().catalogue;
        let Self { region, service, kind } = self;
        let served = region.parse().is_ok_and(|region: RegionId| catalogue.serves(&region));
        // Whoever came by the service's own names is led on by them: a client may insist on TLS, which our ports do not speak.
        let by_name = cx.cx().host.ends_with(".aliyuncs.com");
        let address = match service.as_str() {
            "oss" if by_name => Some(format!("oss-{region}.aliyuncs.com")),
            "oss" => Some(catalogue.oss_endpoint.clone()),
            name @ ("ram" | "sts") if by_name => Some(format!("{name}.aliyuncs.com")),
            name if SERVICES.contains(&name) && by_name => {
                Some(format!("{}.{region}.aliyuncs.com", name.trim_end_matches("-open")))
            }
            name if SERVICES.contains(&name) => Some(catalogue.endpoint.clone()),
            _ => None,
        };
        let endpoint = address.filter(|_| served).map(|address| EndpointView {
            endpoint: address,
            namespace: String::new(),
            id: region,
            serivce_code: service,
            r#type: kind,
            protocols: Protocols { protocols: vec!["HTTP"] },
        });
        Ok(Found { success: true, endpoints: EndpointList { endpoint: endpoint.into_iter().collect() } })
    }
}
