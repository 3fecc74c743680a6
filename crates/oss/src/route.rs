//! Which operation a request asks for: one row for each.
//!
//! The service tells operations apart by method, by whether a bucket or a key is named, by the sub-resources in the
//! query, and by whether a source to copy from is named. A row matches when all of its sub-resources are there and no
//! other one is; so a request for something that this door does not serve is refused, never taken for something else.

use crate::error::{Code, OssError};

/// What a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Neither bucket nor key.
    Service,
    /// A bucket.
    Bucket,
    /// A bucket and a key.
    Object,
}

/// Everything that this door does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named as in the service's documents")]
pub enum Operation {
    ListBuckets,
    PutBucket,
    HeadBucket,
    DeleteBucket,
    ListObjects,
    DeleteMultipleObjects,
    ListMultipartUploads,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketStat,
    GetBucketAcl,
    PutBucketAcl,
    GetBucketEncryption,
    PutBucketEncryption,
    DeleteBucketEncryption,
    GetBucketVersioning,
    GetBucketTags,
    GetBucketRequestPayment,
    GetBucketLogging,
    GetBucketReferer,
    GetBucketPolicy,
    GetBucketLifecycle,
    GetBucketCors,
    GetBucketWebsite,
    PutObject,
    CopyObject,
    AppendObject,
    GetObject,
    HeadObject,
    GetObjectMeta,
    DeleteObject,
    GetObjectAcl,
    PutObjectAcl,
    GetSymlink,
    PutSymlink,
    GetObjectTagging,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
}

/// How one operation is asked for, and what a caller must be allowed to do.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    method: &'static str,
    target: Target,
    /// Sub-resources, all of which must be there.
    query: &'static [&'static str],
    /// Whether a source to copy from must be named.
    copies: bool,
    /// The operation.
    pub operation: Operation,
    /// What policies call it.
    pub verb: &'static str,
}

const fn row(
    method: &'static str,
    target: Target,
    query: &'static [&'static str],
    operation: Operation,
    verb: &'static str,
) -> Row {
    Row { method, target, query, copies: false, operation, verb }
}

const fn copying(row: Row) -> Row {
    Row { copies: true, ..row }
}

use Operation as O;
use Target::{Bucket, Object, Service};

/// Every operation.
pub const ROWS: &[Row] = &[
    row("GET", Service, &[], O::ListBuckets, "oss:ListBuckets"),
    row("PUT", Bucket, &[], O::PutBucket, "oss:PutBucket"),
    row("HEAD", Bucket, &[], O::HeadBucket, "oss:GetBucketInfo"),
    row("DELETE", Bucket, &[], O::DeleteBucket, "oss:DeleteBucket"),
    row("GET", Bucket, &[], O::ListObjects, "oss:ListObjects"),
    row("POST", Bucket, &["delete"], O::DeleteMultipleObjects, "oss:DeleteObject"),
    row("GET", Bucket, &["uploads"], O::ListMultipartUploads, "oss:ListMultipartUploads"),
    row("GET", Bucket, &["bucketInfo"], O::GetBucketInfo, "oss:GetBucketInfo"),
    row("GET", Bucket, &["location"], O::GetBucketLocation, "oss:GetBucketLocation"),
    row("GET", Bucket, &["stat"], O::GetBucketStat, "oss:GetBucketStat"),
    row("GET", Bucket, &["acl"], O::GetBucketAcl, "oss:GetBucketAcl"),
    row("PUT", Bucket, &["acl"], O::PutBucketAcl, "oss:PutBucketAcl"),
    row("GET", Bucket, &["encryption"], O::GetBucketEncryption, "oss:GetBucketEncryption"),
    row("PUT", Bucket, &["encryption"], O::PutBucketEncryption, "oss:PutBucketEncryption"),
    row("DELETE", Bucket, &["encryption"], O::DeleteBucketEncryption, "oss:DeleteBucketEncryption"),
    row("GET", Bucket, &["versioning"], O::GetBucketVersioning, "oss:GetBucketVersioning"),
    row("GET", Bucket, &["tagging"], O::GetBucketTags, "oss:GetBucketTagging"),
    row("GET", Bucket, &["requestPayment"], O::GetBucketRequestPayment, "oss:GetBucketRequestPayment"),
    row("GET", Bucket, &["logging"], O::GetBucketLogging, "oss:GetBucketLogging"),
    row("GET", Bucket, &["referer"], O::GetBucketReferer, "oss:GetBucketReferer"),
    row("GET", Bucket, &["policy"], O::GetBucketPolicy, "oss:GetBucketPolicy"),
    row("GET", Bucket, &["lifecycle"], O::GetBucketLifecycle, "oss:GetBucketLifecycle"),
    row("GET", Bucket, &["cors"], O::GetBucketCors, "oss:GetBucketCors"),
    row("GET", Bucket, &["website"], O::GetBucketWebsite, "oss:GetBucketWebsite"),
    row("PUT", Object, &[], O::PutObject, "oss:PutObject"),
    copying(row("PUT", Object, &[], O::CopyObject, "oss:PutObject")),
    row("POST", Object, &["append"], O::AppendObject, "oss:PutObject"),
    row("GET", Object, &[], O::GetObject, "oss:GetObject"),
    row("HEAD", Object, &[], O::HeadObject, "oss:GetObject"),
    row("HEAD", Object, &["objectMeta"], O::GetObjectMeta, "oss:GetObject"),
    row("GET", Object, &["objectMeta"], O::GetObjectMeta, "oss:GetObject"),
    row("DELETE", Object, &[], O::DeleteObject, "oss:DeleteObject"),
    row("GET", Object, &["acl"], O::GetObjectAcl, "oss:GetObjectAcl"),
    row("PUT", Object, &["acl"], O::PutObjectAcl, "oss:PutObjectAcl"),
    row("GET", Object, &["symlink"], O::GetSymlink, "oss:GetObject"),
    row("HEAD", Object, &["symlink"], O::GetSymlink, "oss:GetObject"),
    row("PUT", Object, &["symlink"], O::PutSymlink, "oss:PutObject"),
    row("GET", Object, &["tagging"], O::GetObjectTagging, "oss:GetObjectTagging"),
    row("POST", Object, &["uploads"], O::InitiateMultipartUpload, "oss:PutObject"),
    row("PUT", Object, &["partNumber", "uploadId"], O::UploadPart, "oss:PutObject"),
    copying(row("PUT", Object, &["partNumber", "uploadId"], O::UploadPartCopy, "oss:PutObject")),
    row("POST", Object, &["uploadId"], O::CompleteMultipartUpload, "oss:PutObject"),
    row("DELETE", Object, &["uploadId"], O::AbortMultipartUpload, "oss:AbortMultipartUpload"),
    row("GET", Object, &["uploadId"], O::ListParts, "oss:ListParts"),
];

/// Sub-resources of either dialect that no row serves: a request with one of them means something else than the same
/// request without it.
const UNSERVED: &[&str] = &[
    "accelerate",
    "accessPoint",
    "accessPointPolicy",
    "analytics",
    "asyncFetch",
    "attributes",
    "bucketArchiveDirectRead",
    "callback",
    "cname",
    "comp",
    "httpsConfig",
    "img",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "link",
    "live",
    "metaQuery",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policyStatus",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "regions",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "restore",
    "retention",
    "rtc",
    "select",
    "style",
    "styleName",
    "torrent",
    "transferAcceleration",
    "udf",
    "userDefinedLogFieldsConfig",
    "versions",
    "vod",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-async-process",
    "x-oss-process",
];

/// What is asked of a request to find its row.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// What it names.
    pub target: Target,
    /// The query, decoded.
    pub query: &'a [(String, String)],
    /// Whether it names a source to copy from.
    pub copies: bool,
}

/// The row of a request.
pub fn find(asked: Asked<'_>) -> Result<&'static Row, OssError> {
    let is_selector = |name: &str| UNSERVED.contains(&name) || ROWS.iter().any(|row| row.query.contains(&name));
    let named: Vec<&str> = asked.query.iter().map(|(name, _)| name.as_str()).filter(|name| is_selector(name)).collect();
    let matches = |row: &&Row| {
        row.method == asked.method
            && row.target == asked.target
            && row.copies == asked.copies
            && row.query.iter().all(|name| named.contains(name))
            && named.iter().all(|name| row.query.contains(name))
    };
    if let Some(row) = ROWS.iter().find(matches) {
        return Ok(row);
    }
    if let Some(name) = named.first() {
        let text = format!("The sub-resource {name} is not implemented for this request.");
        return Err(OssError::new(Code::NotImplemented, text).detail("Header", *name));
    }
    Err(OssError::from(Code::MethodNotAllowed).detail("Method", asked.method))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, target: Target, query: &str, copies: bool) -> Result<Operation, Code> {
        let query: Vec<_> = wire::encode::pairs(query.as_bytes()).collect();
        find(Asked { method, target, query: &query, copies }).map(|row| row.operation).map_err(|error| error.kind())
    }

    #[test]
    fn each_row_is_found_and_no_two_are_the_same() {
        for row in ROWS {
            let query = row.query.join("&");
            assert_eq!(ask(row.method, row.target, &query, row.copies), Ok(row.operation), "{row:?}");
            assert!(row.verb.starts_with("oss:"));
        }
    }

    #[test]
    fn parameters_that_select_nothing() {
        assert_eq!(ask("GET", Bucket, "list-type=2&prefix=a&encoding-type=url", false), Ok(O::ListObjects));
        assert_eq!(ask("PUT", Object, "x-id=PutObject", false), Ok(O::PutObject));
        assert_eq!(ask("GET", Object, "response-content-type=a&versionId=null", false), Ok(O::GetObject));
        assert_eq!(ask("POST", Object, "append&position=0", false), Ok(O::AppendObject));
        assert_eq!(ask("POST", Object, "uploads=&sequential", false), Ok(O::InitiateMultipartUpload));
    }

    #[test]
    fn what_is_not_served_is_refused() {
        for (method, target, query) in [
            ("GET", Bucket, "versions"),
            ("PUT", Bucket, "lifecycle"),
            ("DELETE", Bucket, "policy"),
            ("GET", Object, "x-oss-process=image%2Finfo"),
            ("POST", Object, "restore"),
            ("GET", Object, "acl&tagging"),
            ("GET", Object, "partNumber=1"),
        ] {
            assert_eq!(ask(method, target, query, false), Err(Code::NotImplemented), "{method} {query}");
        }
        for (method, target) in [("POST", Bucket), ("POST", Object), ("DELETE", Service), ("PATCH", Object)] {
            assert_eq!(ask(method, target, "", false), Err(Code::MethodNotAllowed), "{method}");
        }
    }
}
