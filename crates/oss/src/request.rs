//! A request after its door, and an answer before it: what operations read and write.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use meta::buckets::Bucket;
use model::RegionId;

use crate::access::Caller;
use crate::address::check_key;
use crate::auth::header_text;
use crate::body::{self, AnswerBody, Incoming};
use crate::dialect::Dialect;
use crate::error::{Code, OssError};

/// A request that was routed, verified and allowed.
pub struct Request {
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// Whether it asks for headers alone.
    pub is_head: bool,
    /// The dialect of its signature.
    pub dialect: Dialect,
    /// Who sent it.
    pub caller: Caller,
    /// The name of the bucket, which need not exist.
    pub bucket_name: Option<String>,
    /// The bucket, where the operation works on one that exists.
    pub bucket: Option<Bucket>,
    /// The key.
    pub key: Option<String>,
    /// The host as it was called.
    pub host: String,
    /// The region that the host name says.
    pub host_region: Option<RegionId>,
    /// The region that the signature was made for.
    pub scope_region: Option<String>,
    /// The body.
    pub body: Incoming,
}

impl Request {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<String> {
        header_text(&self.headers, name)
    }

    /// A header of the protocol, by its name without prefix.
    pub fn own_header(&self, name: &str) -> Option<String> {
        self.header(&self.dialect.header(name)).filter(|value| !value.is_empty())
    }

    /// A parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.param(name).filter(|value| !value.is_empty())
    }

    /// A parameter as a number.
    pub fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, OssError> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| OssError::argument(name, text, "Argument must be an integer."))
    }

    /// The bucket that the operation works on.
    pub fn bucket(&self) -> &Bucket {
        self.bucket.as_ref().expect("the door loads the bucket of every operation but ListBuckets and PutBucket")
    }

    /// The key that the operation works on.
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("the route of an operation on objects names a key")
    }

    /// Checks the key of an operation that makes an object.
    pub fn new_key(&self) -> Result<&str, OssError> {
        check_key(self.key())?;
        Ok(self.key())
    }

    /// `Content-MD5`, which is the digest of the body.
    pub fn content_md5(&self) -> Result<Option<[u8; 16]>, OssError> {
        let Some(text) = self.header("content-md5").filter(|text| !text.is_empty()) else { return Ok(None) };
        let digest = STANDARD.decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
        digest.map(Some).ok_or_else(|| OssError::from(Code::InvalidDigest).detail("Content-MD5", text))
    }

    /// Whether names in the answer are to be percent-encoded.
    pub fn encodes(&self) -> Result<bool, OssError> {
        match self.filled("encoding-type") {
            None => Ok(false),
            Some("url") => Ok(true),
            Some(other) => Err(OssError::argument("encoding-type", other, "Invalid Encoding Method specified")),
        }
    }

    /// A name as it is answered: percent-encoded when that was asked for. S3 clients expect slashes as they are.
    pub fn shown(&self, encodes: bool, text: &str) -> String {
        match (encodes, self.dialect) {
            (false, _) => text.to_owned(),
            (true, Dialect::Oss) => wire::encode::encode(text),
            (true, Dialect::S3) => wire::encode::encode_path(text),
        }
    }
}

/// An answer in the making.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: AnswerBody,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: body::empty() }
    }

    /// An answer with an XML body.
    pub fn xml(text: String) -> Self {
        let answer = Self { status: StatusCode::OK, headers: HeaderMap::new(), body: body::text(text) };
        answer.header("content-type", "application/xml")
    }

    /// With another body.
    #[must_use]
    pub fn body(self, body: AnswerBody) -> Self {
        Self { body, ..self }
    }

    /// With a header. One that HTTP cannot carry is left out: it came from a client that will not miss it.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_ref().as_bytes());
        let value = HeaderValue::from_bytes(value.as_ref());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// With a header when there is a value for it.
    #[must_use]
    pub fn optional(self, name: impl AsRef<str>, value: Option<impl AsRef<[u8]>>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// The answer for the connection.
    pub fn into_response(self) -> Response<AnswerBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
