//! `DeleteKeyPairs`: forget key pairs that no server has. A name that nothing has is no fault.

use meta::Scope;
use meta::resources::{self, list};
use model::network::KeyPair;
use model::{Instance, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;
use crate::resource::json_list;

/// Key pairs that one call deletes.
const AT_MOST: usize = 100;

/// The call.
pub(crate) struct DeleteKeyPairs {
    region: RegionId,
    names: Vec<String>,
}

impl Action for DeleteKeyPairs {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteKeyPairs",
        summary: "Forget key pairs that no server has.",
        codes: &[Code::RegionIdNotFound404, Code::KeyPairNamesInvalid, Code::KeyPairsTooMany, Code::KeyPairAttached],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let names = json_list(params, "KeyPairNames", Code::KeyPairNamesInvalid)?;
        let names = names.ok_or_else(|| ApiError::missing("KeyPairNames"))?;
        if names.is_empty() {
            return Err(Code::KeyPairNamesInvalid.error());
        }
        if AT_MOST < names.len() {
            return Err(Code::KeyPairsTooMany.error());
        }
        Ok(Self { region: region(params, cx, Code::RegionIdNotFound404)?, names })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = |name: &String| cx.resource("ecs", self.region.as_str(), &format!("keypair/{name}"));
        self.names.iter().map(|name| Access { verb: "ecs:DeleteKeyPairs", resource: resource(name) }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let Self { region, names } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                for name in &names {
                    let with_it = resources::Filter::default().with("key-pair", name);
                    let window = meta::images::Window { offset: 0, limit: 1, below: None };
                    if 0 < list::<Instance>(tx, account, &region, &with_it, window)?.total {
                        return Err(Code::KeyPairAttached.error());
                    }
                    if let Some(pair) = resources::by_name::<KeyPair>(tx, account, &region, name)? {
                        resources::delete(tx, &pair, now)?;
                    }
                }
                Ok(Nothing {})
            })
            .await
    }
}
