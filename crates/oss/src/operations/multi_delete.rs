//! `DeleteMultipleObjects`: up to 1,000 keys in one request.

use md5::{Digest as _, Md5};

use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::xml::{Element, Writer};

/// Most keys of one request (OSS, DeleteMultipleObjects).
const KEYS_AT_MOST: usize = 1_000;

pub async fn delete(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let expected = request.content_md5()?;
    let encodes = request.encodes()?;
    let body = request.body.collect().await?;
    if expected.is_some_and(|expected| expected[..] != Md5::digest(&body)[..]) {
        return Err(Code::InvalidDigest.into());
    }
    let body = Element::parse(&body)?.expect("Delete")?;
    let is_quiet = body.value("Quiet").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let keys: Vec<String> = body
        .children
        .iter()
        .filter(|child| child.name == "Object")
        // Not trimmed: spaces at the ends of a key are part of it.
        .map(|object| object.child("Key").map(|key| key.text.clone()).filter(|key| !key.is_empty()))
        .collect::<Option<_>>()
        .ok_or(Code::MalformedXML)?;
    if keys.is_empty() || keys.len() > KEYS_AT_MOST {
        return Err(Code::MalformedXML.into());
    }
    // Each key by itself: by policies, and by its own ACL.
    if !request.caller.owns(request.bucket()) {
        for key in &keys {
            door.allow(&request.caller, "oss:DeleteObject", request.bucket(), Some(key)).await?;
        }
    }
    door.buckets.delete_objects(&request.bucket().name, keys.clone()).await?;
    let mut xml = Writer::new("DeleteResult");
    if encodes {
        xml.leaf("EncodingType", "url");
    }
    if !is_quiet {
        for key in &keys {
            xml.open("Deleted").leaf("Key", request.shown(encodes, key)).close();
        }
    }
    Ok(Answer::xml(xml.finish()))
}
