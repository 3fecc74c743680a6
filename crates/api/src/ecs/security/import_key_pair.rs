//! `ImportKeyPair`: keep the public half of a key pair that the caller has.

use model::{KeyPairId, RegionId, ResourceName, Tag};
use serde_json::{Value, json};
use wire::Params;

use super::key_pairs::{fingerprint, store};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region, required};

/// The call.
pub(crate) struct ImportKeyPair {
    region: RegionId,
    name: ResourceName,
    public_key: String,
    fingerprint: String,
    tags: Vec<Tag>,
}

impl Action for ImportKeyPair {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ImportKeyPair",
        summary: "Keep the public half of a key pair.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::KeyPairNameMalformed,
            Code::PublicKeyMalformed,
            Code::KeyPairAlreadyExists,
            Code::KeyPairQuotaExceeded,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let name = required(params, "KeyPairName", Code::KeyPairNameMalformed)?;
        let public_key = params.get("PublicKeyBody").ok_or_else(|| ApiError::missing("PublicKeyBody"))?.trim();
        let fingerprint = fingerprint(public_key).ok_or(Code::PublicKeyMalformed)?;
        if public_key.contains(['\n', '\r']) {
            return Err(Code::PublicKeyMalformed.error());
        }
        let tags = input::tags(params, Code::TagKeyDuplicate)?;
        Ok(Self { region, name, public_key: public_key.to_owned(), fingerprint, tags })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:ImportKeyPair", resource: cx.resource("ecs", self.region.as_str(), "keypair/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let id = KeyPairId::generate(cx.engine().entropy());
        let Self { region, name, public_key, fingerprint, tags } = self;
        store(&cx, (id, name.clone()), (region, tags), (fingerprint.clone(), public_key)).await?;
        Ok(json!({"KeyPairName": name, "KeyPairFingerPrint": fingerprint}))
    }
}
