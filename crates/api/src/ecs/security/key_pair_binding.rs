//! Servers and the key pair that lets their owners in: each server has one at most, and each answers for itself.

use meta::resources::{self, Stored};
use meta::{Scope, Tx};
use model::{AccountId, Instance, OsType, RegionId, ResourceName};
use serde_json::{Value, json};
use wire::Params;

use super::key_pairs;
use crate::action::Access;
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region, required};
use crate::resource::json_list;

/// Servers of one call.
const AT_MOST: usize = 50;

/// Codes of the two calls.
pub(super) const CODES: [Code; 4] = [
    Code::RegionIdNotFound404,
    Code::KeyPairNameNotFound,
    Code::InstanceIdsNotSupported,
    Code::KeyPairInstancesTooMany,
];

/// A call about a key pair and servers.
pub(super) struct Binding {
    region: RegionId,
    name: ResourceName,
    instances: Vec<String>,
}

impl Binding {
    pub(super) fn read(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let name = required(params, "KeyPairName", Code::KeyPairNameNotFound)?;
        // The text form of one id alone is what some clients send.
        let instances = match params.get("InstanceIds") {
            None => return Err(ApiError::missing("InstanceIds")),
            Some(text) if text.starts_with("i-") => vec![text.to_owned()],
            Some(_) => json_list(params, "InstanceIds", Code::InstanceIdsNotSupported)?.unwrap_or_default(),
        };
        if instances.is_empty() {
            return Err(Code::InstanceIdsNotSupported.error());
        }
        if AT_MOST < instances.len() {
            return Err(Code::KeyPairInstancesTooMany.error());
        }
        Ok(Self { region, name, instances })
    }

    pub(super) fn access(&self, cx: &Cx, verb: &'static str) -> Vec<Access> {
        let region = self.region.as_str();
        let pair = cx.resource("ecs", region, &format!("keypair/{}", self.name));
        let servers = self.instances.iter().map(|id| cx.resource("ecs", region, &format!("instance/{id}")));
        std::iter::once(pair).chain(servers).map(|resource| Access { verb, resource }).collect()
    }

    /// Gives every server the key pair that `change` says.
    pub(super) async fn change(
        self,
        cx: &Allowed<'_>,
        change: fn(&ResourceName) -> Option<ResourceName>,
    ) -> ApiResult<Value> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let Self { region, name, instances } = &self;
                key_pairs::check(tx, (account, region), Some(name), Code::KeyPairNameNotFound)?;
                let key_pair = change(name);
                let mut results = Vec::new();
                for id in instances {
                    let code = change_one(tx, (account, region), id, name, key_pair.as_ref())?;
                    results.push(json!({
                        "InstanceId": id,
                        "Success": if code.is_none() { "true" } else { "false" },
                        "Code": code.map_or("200", |(code, _)| code),
                        "Message": code.map_or("successful", |(_, text)| text),
                    }));
                }
                let failed = results.iter().filter(|result| result["Success"] == "false").count();
                Ok(json!({
                    "KeyPairName": name,
                    "TotalCount": results.len().to_string(),
                    "FailCount": failed.to_string(),
                    "Results": {"Result": results},
                }))
            })
            .await
    }
}

/// Why a server keeps the key pair that it has; none when it does not.
type Refused = Option<(&'static str, &'static str)>;

fn change_one(
    tx: &mut Tx<'_>,
    (account, region): (AccountId, &RegionId),
    id: &str,
    name: &ResourceName,
    key_pair: Option<&ResourceName>,
) -> ApiResult<Refused> {
    let found: Option<Stored<Instance>> = resources::get(tx, id)?;
    let Some(before) = found.filter(|stored| stored.record.owner == account && stored.record.region == *region) else {
        return Ok(Some(("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.")));
    };
    if before.record.os_type == OsType::Windows {
        let text = "The instance creating is windows, cannot use ssh key pair to login";
        return Ok(Some(("DependencyViolation.WindowsInstance", text)));
    }
    if key_pair.is_none() && before.record.key_pair.as_ref() != Some(name) {
        return Ok(Some(("InvalidKeyPairName.NotFound", "The specified KeyPairName does not exist in our records.")));
    }
    resources::update(tx, &before, &Instance { key_pair: key_pair.cloned(), ..before.record.clone() })?;
    Ok(None)
}
