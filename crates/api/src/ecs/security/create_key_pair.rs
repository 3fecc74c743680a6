//! `CreateKeyPair`: make an SSH key pair. The private half is in the answer and nowhere else.

use model::{KeyPairId, RegionId, ResourceName, Tag};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs1::LineEnding;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use wire::Params;

use super::key_pairs::{fingerprint, openssh, store};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region, required};

/// The size of the service's keys.
const BITS: usize = 2048;

/// The call.
pub(crate) struct CreateKeyPair {
    region: RegionId,
    name: ResourceName,
    tags: Vec<Tag>,
}

impl Action for CreateKeyPair {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateKeyPair",
        summary: "Make an SSH key pair and answer its private half.",
        codes: &[
            Code::RegionIdNotFoundForTags,
            Code::KeyPairNameMalformed,
            Code::KeyPairAlreadyExists,
            Code::KeyPairQuotaExceeded,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagQuotaExceeded,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForTags)?,
            name: required(params, "KeyPairName", Code::KeyPairNameMalformed)?,
            tags: input::tags_or(params, Code::TagKeyDuplicate, Code::TagQuotaExceeded)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:CreateKeyPair", resource: cx.resource("ecs", self.region.as_str(), "keypair/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let engine = cx.engine().clone();
        // A prime takes its time, on a thread that has it.
        let made = tokio::task::spawn_blocking(move || {
            let key = RsaPrivateKey::new(&mut super::key_pairs::Random(&engine), BITS).map_err(ApiError::internal)?;
            let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(ApiError::internal)?;
            Ok::<_, ApiError>((openssh(&RsaPublicKey::from(&key)), pem.to_string()))
        });
        let (public_key, private_key) = made.await.map_err(ApiError::internal)??;
        let id = KeyPairId::generate(cx.engine().entropy());
        let print = fingerprint(&public_key).ok_or_else(|| ApiError::internal("a key of our own does not parse"))?;
        let public_key = format!("{public_key} {}", self.name);
        store(&cx, (id.clone(), self.name.clone()), (self.region, self.tags), (print.clone(), public_key)).await?;
        Ok(json!({
            "KeyPairId": id,
            "KeyPairName": self.name,
            "KeyPairFingerPrint": print,
            "PrivateKeyBody": private_key,
        }))
    }
}
