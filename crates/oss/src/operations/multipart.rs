//! Uploads in parts.

use engine::buckets::{BucketError, HIGHEST_PART, NamedPart};
use http::StatusCode;

use super::new_object::{may_replace, new_object};
use super::write::{refusal, stored};
use crate::body;
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::xml::{Element, Writer};

/// Largest page of parts (OSS, ListParts).
const LARGEST_PAGE: u64 = 1_000;

pub async fn initiate(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let encodes = request.encodes()?;
    let new = new_object(request)?;
    let encryption = new.encryption.clone();
    let id = door.buckets.begin_upload(&request.bucket().name, new).await?;
    let mut xml = Writer::new("InitiateMultipartUploadResult");
    names(&mut xml, request, encodes);
    xml.leaf("UploadId", id);
    let encryption =
        encryption.as_deref().map(|algorithm| super::settings::shown_algorithm(algorithm, request.dialect));
    Ok(Answer::xml(xml.finish()).optional(request.dialect.header("server-side-encryption"), encryption))
}

pub async fn upload_part(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let number = part_number(request)?;
    let md5 = request.content_md5()?;
    let body = request.body.stream();
    let upload = request.filled("uploadId").ok_or(Code::NoSuchUpload)?;
    let outcome = door.buckets.put_part(&request.bucket().name, (request.key(), upload), number, md5, body).await;
    let part = outcome.map_err(|error| refusal(request, error))?;
    let crc64 = (request.dialect == Dialect::Oss).then(|| part.crc64.to_string());
    Ok(Answer::empty(StatusCode::OK)
        .header("etag", request.dialect.etag(&part.etag))
        .optional("x-oss-hash-crc64ecma", crc64))
}

pub async fn complete(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let encodes = request.encodes()?;
    let body = request.body.collect().await?;
    let takes_all = request.own_header("complete-all").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    let named = match (takes_all, body.trim_ascii()) {
        (true, b"") => None,
        (true, _) => {
            let text = "A request with x-oss-complete-all must not have a body.";
            return Err(OssError::argument("x-oss-complete-all", "yes", text));
        }
        (false, body) => Some(named_parts(body)?),
    };
    let may_replace = may_replace(request)?;
    let upload = request.filled("uploadId").ok_or(Code::NoSuchUpload)?.to_owned();
    let to = (request.key(), upload.as_str());
    let outcome = door.buckets.complete_upload(&request.bucket().name, to, named, may_replace).await;
    let object = outcome.map_err(|error| match error {
        BucketError::NoSuchUpload => no_such_upload(&upload),
        error => refusal(request, error),
    })?;
    let mut xml = Writer::new("CompleteMultipartUploadResult");
    xml.leaf("Location", format!("http://{}/{}", request.host, wire::encode::encode_path(request.key())));
    names(&mut xml, request, encodes);
    xml.leaf("ETag", request.dialect.etag(&object.etag));
    Ok(stored(request, &object).body(body::text(xml.finish())).header("content-type", "application/xml"))
}

pub async fn abort(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let upload = request.filled("uploadId").ok_or(Code::NoSuchUpload)?;
    let outcome = door.buckets.abort_upload(&request.bucket().name, request.key(), upload).await;
    outcome.map_err(|error| match error {
        BucketError::NoSuchUpload => no_such_upload(upload),
        error => error.into(),
    })?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub async fn list_parts(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let encodes = request.encodes()?;
    let id = request.filled("uploadId").ok_or(Code::NoSuchUpload)?;
    let upload = match door.buckets.upload(&request.bucket().name, request.key(), id).await {
        Err(BucketError::NoSuchUpload) => return Err(no_such_upload(id)),
        outcome => outcome?,
    };
    let max_parts = request.number::<u64>("max-parts")?.unwrap_or(LARGEST_PAGE);
    if max_parts > LARGEST_PAGE && request.dialect == Dialect::Oss {
        return Err(OssError::argument("max-parts", &max_parts.to_string(), "max-parts must be 1 to 1000."));
    }
    let max_parts = max_parts.min(LARGEST_PAGE);
    let marker = request.number::<u32>("part-number-marker")?.unwrap_or(0);
    let mut parts = door.buckets.parts(id, marker, max_parts + 1).await?;
    let is_truncated = parts.len() as u64 > max_parts;
    parts.truncate(usize::try_from(max_parts).unwrap_or(usize::MAX));
    let mut xml = Writer::new("ListPartsResult");
    names(&mut xml, request, encodes);
    xml.leaf("UploadId", id);
    xml.leaf("StorageClass", request.dialect.storage_class(&upload.storage_class));
    // Clients read the marker even when there is nothing more.
    let next = parts.last().map_or(marker, |part| part.number);
    xml.leaf("PartNumberMarker", marker.to_string()).leaf("NextPartNumberMarker", next.to_string());
    xml.leaf("MaxParts", max_parts.to_string()).leaf("IsTruncated", is_truncated.to_string());
    for part in &parts {
        xml.open("Part").leaf("PartNumber", part.number.to_string()).leaf("LastModified", part.modified.oss_xml());
        xml.leaf("ETag", request.dialect.etag(&part.etag)).leaf("Size", part.size.to_string());
        if request.dialect == Dialect::Oss {
            xml.leaf("HashCrc64ecma", part.crc64.to_string());
        }
        xml.close();
    }
    Ok(Answer::xml(xml.finish()))
}

/// The number of the part that a request is about.
pub(super) fn part_number(request: &Request) -> Result<u32, OssError> {
    let text = request.param("partNumber").unwrap_or_default();
    let number = text.parse().ok().filter(|number| (1..=HIGHEST_PART).contains(number));
    number.ok_or_else(|| {
        OssError::argument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive.")
    })
}

fn named_parts(body: &[u8]) -> Result<Vec<NamedPart>, OssError> {
    let body = Element::parse(body)?.expect("CompleteMultipartUpload")?;
    let parts = body.children.iter().filter(|child| child.name == "Part").map(|part| {
        let number = part.value("PartNumber")?.parse().ok()?;
        Some(NamedPart { number, etag: part.value("ETag")?.trim_matches('"').to_owned() })
    });
    let parts: Vec<NamedPart> = parts.collect::<Option<_>>().ok_or(Code::MalformedXML)?;
    if parts.is_empty() || parts.len() > HIGHEST_PART as usize {
        return Err(Code::MalformedXML.into());
    }
    Ok(parts)
}

fn no_such_upload(id: &str) -> OssError {
    OssError::from(Code::NoSuchUpload).detail("UploadId", id)
}

fn names(xml: &mut Writer, request: &Request, encodes: bool) {
    if encodes {
        xml.leaf("EncodingType", "url");
    }
    let key = request.shown(encodes, request.key());
    xml.leaf("Bucket", request.bucket().name.as_str()).leaf("Key", key);
}
