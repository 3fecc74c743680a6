//! The door itself: from a request on a connection to an operation, and back.
//!
//! A request passes in this order: its address is read, its signature verified, its operation found, its bucket loaded,
//! the caller's right to the operation checked. Only then does an operation see it, so no operation can run for somebody
//! who may not.

use std::sync::Arc;

use bytes::Bytes;
use engine::buckets::{BucketError, Buckets, LARGEST_BODY};
use http::{Method, Response, StatusCode, header, request};
use identity::{Identities, Known, Origin, Surroundings, Unknown};
use meta::buckets::Bucket;
use model::{BucketName, Clock, Entropy, RegionId, RequestId};

use crate::access::{Caller, Resource, Signer, authorize, authorize_account};
use crate::address::{Address, Suffixes, check_key};
use crate::auth::{self, Claim, Payload, Signed};
use crate::body::{self, AnswerBody, Checks, Incoming};
use crate::dialect::Dialect;
use crate::error::{Code, OssError, Shown};
use crate::operations;
use crate::request::{Answer, Request};
use crate::route::{self, Asked, Operation, Row, Target};

/// Most parameters of a request; the longest of clients have fifteen.
const PARAMS_AT_MOST: usize = 100;

/// Bytes that framing may add to a body: clients use frames of 8 KiB and more, with at most 100 bytes around each.
const FRAMING_AT_MOST: u64 = LARGEST_BODY / 64;

/// Condition keys that policies on lists ask for, and the parameters that they are.
const LIST_CONDITIONS: &[(&str, &str)] =
    &[("oss:Prefix", "prefix"), ("oss:Delimiter", "delimiter"), ("oss:MaxKeys", "max-keys")];

/// Checksums of bodies that S3 clients send.
const CHECKSUMS: &[&str] = &["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

/// What the operator says of the door.
#[derive(Debug, Clone)]
pub struct OssConfig {
    /// The regions that are served.
    pub regions: Vec<RegionId>,
    /// The region of a bucket that nobody gave one.
    pub default_region: RegionId,
    /// Further host names of the door, in front of which a bucket's name may stand.
    pub public_suffixes: Vec<String>,
}

/// The OSS door. Clones are handles on the same one.
#[derive(Clone)]
pub struct OssDoor {
    inner: Arc<Inner>,
}

/// What operations work with.
pub struct Inner {
    pub config: OssConfig,
    pub buckets: Buckets,
    pub clock: Arc<dyn Clock>,
    suffixes: Suffixes,
    identities: Arc<Identities>,
    entropy: Arc<dyn Entropy>,
}

/// A request before its operation: everything but the body.
struct Admitted {
    row: &'static Row,
    caller: Caller,
    bucket_name: Option<String>,
    bucket: Option<Bucket>,
    key: Option<String>,
    scope_region: Option<String>,
    payload: Payload,
}

impl OssDoor {
    /// A door to these buckets for these callers.
    pub fn new(
        config: OssConfig,
        identities: Arc<Identities>,
        buckets: Buckets,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let suffixes = Suffixes::new(&config.regions, &config.public_suffixes);
        Self { inner: Arc::new(Inner { config, buckets, clock, suffixes, identities, entropy }) }
    }

    /// Answers a request. The target may be in absolute form, as a proxy gets it.
    pub async fn call<B>(&self, request: http::Request<B>, origin: Origin) -> Response<AnswerBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let began = self.inner.clock.now();
        let request_id = RequestId::generate(&*self.inner.entropy).oss();
        let (parts, body) = request.into_parts();
        let query: Vec<(String, String)> =
            wire::encode::pairs(parts.uri.query().unwrap_or_default().as_bytes()).take(PARAMS_AT_MOST + 1).collect();
        let dialect = auth::dialect(&parts.headers, &query);
        let outcome = self.inner.answer(&parts, origin, query, dialect, Incoming::new(body)).await;
        let mut answer = outcome.unwrap_or_else(|error| {
            if error.is_fault() {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(request_id, method = %parts.method, uri = %parts.uri, cause, "the OSS door failed");
            }
            let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let host = parts.uri.authority().map_or(host, |authority| authority.as_str());
            refused(&error, parts.method == Method::HEAD, Shown { request_id: &request_id, host, dialect })
        });
        let took = self.inner.clock.now().as_millis().saturating_sub(began.as_millis());
        answer = answer
            .header("server", "AliyunOSS")
            .header("x-oss-request-id", &request_id)
            .header("x-oss-server-time", took.to_string());
        if dialect == Dialect::S3 {
            answer = answer.header("x-amz-request-id", &request_id);
        }
        let response = answer.into_response();
        tracing::debug!(request_id, method = %parts.method, path = parts.uri.path(), status = response.status().as_u16());
        response
    }
}

impl Inner {
    async fn answer(
        &self,
        parts: &request::Parts,
        origin: Origin,
        query: Vec<(String, String)>,
        dialect: Dialect,
        body: Incoming,
    ) -> Result<Answer, OssError> {
        // A client that waits for leave to send its body must not be given it by a reader of what is dropped anyway.
        let drains = !parts.headers.contains_key(header::EXPECT);
        let admitted = async {
            let address = Address::read(&parts.uri, &parts.headers, &self.suffixes)?;
            let admitted = self.admit((parts, origin), &query, dialect, &address).await?;
            Ok((address, admitted))
        };
        let (address, admitted) = match admitted.await {
            Ok(admitted) => admitted,
            Err(error) => {
                if drains {
                    body.drain().await;
                }
                return Err(error);
            }
        };
        let Admitted { row, caller, bucket_name, bucket, key, scope_region, payload } = admitted;
        let checks = checks(row.operation, &parts.headers, dialect, &payload);
        let request = Request {
            query,
            headers: parts.headers.clone(),
            is_head: parts.method == Method::HEAD,
            dialect,
            caller,
            bucket_name,
            bucket,
            key,
            host: address.host,
            host_region: address.region,
            scope_region,
            body: body.checked(payload, checks),
        };
        let outcome = operations::run(row.operation, self, &request).await;
        if outcome.is_err() && drains {
            request.body.drain().await;
        }
        outcome
    }

    /// Everything that stands between a request and its operation.
    async fn admit(
        &self,
        (parts, origin): (&request::Parts, Origin),
        query: &[(String, String)],
        dialect: Dialect,
        address: &Address,
    ) -> Result<Admitted, OssError> {
        if query.len() > PARAMS_AT_MOST {
            return Err(OssError::new(Code::InvalidArgument, "The request has too many parameters."));
        }
        let length = auth::header_text(&parts.headers, "content-length").and_then(|text| text.parse::<u64>().ok());
        if length.is_some_and(|length| length > LARGEST_BODY + FRAMING_AT_MOST) {
            return Err(Code::EntityTooLarge.into());
        }
        let signed = Signed {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query,
            headers: &parts.headers,
            host: &address.host,
            places: &address.places,
        };
        let (caller, place, payload, scope_region) = match Claim::read(&signed)? {
            None => (Caller::Anonymous, address.unsigned(), Payload::Unsigned, None),
            Some(claim) => {
                let (known, now) = (self.known(&claim).await?, self.clock.now());
                let verified = claim.verify(&signed, &known.secret, now)?;
                if known.has_ended(now) {
                    return Err(Code::SecurityTokenExpired.into());
                }
                let mut context = Surroundings { origin, now }.context(&known.caller);
                for (key, name) in LIST_CONDITIONS {
                    if let Some((_, value)) = query.iter().find(|(n, _)| n == name) {
                        context.insert(key, value.as_str());
                    }
                }
                let signer = Signer { caller: known.caller, context };
                (Caller::Known(Box::new(signer)), verified.place, verified.payload, claim.region)
            }
        };
        let place = &address.places[place];
        let target = match (&place.bucket, &place.key) {
            (None, _) => Target::Service,
            (Some(_), None) => Target::Bucket,
            (Some(_), Some(_)) => Target::Object,
        };
        let copies = parts.headers.contains_key(dialect.header("copy-source"));
        let row = route::find(Asked { method: signed.method, target, query, copies })?;
        if let Some(key) = &place.key {
            check_key(key)?;
        }
        let bucket = match (&place.bucket, row.operation) {
            (None, _) | (_, Operation::PutBucket) => None,
            (Some(name), _) => Some(self.bucket(name).await?),
        };
        match &bucket {
            // Each key of these is asked about by itself.
            Some(_) if row.operation == Operation::DeleteMultipleObjects && !caller.is_anonymous() => {}
            Some(bucket) => self.allow(&caller, row.verb, bucket, place.key.as_deref()).await?,
            None => {
                let region = address.region.as_ref().map_or("*", RegionId::as_str);
                let named = place.bucket.as_deref().unwrap_or("*");
                authorize_account(&self.identities, &caller, row.verb, (region, named))?;
            }
        }
        let (bucket_name, key) = (place.bucket.clone(), place.key.clone());
        Ok(Admitted { row, caller, bucket_name, bucket, key, scope_region, payload })
    }

    async fn known(&self, claim: &Claim) -> Result<Known, OssError> {
        let shown = |error: OssError| error.detail("OSSAccessKeyId", &claim.access_key_id);
        let known = self.identities.known(&claim.access_key_id, claim.security_token.as_deref()).await;
        known.map_err(|unknown| match unknown {
            Unknown::Key => shown(Code::InvalidAccessKeyId.into()),
            Unknown::Inactive => {
                shown(OssError::new(Code::InvalidAccessKeyId, "The OSS Access Key Id you provided is disabled."))
            }
            // A temporary key is no key without its token.
            Unknown::TokenMissing => shown(Code::InvalidAccessKeyId.into()),
            Unknown::TokenMalformed | Unknown::TokenMismatched => Code::InvalidSecurityToken.into(),
            Unknown::Records(error) => error.into(),
        })
    }

    async fn bucket(&self, name: &str) -> Result<Bucket, OssError> {
        let shown: String = name.chars().take(100).collect();
        let parsed: Result<BucketName, _> = name.parse();
        let parsed = parsed.map_err(|_| OssError::from(Code::InvalidBucketName).detail("BucketName", &shown))?;
        self.buckets.get(&parsed).await.map_err(|error| match error {
            BucketError::NoSuchBucket => OssError::from(Code::NoSuchBucket).detail("BucketName", shown),
            error => error.into(),
        })
    }

    /// Checks that the caller may do this. Everything that reaches an operation comes through here.
    pub async fn allow(&self, caller: &Caller, verb: &str, bucket: &Bucket, key: Option<&str>) -> Result<(), OssError> {
        let object_acl = match key.filter(|_| !caller.owns(bucket)) {
            None => None,
            Some(key) => match self.buckets.object(&bucket.name, key).await {
                Ok(object) => Some(object.acl),
                Err(BucketError::NoSuchKey) => None,
                Err(error) => return Err(error.into()),
            },
        };
        authorize(&self.identities, caller, verb, &Resource { bucket, key, object_acl: object_acl.as_deref() })
    }
}

/// What is to be checked of a body beside its digest and frames.
fn checks(operation: Operation, headers: &http::HeaderMap, dialect: Dialect, payload: &Payload) -> Checks {
    if dialect != Dialect::S3 {
        return Checks::default();
    }
    let is_framed = matches!(payload, Payload::Framed(_));
    let length = auth::header_text(headers, "x-amz-decoded-content-length").filter(|_| is_framed);
    let length = length.and_then(|text| text.parse().ok());
    // There the checksum is the object's, not the body's.
    if operation == Operation::CompleteMultipartUpload {
        return Checks { length, checksum: None };
    }
    let trailer = auth::header_text(headers, "x-amz-trailer").unwrap_or_default();
    let checksum = CHECKSUMS.iter().find_map(|name| {
        let field = format!("x-amz-checksum-{name}");
        let value = auth::header_text(headers, &field);
        let follows = is_framed && trailer.split(',').any(|announced| announced.trim().eq_ignore_ascii_case(&field));
        (value.is_some() || follows).then(|| ((*name).to_owned(), value))
    });
    Checks { length, checksum }
}

/// The answer that tells a refusal.
fn refused(error: &OssError, is_head: bool, shown: Shown<'_>) -> Answer {
    let status = StatusCode::from_u16(error.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Answer::empty(status);
    if status != StatusCode::NOT_MODIFIED {
        if is_head {
            answer = answer.header("x-oss-err", error.body_in_header(shown));
        } else {
            answer = answer.body(body::text(error.body(shown)));
        }
        answer = answer.header("content-type", "application/xml");
        answer = answer.optional("x-oss-ec", Some(error.help()).filter(|ec| !ec.is_empty()));
    }
    error.extra_headers().iter().fold(answer, |answer, (name, value)| answer.header(name, value))
}
