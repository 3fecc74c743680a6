//! Objects: put, appended to, made names for others, deleted.

use engine::buckets::BucketError;
use http::StatusCode;
use meta::buckets::Object;
use percent_encoding::percent_decode_str;

use super::new_object::{exists, new_object};
use super::settings::shown_algorithm;
use crate::address::check_key;
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};

pub async fn put(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let new = new_object(request)?;
    let body = request.body.stream();
    let outcome = door.buckets.put(&request.bucket().name, new, body).await;
    let object = outcome.map_err(|error| refusal(request, error))?;
    Ok(stored(request, &object))
}

pub async fn append(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let position = request.number::<u64>("position")?;
    let position = position.ok_or_else(|| OssError::argument("position", "", "The position is missing."))?;
    let new = new_object(request)?;
    let body = request.body.stream();
    let outcome = door.buckets.append(&request.bucket().name, new, position, body).await;
    let object = outcome.map_err(|error| refusal(request, error))?;
    Ok(stored(request, &object).header(request.dialect.header("next-append-position"), object.size.to_string()))
}

pub async fn put_symlink(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let target = request.own_header("symlink-target").unwrap_or_default();
    let target = percent_decode_str(&target).decode_utf8().map_err(|_| Code::InvalidObjectName)?;
    check_key(&target)?;
    if target == request.key() {
        return Err(OssError::argument("x-oss-symlink-target", &target, "A symlink must not name itself."));
    }
    let new = new_object(request)?;
    let outcome = door.buckets.symlink(&request.bucket().name, new, target.into_owned()).await;
    let object = outcome.map_err(|error| refusal(request, error))?;
    Ok(Answer::empty(StatusCode::OK).header("etag", request.dialect.etag(&object.etag)))
}

pub async fn delete(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    check_version(request)?;
    door.buckets.delete_objects(&request.bucket().name, vec![request.key().to_owned()]).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Refuses a version: objects have none here but `null`.
pub(super) fn check_version(request: &Request) -> Result<(), OssError> {
    match request.filled("versionId") {
        None | Some("null") => Ok(()),
        Some(other) => Err(OssError::from(Code::NoSuchVersion).detail("VersionId", other)),
    }
}

/// The refusal of a write.
pub(super) fn refusal(request: &Request, error: BucketError) -> OssError {
    match error {
        BucketError::Exists => exists(request),
        BucketError::BadDigest if request.dialect == Dialect::S3 => Code::BadDigest.into(),
        error => request.body.refusal(error),
    }
}

/// The answer to a write.
pub(super) fn stored(request: &Request, object: &Object) -> Answer {
    let dialect = request.dialect;
    let crc64 = (dialect == Dialect::Oss).then(|| object.crc64.to_string());
    let encryption = object.encryption.as_deref().map(|algorithm| shown_algorithm(algorithm, dialect));
    Answer::empty(StatusCode::OK)
        .header("etag", dialect.etag(&object.etag))
        .optional("x-oss-hash-crc64ecma", crc64)
        .optional(dialect.header("server-side-encryption"), encryption)
}
