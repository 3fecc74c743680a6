//! What a request says of an object that it makes: headers to give back, ACL, class, encryption, guards.

use engine::buckets::NewObject;
use http::header;

use crate::dialect::Dialect;
use crate::error::{Code, OssError};
use crate::request::Request;

/// Headers that are given back as they came.
const KEPT_HEADERS: &[header::HeaderName] = &[
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::EXPIRES,
];

/// Most bytes of user metadata, names and values (OSS, PutObject).
const LARGEST_META: usize = 8 << 10;

/// What a new object is to be.
pub fn new_object(request: &Request) -> Result<NewObject, OssError> {
    let bucket = request.bucket();
    let acl = match request.dialect {
        Dialect::Oss => request.own_header("object-acl"),
        Dialect::S3 => request.own_header("acl"),
    };
    let asked_class = request.own_header("storage-class");
    Ok(NewObject {
        key: request.new_key()?.to_owned(),
        headers: kept_headers(request)?,
        acl: acl.map_or(Ok("default".to_owned()), |acl| object_acl(&acl, request.dialect))?,
        storage_class: storage_class(asked_class.as_deref(), &bucket.storage_class, request.dialect)?,
        encryption: encryption(request)?.or_else(|| bucket.encryption.clone()),
        may_replace: may_replace(request)?,
        expected_md5: request.content_md5()?,
    })
}

/// The headers and metadata that are given back.
pub fn kept_headers(request: &Request) -> Result<Vec<(String, String)>, OssError> {
    let mut kept = Vec::new();
    for name in KEPT_HEADERS {
        let Some(mut value) = request.header(name.as_str()) else { continue };
        if name == header::CONTENT_ENCODING {
            // The framing of the request is not an encoding of the object.
            let rest: Vec<&str> =
                value.split(',').map(str::trim).filter(|coding| !coding.eq_ignore_ascii_case("aws-chunked")).collect();
            value = rest.join(",");
        }
        if !value.is_empty() {
            kept.push((name.as_str().to_owned(), value));
        }
    }
    let prefix = request.dialect.header("meta-");
    let mut size = 0;
    let mut names: Vec<&str> = request.headers.keys().map(header::HeaderName::as_str).collect();
    names.sort_unstable();
    for full in names {
        let Some(name) = full.strip_prefix(&prefix) else { continue };
        let value = request.header(full).unwrap_or_default();
        size += name.len() + value.len();
        kept.push((format!("meta-{name}"), value));
    }
    if size > LARGEST_META {
        return Err(OssError::new(Code::InvalidArgument, "The size of the user metadata is larger than 8192 bytes."));
    }
    Ok(kept)
}

/// The server-side encryption that is asked for. It is recorded, not done: the store below is the operator's disk.
pub fn encryption(request: &Request) -> Result<Option<String>, OssError> {
    request.own_header("server-side-encryption").map(|text| encryption_algorithm(&text)).transpose()
}

/// The name of an encryption as it is recorded.
pub fn encryption_algorithm(text: &str) -> Result<String, OssError> {
    match text {
        "AES256" | "KMS" | "SM4" => Ok(text.to_owned()),
        "aws:kms" => Ok("KMS".to_owned()),
        _ => Err(OssError::argument("x-oss-server-side-encryption", text, "The encryption method is not supported.")),
    }
}

/// Whether an object that is there already may be replaced.
pub fn may_replace(request: &Request) -> Result<bool, OssError> {
    if request.dialect == Dialect::S3 && request.header("if-match").is_some() {
        let text = "Writing under If-Match is not implemented.";
        return Err(OssError::new(Code::NotImplemented, text).detail("Header", "If-Match"));
    }
    let is_forbidden = request.own_header("forbid-overwrite").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let is_guarded = request.header("if-none-match").is_some_and(|tags| tags.trim() == "*");
    Ok(!is_forbidden && !is_guarded)
}

/// The refusal to replace, in the code that the guard of the request has.
pub fn exists(request: &Request) -> OssError {
    match request.dialect {
        Dialect::Oss => Code::FileAlreadyExists.into(),
        Dialect::S3 => OssError::from(Code::PreconditionFailed).detail("Condition", "If-None-Match"),
    }
}

/// A storage class as it is recorded: in the words of OSS.
pub fn storage_class(asked: Option<&str>, otherwise: &str, dialect: Dialect) -> Result<String, OssError> {
    let Some(asked) = asked.filter(|text| !text.is_empty()) else { return Ok(otherwise.to_owned()) };
    let class = match (dialect, asked) {
        (Dialect::Oss, "Standard" | "IA" | "Archive" | "ColdArchive" | "DeepColdArchive") => asked,
        (Dialect::S3, "STANDARD" | "REDUCED_REDUNDANCY" | "INTELLIGENT_TIERING") => "Standard",
        (Dialect::S3, "IA" | "STANDARD_IA" | "ONEZONE_IA") => "IA",
        (Dialect::S3, "ARCHIVE" | "GLACIER" | "GLACIER_IR") => "Archive",
        (Dialect::S3, "COLDARCHIVE" | "DEEP_ARCHIVE") => "ColdArchive",
        _ => return Err(OssError::argument("x-oss-storage-class", asked, "The storage class is not valid.")),
    };
    Ok(class.to_owned())
}

/// The ACL of a bucket as it is recorded.
pub fn bucket_acl(text: &str, dialect: Dialect) -> Result<String, OssError> {
    let acl = match (dialect, text) {
        (_, "private" | "public-read" | "public-read-write") => text,
        // S3's grants to the bucket's owner say nothing where the owner may do everything.
        (Dialect::S3, "bucket-owner-full-control" | "bucket-owner-read") => "private",
        _ => return Err(OssError::argument("x-oss-acl", text, "no such bucket access control exists")),
    };
    Ok(acl.to_owned())
}

/// The ACL of an object as it is recorded.
pub fn object_acl(text: &str, dialect: Dialect) -> Result<String, OssError> {
    if dialect == Dialect::Oss && text == "default" { Ok(text.to_owned()) } else { bucket_acl(text, dialect) }
}
