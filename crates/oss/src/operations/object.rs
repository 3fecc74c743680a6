//! Objects: read and looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::buckets::BucketError;
use http::StatusCode;
use meta::buckets::{Bucket, Object, ObjectKind};

use super::settings::shown_algorithm;
use super::write::check_version;
use crate::access::Caller;
use crate::body;
use crate::conditions::{Conditions, Span, span};
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};

/// Headers of an answer that the query may set.
const OVERRIDES: &[&str] =
    &["content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding"];

pub async fn get(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    answer(door, request, true).await
}

pub async fn head(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    answer(door, request, false).await
}

async fn answer(door: &Inner, request: &Request, has_body: bool) -> Result<Answer, OssError> {
    check_version(request)?;
    let object = resolve(door, &request.caller, request.bucket(), request.key()).await?;
    let range = request.header("range").filter(|_| is_range_wanted(request, &object.0));
    Conditions::read(|name| request.header(name)).check(&object.0.etag, object.0.modified)?;
    let (object, kind) = object;
    let is_standard = request.header("x-oss-range-behavior").is_some_and(|value| value == "standard");
    let span = span(range.as_deref(), object.size, request.dialect, is_standard)?;
    let (status, part) = match span {
        Span::Whole => (StatusCode::OK, 0..object.size),
        Span::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
    };
    let mut answer = described(request, &object, kind, Answer::empty(status));
    if status == StatusCode::PARTIAL_CONTENT {
        let last = part.end - 1;
        answer = answer.header("content-range", format!("bytes {}-{last}/{}", part.start, object.size));
    }
    for name in OVERRIDES {
        let Some(value) = request.filled(&format!("response-{name}")) else { continue };
        if request.caller.is_anonymous() {
            let text = "Request specific response headers cannot be used for anonymous GET requests.";
            return Err(OssError::new(Code::InvalidRequest, text));
        }
        answer = answer.header(name, value);
    }
    answer = answer.header("content-length", (part.end - part.start).to_string());
    if has_body {
        answer = answer.body(body::stream(door.buckets.read(&object, part)));
    }
    Ok(answer)
}

pub async fn meta(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    check_version(request)?;
    let object = door.buckets.object(&request.bucket().name, request.key()).await?;
    let answer = Answer::empty(StatusCode::OK)
        .header("etag", request.dialect.etag(&object.etag))
        .header("last-modified", object.modified.http_date())
        .header("x-oss-hash-crc64ecma", object.crc64.to_string());
    // A GET has no body either; only its HEAD may announce a length that does not follow.
    Ok(if request.is_head { answer.header("content-length", object.size.to_string()) } else { answer })
}

pub async fn symlink(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let object = door.buckets.object(&request.bucket().name, request.key()).await?;
    let target = object.target.as_deref().ok_or(Code::NotSymlink)?;
    Ok(Answer::empty(StatusCode::OK)
        .header("etag", request.dialect.etag(&object.etag))
        .header("last-modified", object.modified.http_date())
        .header(request.dialect.header("symlink-target"), wire::encode::encode_path(target)))
}

/// The object behind a key: the one that a symlink names where it is one, with the kind of what the key itself holds.
/// A symlink gives nobody more than the object it names does.
pub(super) async fn resolve(
    door: &Inner,
    caller: &Caller,
    bucket: &Bucket,
    key: &str,
) -> Result<(Object, ObjectKind), OssError> {
    let object = door.buckets.object(&bucket.name, key).await;
    let object = object.map_err(|error| missing(error, key))?;
    let Some(target) = &object.target else {
        let kind = object.kind;
        return Ok((object, kind));
    };
    door.allow(caller, "oss:GetObject", bucket, Some(target)).await?;
    match door.buckets.object(&bucket.name, target).await {
        Ok(found) if found.target.is_some() => Err(Code::InvalidTargetType.into()),
        Ok(found) => {
            let modified = found.modified.max(object.modified);
            Ok((Object { modified, ..found }, ObjectKind::Symlink))
        }
        Err(BucketError::NoSuchKey) => Err(Code::SymlinkTargetNotExist.into()),
        Err(error) => Err(error.into()),
    }
}

/// The refusal for a key that is not there names it, as the service does.
fn missing(error: BucketError, key: &str) -> OssError {
    match error {
        BucketError::NoSuchKey => OssError::from(Code::NoSuchKey).detail("Key", key),
        error => error.into(),
    }
}

/// A range counts only while `If-Range` holds.
fn is_range_wanted(request: &Request, object: &Object) -> bool {
    request.header("if-range").is_none_or(|condition| {
        let condition = condition.trim_matches('"');
        condition.eq_ignore_ascii_case(&object.etag) || condition == object.modified.http_date()
    })
}

/// The headers that tell what an object is.
fn described(request: &Request, object: &Object, kind: ObjectKind, answer: Answer) -> Answer {
    let dialect = request.dialect;
    let mut answer = answer
        .header("content-type", "application/octet-stream")
        .header("accept-ranges", "bytes")
        .header("etag", dialect.etag(&object.etag))
        .header("last-modified", object.modified.http_date())
        .header(dialect.header("storage-class"), dialect.storage_class(&object.storage_class));
    if dialect == Dialect::Oss {
        answer = answer
            .header("x-oss-object-type", kind.as_str())
            .header("x-oss-hash-crc64ecma", object.crc64.to_string())
            .optional("content-md5", content_md5(object));
        if kind == ObjectKind::Appendable {
            answer = answer.header("x-oss-next-append-position", object.size.to_string());
        }
    }
    if let Some(algorithm) = &object.encryption {
        let shown = shown_algorithm(algorithm, dialect);
        answer = answer.header(dialect.header("server-side-encryption"), shown);
    }
    for (name, value) in &object.headers {
        let full = if name.starts_with("meta-") { dialect.header(name) } else { name.clone() };
        answer = answer.header(full, value);
    }
    answer
}

/// The MD5 of an object whose entity tag is one.
fn content_md5(object: &Object) -> Option<String> {
    let digest = (object.kind == ObjectKind::Normal).then(|| hex::decode(&object.etag).ok()).flatten()?;
    Some(STANDARD.encode(digest))
}
