//! The protocol's refusals: one code each, with its status, text and the number that the help pages are filed under.
//!
//! What a client is told is the code, its text and the fields that the service adds for that code. Why the server
//! itself failed goes to the log with the request id and never to the client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::buckets::BucketError;

use crate::dialect::Dialect;
use crate::xml::{self, Writer};

macro_rules! codes {
    ($($name:ident $status:literal $ec:literal $text:literal,)*) => {
        /// A code of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each code is documented by its wire text")]
        pub enum Code { $($name,)* }

        impl Code {
            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The number of the service's help page; empty where none is known.
            pub const fn ec(self) -> &'static str {
                match self { $(Self::$name => $ec,)* }
            }

            /// The text that goes with it, when the place of refusal says nothing more precise.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    AccessDenied 403 "0003-00000001" "You have no right to access this object because of bucket acl.",
    BadDigest 400 "" "The Content-MD5 you specified did not match what we received.",
    BucketAlreadyExists 409 "0015-00000104" "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
    BucketAlreadyOwnedByYou 409 "" "Your previous request to create the named bucket succeeded and you already own it.",
    BucketNotEmpty 409 "0015-00000301" "The bucket you tried to delete is not empty.",
    EntityTooLarge 400 "0004-00000214" "Your proposed upload exceeds the maximum allowed size.",
    EntityTooSmall 400 "0042-00000105" "Your proposed upload smaller than the minimum allowed size.",
    FileAlreadyExists 409 "0026-00000101" "The object you specified already exists and can not be overwritten.",
    IncompleteBody 400 "" "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    InternalError 500 "" "We encountered an internal error. Please try again.",
    InvalidAccessKeyId 403 "0002-00000902" "The OSS Access Key Id you provided does not exist in our records.",
    InvalidArgument 400 "0017-00000001" "Invalid Argument.",
    InvalidBucketName 400 "0015-00000001" "The specified bucket is not valid.",
    InvalidDigest 400 "0017-00000503" "The Content-MD5 you specified was invalid.",
    InvalidLocationConstraint 400 "0016-00000311" "The specified location-constraint is not valid",
    InvalidObjectName 400 "0048-00000101" "The specified object is not valid.",
    InvalidPart 400 "0042-00000204" "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
    InvalidPartOrder 400 "0042-00000203" "The list of parts was not in ascending order. Parts list must specified in order by part number.",
    InvalidRange 416 "0020-00000001" "The requested range cannot be satisfied",
    InvalidRequest 400 "" "Invalid Request.",
    InvalidSecurityToken 403 "0002-00000209" "The security token you provided is invalid.",
    InvalidTargetType 400 "0026-00000015" "The symbolic's target file type is invalid",
    MalformedXML 400 "0004-00000201" "The XML you provided was not well-formed or did not validate against our published schema.",
    MethodNotAllowed 405 "0017-00000302" "The specified method is not allowed against this resource.",
    NoSuchBucket 404 "0015-00000101" "The specified bucket does not exist.",
    NoSuchBucketPolicy 404 "0015-00000701" "The bucket policy does not exist.",
    NoSuchCORSConfiguration 404 "0015-00000901" "The CORS Configuration does not exist.",
    NoSuchKey 404 "0026-00000001" "The specified key does not exist.",
    NoSuchLifecycle 404 "0015-00001001" "No Row found in Lifecycle Table.",
    NoSuchLifecycleConfiguration 404 "" "The lifecycle configuration does not exist",
    NoSuchServerSideEncryptionRule 404 "0015-00001101" "The server side encryption rule does not exist.",
    NoSuchUpload 404 "0042-00000002" "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    NoSuchVersion 404 "0026-00000006" "The specified version does not exist.",
    NoSuchWebsiteConfiguration 404 "0015-00000801" "The specified bucket does not have a website configuration.",
    NotImplemented 501 "" "A header or query you provided implies functionality that is not implemented.",
    NotModified 304 "" "",
    NotSymlink 400 "0026-00000012" "Not a symlink object",
    ObjectNotAppendable 409 "0026-00000208" "The object is not appendable",
    PositionNotEqualToLength 409 "0026-00000207" "Position is not equal to file length",
    PreconditionFailed 412 "0026-00000102" "At least one of the pre-conditions you specified did not hold.",
    RequestTimeTooSkewed 403 "0002-00000504" "The difference between the request time and the current time is too large.",
    ServerSideEncryptionConfigurationNotFoundError 404 "" "The server side encryption configuration was not found",
    SecurityTokenExpired 403 "0002-00000069" "The security token you provided has expired.",
    SignatureDoesNotMatch 403 "0002-00000040" "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    SymlinkTargetNotExist 404 "0026-00000014" "The symlink target object does not exist",
    XAmzContentSHA256Mismatch 400 "" "The provided 'x-amz-content-sha256' header does not match what was computed.",
}

/// A refusal, or a failure of the server that is shown as one.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct OssError {
    code: Code,
    /// The number of the help page.
    ec: &'static str,
    message: Box<str>,
    /// Further elements of the body.
    details: Vec<(&'static str, String)>,
    /// Headers of the answer.
    headers: Vec<(&'static str, String)>,
    /// Why policies denied it, for callers who have policies.
    access_denied: Box<[(String, String)]>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an error's body says beside the error.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The id of the request.
    pub request_id: &'a str,
    /// The host that was called.
    pub host: &'a str,
    /// The dialect of the request.
    pub dialect: Dialect,
}

impl OssError {
    /// What the caller acts on.
    pub const fn kind(&self) -> Code {
        self.code
    }

    /// A refusal with a text more precise than the code's own.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (details, headers, access_denied) = (Vec::new(), Vec::new(), Box::default());
        Self { code, ec: code.ec(), message: message.into().into(), details, headers, access_denied, source: None }
    }

    /// With a help page more precise than the code's own.
    #[must_use]
    pub fn ec(self, ec: &'static str) -> Self {
        Self { ec, ..self }
    }

    /// With another element in the body.
    #[must_use]
    pub fn detail(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push((name, text.into()));
        self
    }

    /// With another header in the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.headers.push((name, text.into()));
        self
    }

    /// With what the caller is told of why policies denied it.
    #[must_use]
    pub fn access_denied(self, detail: &serde_json::Value) -> Self {
        let members = detail.as_object().into_iter().flatten();
        let access_denied = members
            .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        Self { access_denied, ..self }
    }

    /// A fault of the server: the cause is for the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::from(Code::InternalError) }
    }

    /// An argument that is not what it must be; its name and value are shown, as the service does.
    pub fn argument(name: &str, value: &str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message).detail("ArgumentName", name).detail("ArgumentValue", value)
    }

    /// True when a person should look at the server's log.
    pub const fn is_fault(&self) -> bool {
        matches!(self.code, Code::InternalError)
    }

    /// The number of the help page; empty when there is none.
    pub(crate) const fn help(&self) -> &'static str {
        self.ec
    }

    /// Headers that only this refusal has.
    pub(crate) fn extra_headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The XML body.
    pub(crate) fn body(&self, shown: Shown<'_>) -> String {
        let Shown { request_id, host, dialect } = shown;
        let mut xml = Writer::new("Error");
        xml.leaf("Code", self.code.as_str()).leaf("Message", &self.message).leaf("RequestId", request_id);
        xml.leaf("HostId", host);
        for (name, text) in &self.details {
            xml.leaf(name, text);
        }
        if dialect == Dialect::Oss && !self.access_denied.is_empty() {
            xml.open("AccessDeniedDetail");
            for (name, text) in &self.access_denied {
                xml.leaf(name, text);
            }
            xml.close();
        }
        let ec = self.ec;
        if dialect == Dialect::Oss && !ec.is_empty() {
            xml.leaf("EC", ec).leaf("RecommendDoc", format!("https://api.aliyun.com/troubleshoot?q={ec}"));
        }
        xml.finish()
    }

    /// The body as the header `x-oss-err` of an answer without one.
    pub(crate) fn body_in_header(&self, shown: Shown<'_>) -> String {
        STANDARD.encode(self.body(shown))
    }
}

impl From<Code> for OssError {
    fn from(code: Code) -> Self {
        Self::new(code, code.text())
    }
}

impl From<xml::Malformed> for OssError {
    fn from(_: xml::Malformed) -> Self {
        Code::MalformedXML.into()
    }
}

impl From<BucketError> for OssError {
    fn from(error: BucketError) -> Self {
        let code = match &error {
            BucketError::NoSuchBucket => Code::NoSuchBucket,
            BucketError::BucketTaken => Code::BucketAlreadyExists,
            BucketError::BucketNotEmpty => Code::BucketNotEmpty,
            BucketError::NoSuchKey => Code::NoSuchKey,
            BucketError::NoSuchUpload => Code::NoSuchUpload,
            BucketError::InvalidPart => Code::InvalidPart,
            BucketError::InvalidPartOrder => Code::InvalidPartOrder,
            BucketError::PartTooSmall => Code::EntityTooSmall,
            BucketError::TooLarge => Code::EntityTooLarge,
            BucketError::BadDigest => Code::InvalidDigest,
            BucketError::Exists => Code::FileAlreadyExists,
            BucketError::PositionMismatch { actual } => {
                return Self::from(Code::PositionNotEqualToLength)
                    .header("x-oss-next-append-position", actual.to_string());
            }
            BucketError::NotAppendable => Code::ObjectNotAppendable,
            BucketError::Body(_) => Code::IncompleteBody,
            BucketError::Write(_) | BucketError::Storage(_) | BucketError::Records(_) => {
                return Self::internal(error);
            }
        };
        code.into()
    }
}

impl From<meta::Error> for OssError {
    fn from(error: meta::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Element;

    #[test]
    fn the_body_of_a_refusal() {
        let error = OssError::from(Code::NoSuchKey).detail("Key", "a&b");
        let shown = Shown { request_id: "5C06", host: "b.oss-cn-hangzhou.aliyuncs.com", dialect: Dialect::Oss };
        let body = Element::parse(error.body(shown).as_bytes()).expect("well formed");
        assert_eq!(body.name, "Error");
        for (name, text) in [
            ("Code", "NoSuchKey"),
            ("Message", "The specified key does not exist."),
            ("RequestId", "5C06"),
            ("HostId", "b.oss-cn-hangzhou.aliyuncs.com"),
            ("Key", "a&b"),
            ("EC", "0026-00000001"),
        ] {
            assert_eq!(body.value(name), Some(text), "{name}");
        }
        let header = STANDARD.decode(error.body_in_header(shown)).expect("base64");
        assert_eq!(header, error.body(shown).as_bytes());
    }

    #[test]
    fn faults_keep_their_cause_to_themselves() {
        let error = OssError::internal("disk on fire");
        assert!(error.is_fault());
        let shown = Shown { request_id: "1", host: "h", dialect: Dialect::S3 };
        assert!(!error.body(shown).contains("fire"));
        assert!(std::error::Error::source(&error).is_some());
    }
}
