//! Bodies, both ways: what arrives is unframed and checked while it flows; what leaves is a stream or a short text.
//!
//! Nothing here keeps a whole object. A body whose digest, checksum or frame signature is wrong ends in an error in the
//! place of its end, so whoever stores it stores nothing; what was wrong is kept beside ([`Incoming::refusal`]),
//! because the storage below knows no protocol.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use engine::buckets::{BodyError, BucketError};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use parking_lot::Mutex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::auth::Payload;
use crate::auth::chunked::{Decoder, Fault};
use crate::error::{Code, OssError};

/// The body of an answer.
pub type AnswerBody = UnsyncBoxBody<Bytes, io::Error>;

/// Largest XML body; a completion of 10,000 parts is about 900 KiB.
const LARGEST_XML: usize = 1 << 20;

/// Bytes of a refused request that are read and dropped, so that a client that only reads after writing gets to read.
const DRAINED_AT_MOST: usize = 16 << 20;

/// A request's body.
pub struct Incoming {
    /// Shared with whoever reads it, so that what was left unread can be drained.
    stream: Arc<Mutex<BoxStream<'static, Result<Bytes, BodyError>>>>,
    refusal: Arc<Mutex<Option<OssError>>>,
}

/// What is to be checked of a body beside its framing.
#[derive(Debug, Default)]
pub struct Checks {
    /// Its length without framing.
    pub length: Option<u64>,
    /// A checksum: its name (`crc32`, `sha256`, …), and its value in base64 unless that follows the body.
    pub checksum: Option<(String, Option<String>)>,
}

impl Incoming {
    /// A body as it comes from the connection.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let stream = http_body_util::BodyStream::new(body).filter_map(|frame| async {
            match frame {
                Ok(frame) => frame.into_data().ok().map(Ok),
                Err(error) => Some(Err(BodyError(error.to_string()))),
            }
        });
        Self { stream: Arc::new(Mutex::new(stream.fuse().boxed())), refusal: Arc::default() }
    }

    /// The body without framing, checked.
    #[must_use]
    pub fn checked(self, payload: Payload, checks: Checks) -> Self {
        let raw = self.stream();
        let refusal = self.refusal;
        let (decoder, sha256) = match payload {
            Payload::Unsigned => (None, None),
            Payload::Sha256(digest) => (None, Some((Sha256::new(), digest))),
            Payload::Framed(framing) => (Some(Decoder::new(framing)), None),
        };
        let summer = checks.checksum.as_ref().and_then(|(name, _)| Summer::new(name));
        let pump = Pump {
            raw,
            decoder,
            sha256,
            summer,
            checks,
            seen: 0,
            ready: VecDeque::new(),
            refusal: Arc::clone(&refusal),
            state: PumpState::Flowing,
        };
        let stream = futures::stream::unfold(pump, |mut pump| async move {
            let item = pump.next().await?;
            Some((item, pump))
        });
        Self { stream: Arc::new(Mutex::new(stream.fuse().boxed())), refusal }
    }

    /// The stream. Every stream of one body reads on where the last one stopped.
    pub fn stream(&self) -> BoxStream<'static, Result<Bytes, BodyError>> {
        let shared = Arc::clone(&self.stream);
        futures::stream::poll_fn(move |cx| shared.lock().poll_next_unpin(cx)).boxed()
    }

    /// The refusal for an error of whoever read this body.
    pub fn refusal(&self, error: BucketError) -> OssError {
        let kept = self.refusal.lock().take();
        match (error, kept) {
            (BucketError::Body(_), Some(refusal)) => refusal,
            (error, _) => error.into(),
        }
    }

    /// The whole of a short body.
    pub async fn collect(&self) -> Result<Vec<u8>, OssError> {
        let mut stream = self.stream();
        let mut all = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| self.refusal(error.into()))?;
            if all.len() + chunk.len() > LARGEST_XML {
                return Err(OssError::new(Code::MalformedXML, "The body is larger than this request may be."));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    /// Reads on and drops what comes, within reason.
    pub async fn drain(&self) {
        let mut stream = self.stream();
        let mut seen = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            seen += chunk.len();
            if seen > DRAINED_AT_MOST {
                break;
            }
        }
    }
}

/// A body of nothing.
pub fn empty() -> AnswerBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body of a text.
pub fn text(text: impl Into<Bytes>) -> AnswerBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body that is read while it is sent.
pub fn stream(bytes: BoxStream<'static, Result<Bytes, BucketError>>) -> AnswerBody {
    let frames = bytes.map(|chunk| chunk.map(http_body::Frame::data).map_err(io::Error::other));
    BodyExt::boxed_unsync(StreamBody::new(frames))
}

struct Pump {
    raw: BoxStream<'static, Result<Bytes, BodyError>>,
    decoder: Option<Decoder>,
    sha256: Option<(Sha256, [u8; 32])>,
    summer: Option<Summer>,
    checks: Checks,
    seen: u64,
    ready: VecDeque<Bytes>,
    refusal: Arc<Mutex<Option<OssError>>>,
    state: PumpState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PumpState {
    Flowing,
    Ended,
}

impl Pump {
    async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                self.seen += data.len() as u64;
                if let Some((digest, _)) = &mut self.sha256 {
                    digest.update(&data);
                }
                if let Some(summer) = &mut self.summer {
                    summer.update(&data);
                }
                return Some(Ok(data));
            }
            if self.state == PumpState::Ended {
                return None;
            }
            let outcome = match self.raw.next().await {
                Some(Ok(bytes)) => match &mut self.decoder {
                    Some(decoder) => decoder.push(bytes, &mut self.ready).map_err(framing_refusal),
                    None => {
                        self.ready.push_back(bytes);
                        Ok(())
                    }
                },
                Some(Err(error)) => {
                    self.state = PumpState::Ended;
                    return Some(Err(error));
                }
                None => {
                    self.state = PumpState::Ended;
                    self.check_end()
                }
            };
            if let Err(refusal) = outcome {
                self.state = PumpState::Ended;
                self.ready.clear();
                let error = BodyError(refusal.to_string());
                *self.refusal.lock() = Some(refusal);
                return Some(Err(error));
            }
        }
    }

    fn check_end(&mut self) -> Result<(), OssError> {
        let fields = match self.decoder.take() {
            Some(decoder) => decoder.finish().map_err(framing_refusal)?,
            None => Vec::new(),
        };
        if self.checks.length.is_some_and(|length| length != self.seen) {
            return Err(Code::IncompleteBody.into());
        }
        if let Some((digest, expected)) = self.sha256.take()
            && digest.finalize()[..] != expected[..]
        {
            return Err(Code::XAmzContentSHA256Mismatch.into());
        }
        let Some((name, value)) = &self.checks.checksum else { return Ok(()) };
        let field = format!("x-amz-checksum-{name}");
        let following = fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value);
        // A checksum that was announced and never came is as bad as a wrong one.
        let expected = value.as_ref().or(following).map(String::as_str).unwrap_or_default();
        let actual = self.summer.take().map(|summer| STANDARD.encode(summer.finish()));
        if actual.is_some_and(|actual| actual != expected) {
            let text = format!("The {name} you specified did not match what we received.");
            return Err(OssError::new(Code::BadDigest, text));
        }
        Ok(())
    }
}

fn framing_refusal(fault: Fault) -> OssError {
    match fault {
        Fault::Framing => OssError::new(Code::IncompleteBody, "The body is not framed as its headers say."),
        Fault::Signature => Code::SignatureDoesNotMatch.into(),
    }
}

/// The checksums that S3 clients may ask for. An unknown one is not checked.
enum Summer {
    Crc(Box<crc_fast::Digest>, usize),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Summer {
    fn new(name: &str) -> Option<Self> {
        let crc = |algorithm, width| Self::Crc(Box::new(crc_fast::Digest::new(algorithm)), width);
        Some(match name {
            "crc32" => crc(CrcAlgorithm::Crc32IsoHdlc, 4),
            "crc32c" => crc(CrcAlgorithm::Crc32Iscsi, 4),
            "crc64nvme" => crc(CrcAlgorithm::Crc64Nvme, 8),
            "sha1" => Self::Sha1(Sha1::new()),
            "sha256" => Self::Sha256(Sha256::new()),
            _ => return None,
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(digest, _) => digest.update(bytes),
            Self::Sha1(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc(digest, width) => digest.finalize().to_be_bytes()[8 - width..].to_vec(),
            Self::Sha1(digest) => digest.finalize().to_vec(),
            Self::Sha256(digest) => digest.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::chunked::Framing;

    fn incoming(body: &'static [u8]) -> Incoming {
        Incoming::new(Full::new(Bytes::from_static(body)))
    }

    async fn check(payload: Payload, checks: Checks, body: &'static [u8]) -> Result<Vec<u8>, Code> {
        incoming(body).checked(payload, checks).collect().await.map_err(|error| error.kind())
    }

    fn summed(name: &str, value: &str) -> Checks {
        Checks { checksum: Some((name.into(), Some(value.into()))), ..Checks::default() }
    }

    #[tokio::test]
    async fn a_signed_digest_is_checked() {
        let good: [u8; 32] = Sha256::digest(b"hello").into();
        assert_eq!(check(Payload::Sha256(good), Checks::default(), b"hello").await, Ok(b"hello".to_vec()));
        let bad = check(Payload::Sha256(good), Checks::default(), b"hellO").await;
        assert_eq!(bad, Err(Code::XAmzContentSHA256Mismatch));
    }

    #[tokio::test]
    async fn checksums_are_checked() {
        for (name, value) in [
            ("crc32", "y/Q5Jg=="),
            ("crc32c", "4waSgw=="),
            ("crc64nvme", "rosUhgp5mIg="),
            ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
            ("sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] {
            assert_eq!(
                check(Payload::Unsigned, summed(name, value), b"123456789").await,
                Ok(b"123456789".to_vec()),
                "{name}"
            );
            assert_eq!(
                check(Payload::Unsigned, summed(name, value), b"12345678").await,
                Err(Code::BadDigest),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn a_checksum_that_follows() {
        let framed = || Payload::Framed(Framing { key: None, has_trailer: true });
        let checks = || Checks { length: Some(9), checksum: Some(("crc32".into(), None)) };
        let body = b"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
        assert_eq!(check(framed(), checks(), body).await, Ok(b"123456789".to_vec()));
        let missing = b"9\r\n123456789\r\n0\r\n\r\n";
        assert_eq!(check(framed(), checks(), missing).await, Err(Code::BadDigest));
        let short = b"8\r\n12345678\r\n0\r\n\r\n";
        assert_eq!(check(framed(), checks(), short).await, Err(Code::IncompleteBody));
        assert_eq!(check(framed(), checks(), b"9\r\n1234").await, Err(Code::IncompleteBody));
    }

    #[tokio::test]
    async fn xml_bodies_are_bounded() {
        static LARGE: &[u8] = &[b' '; LARGEST_XML + 1];
        assert_eq!(check(Payload::Unsigned, Checks::default(), LARGE).await, Err(Code::MalformedXML));
        assert_eq!(
            check(Payload::Unsigned, Checks::default(), &LARGE[1..]).await.map(|all| all.len()),
            Ok(LARGEST_XML)
        );
    }
}
