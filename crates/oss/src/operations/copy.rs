//! Copies: of objects, and of their ranges into parts.

use http::StatusCode;
use meta::buckets::{Bucket, Object};
use model::BucketName;
use percent_encoding::percent_decode_str;

use super::multipart::part_number;
use super::new_object::{kept_headers, new_object};
use super::object::resolve;
use super::write::{refusal, stored};
use crate::conditions::{Conditions, copy_range};
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::xml::Writer;

pub async fn object(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let (source_bucket, source) = source(door, request).await?;
    let mut new = new_object(request)?;
    match request.own_header("metadata-directive").as_deref() {
        None | Some("COPY") => new.headers.clone_from(&source.headers),
        Some("REPLACE") => new.headers = kept_headers(request)?,
        Some(other) => {
            return Err(OssError::argument("x-oss-metadata-directive", other, "The directive is COPY or REPLACE."));
        }
    }
    let from = (&source_bucket.name, source.key.as_str());
    let outcome = door.buckets.copy(from, &request.bucket().name, new).await;
    let object = outcome.map_err(|error| refusal(request, error))?;
    let mut xml = Writer::new("CopyObjectResult");
    xml.leaf("LastModified", object.modified.oss_xml()).leaf("ETag", request.dialect.etag(&object.etag));
    Ok(with_xml(stored(request, &object), xml))
}

pub async fn part(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let number = part_number(request)?;
    let upload = request.filled("uploadId").ok_or(Code::NoSuchUpload)?;
    let (source_bucket, source) = source(door, request).await?;
    let range = copy_range(request.own_header("copy-source-range").as_deref(), &source)?;
    let from = (&source_bucket.name, source.key.as_str());
    let to = (request.key(), upload);
    let part = door.buckets.copy_part(from, range, &request.bucket().name, to, number).await?;
    let etag = request.dialect.etag(&part.etag);
    let mut xml = Writer::new("CopyPartResult");
    xml.leaf("LastModified", part.modified.oss_xml()).leaf("ETag", &etag);
    let crc64 = (request.dialect == Dialect::Oss).then(|| part.crc64.to_string());
    let answer = Answer::empty(StatusCode::OK).header("etag", etag).optional("x-oss-hash-crc64ecma", crc64);
    Ok(with_xml(answer, xml))
}

/// The source of a copy: found, allowed, and as its conditions say.
async fn source(door: &Inner, request: &Request) -> Result<(Bucket, Object), OssError> {
    let text = request.own_header("copy-source").unwrap_or_default();
    let invalid = || OssError::argument(&request.dialect.header("copy-source"), &text, "Copy Source is not valid.");
    let (path, version) = match text.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version)),
        None => (text.as_str(), None),
    };
    if version.is_some_and(|version| version != "null") {
        return Err(Code::NoSuchVersion.into());
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| invalid())?;
    let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/').ok_or_else(invalid)?;
    let name: BucketName = bucket.parse().map_err(|_| invalid())?;
    let bucket = door.buckets.get(&name).await?;
    door.allow(&request.caller, "oss:GetObject", &bucket, Some(key)).await?;
    let (object, _) = resolve(door, &request.caller, &bucket, key).await?;
    let conditions = Conditions::read(|name| request.own_header(&format!("copy-source-{name}")));
    match conditions.check(&object.etag, object.modified) {
        Err(error) if error.kind() == Code::NotModified && request.dialect == Dialect::S3 => {
            Err(Code::PreconditionFailed.into())
        }
        outcome => outcome.map(|()| (bucket, object)),
    }
}

fn with_xml(answer: Answer, xml: Writer) -> Answer {
    answer.body(crate::body::text(xml.finish())).header("content-type", "application/xml")
}
