//! RPC signature v1: HMAC-SHA1 over the method and every parameter but `Signature`.
//!
//! Values are decoded as they arrive and encoded again before signing: clients differ in what they leave literal in a
//! URL (`*`, `~`, `(`) and agree in what they sign. Empty values count.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::encode;
use crate::params::Params;
use crate::refusal::Refusal;

/// The text that both sides sign.
pub fn string_to_sign(method: &str, params: &Params) -> String {
    let query = encode::canonical_query(params.iter().filter(|(name, _)| *name != "Signature"));
    format!("{method}&%2F&{}", encode::encode(&query))
}

/// The signature of `string_to_sign` with this secret, in base64.
pub fn sign(secret: &str, string_to_sign: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Checks `Signature` against the parameters.
pub fn verify(method: &str, params: &Params, signature: &str, secret: &str) -> Result<(), Refusal> {
    let string_to_sign = string_to_sign(method, params);
    let expected = sign(secret, &string_to_sign);
    // Some clients percent-encode the base64 text twice.
    let given = encode::decode(signature);
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
        || bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
    {
        return Ok(());
    }
    Err(Refusal::SignatureMismatchV1 { string_to_sign })
}
