//! The framing `aws-chunked`: a body as frames with a signature each, or unsigned, with fields after the last one.
//!
//! [`Decoder`] takes the bytes as they come and gives the data out at once; a frame's signature is checked when its
//! last byte is there. So nothing is kept but one line, whatever size a frame claims, and the reader must not trust
//! what it got before [`Decoder::finish`] said that all of it was good.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes};
use sha2::{Digest as _, Sha256};

use super::{hmac_sha256, is_equal, sha256_hex};

/// Longest line between frames, in bytes.
const LONGEST_LINE: usize = 8 << 10;

/// Fields after the last frame; clients send one or two.
const FIELDS_AT_MOST: usize = 16;

/// How a body is framed.
#[derive(Debug)]
pub struct Framing {
    /// What signs the frames; none when they are unsigned.
    pub key: Option<ChunkKey>,
    /// Whether fields follow the last frame.
    pub has_trailer: bool,
}

/// What signs frames.
pub struct ChunkKey {
    /// The signing key of the request.
    pub key: Vec<u8>,
    /// The date of the request as it was signed.
    pub date: String,
    /// Day, region, service and terminator.
    pub scope: String,
    /// The signature before: of the request, then of each frame.
    pub previous: String,
}

impl std::fmt::Debug for ChunkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key never reaches a log.
        write!(f, "ChunkKey({} {})", self.date, self.scope)
    }
}

/// What is wrong with a framed body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not framed as it says, or ends early.
    Framing,
    /// A frame's signature is wrong.
    Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the line before a frame.
    Header,
    /// In a frame.
    Data { left: u64 },
    /// In the line break after a frame.
    DataEnd,
    /// After the last frame.
    Trailer,
    /// After the empty line that ends the body.
    Done,
}

/// Takes the frames apart.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    state: State,
    line: Vec<u8>,
    digest: Sha256,
    signature: String,
    fields: Vec<(String, String)>,
}

impl ChunkKey {
    fn check(&mut self, kind: &str, hashes: &str, given: &str) -> Result<(), Fault> {
        let text = format!("AWS4-HMAC-SHA256-{kind}\n{}\n{}\n{}\n{hashes}", self.date, self.scope, self.previous);
        let expected = hmac_sha256(&self.key, text.as_bytes());
        let decoded = hex::decode(given).map_err(|_| Fault::Signature)?;
        if !is_equal(&expected, &decoded) {
            return Err(Fault::Signature);
        }
        self.previous = given.to_ascii_lowercase();
        Ok(())
    }
}

impl Decoder {
    /// A decoder at the start of a body.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            state: State::Header,
            line: Vec::new(),
            digest: Sha256::new(),
            signature: String::new(),
            fields: Vec::new(),
        }
    }

    /// Takes bytes in and puts data out.
    pub fn push(&mut self, mut input: Bytes, out: &mut VecDeque<Bytes>) -> Result<(), Fault> {
        while input.has_remaining() {
            match self.state {
                State::Data { left } => {
                    let len = left.min(input.len() as u64);
                    // `len` is at most the length of what is in memory.
                    let data = input.split_to(usize::try_from(len).map_err(|_| Fault::Framing)?);
                    if self.framing.key.is_some() {
                        self.digest.update(&data);
                    }
                    out.push_back(data);
                    self.state = State::Data { left: left - len };
                    if left == len {
                        self.end_frame()?;
                        self.state = State::DataEnd;
                    }
                }
                State::Done => return Err(Fault::Framing),
                State::Header | State::DataEnd | State::Trailer => {
                    let byte = input.get_u8();
                    if byte == b'\n' {
                        let line = std::mem::take(&mut self.line);
                        let line = line.strip_suffix(b"\r").ok_or(Fault::Framing)?;
                        self.take_line(std::str::from_utf8(line).map_err(|_| Fault::Framing)?)?;
                    } else if self.line.len() == LONGEST_LINE {
                        return Err(Fault::Framing);
                    } else {
                        self.line.push(byte);
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks that the body is whole and returns the fields that followed it, names in lower case.
    pub fn finish(mut self) -> Result<Vec<(String, String)>, Fault> {
        // Some clients leave out the empty line at the very end.
        if !matches!(self.state, State::Trailer | State::Done) || !self.line.is_empty() {
            return Err(Fault::Framing);
        }
        if let Some(key) = self.framing.key.as_mut().filter(|_| self.framing.has_trailer) {
            let is_signature = |field: &&(String, String)| field.0 == "x-amz-trailer-signature";
            let given = self.fields.iter().find(is_signature).ok_or(Fault::Signature)?.1.clone();
            let rest = self.fields.iter().filter(|field| !is_signature(field));
            let text: String = rest.map(|(name, value)| format!("{name}:{value}\n")).collect();
            key.check("TRAILER", &sha256_hex(text.as_bytes()), &given)?;
        }
        Ok(self.fields)
    }

    fn take_line(&mut self, line: &str) -> Result<(), Fault> {
        match self.state {
            State::Header => {
                let (size, rest) = line.split_once(';').unwrap_or((line, ""));
                let size = u64::from_str_radix(size.trim(), 16).map_err(|_| Fault::Framing)?;
                rest.trim().strip_prefix("chunk-signature=").unwrap_or_default().clone_into(&mut self.signature);
                self.state = State::Data { left: size };
                if size == 0 {
                    self.end_frame()?;
                    self.state = State::Trailer;
                }
            }
            State::DataEnd if line.is_empty() => self.state = State::Header,
            State::Trailer if line.is_empty() => self.state = State::Done,
            State::Trailer if self.framing.has_trailer && self.fields.len() < FIELDS_AT_MOST => {
                let (name, value) = line.split_once(':').ok_or(Fault::Framing)?;
                self.fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            _ => return Err(Fault::Framing),
        }
        Ok(())
    }

    fn end_frame(&mut self) -> Result<(), Fault> {
        let Some(key) = &mut self.framing.key else { return Ok(()) };
        let digest = std::mem::take(&mut self.digest).finalize();
        let hashes = format!("{}\n{}", sha256_hex(b""), hex::encode(digest));
        key.check("PAYLOAD", &hashes, &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::scoped_key;

    /// The data of a body, and the fields after it.
    type Decoded = (Vec<u8>, Vec<(String, String)>);

    fn decode(framing: Framing, body: &[u8], step: usize) -> Result<Decoded, Fault> {
        let mut decoder = Decoder::new(framing);
        let mut out = VecDeque::new();
        for piece in body.chunks(step) {
            decoder.push(Bytes::copy_from_slice(piece), &mut out)?;
        }
        let data: Vec<Bytes> = out.into_iter().collect();
        Ok((data.concat(), decoder.finish()?))
    }

    fn unsigned() -> Framing {
        Framing { key: None, has_trailer: true }
    }

    /// The example of Amazon S3's document "Signature calculations … multiple chunks".
    fn example() -> (Framing, Vec<u8>) {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = ChunkKey {
            key: scoped_key("AWS4", secret, &["20130524", "us-east-1", "s3", "aws4_request"]),
            date: "20130524T000000Z".into(),
            scope: "20130524/us-east-1/s3/aws4_request".into(),
            previous: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9".into(),
        };
        let mut body = Vec::new();
        for (len, signature) in [
            (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ] {
            body.extend_from_slice(format!("{len:x};chunk-signature={signature}\r\n").as_bytes());
            body.extend(std::iter::repeat_n(b'a', len));
            body.extend_from_slice(b"\r\n");
        }
        (Framing { key: Some(key), has_trailer: false }, body)
    }

    #[test]
    fn signed_frames() {
        for step in [1, 7, 100_000] {
            let (framing, body) = example();
            assert_eq!(decode(framing, &body, step).expect("good").0, vec![b'a'; 66_560]);
        }
        let (framing, mut body) = example();
        body[1_000] = b'b';
        assert_eq!(decode(framing, &body, 512), Err(Fault::Signature));
        let (framing, body) = example();
        // Without its last, empty frame a body could have been cut anywhere.
        let end = body.len() - 88;
        assert_eq!(decode(framing, &body[..end], 512), Err(Fault::Framing));
    }

    #[test]
    fn fields_after_the_body() {
        let body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        let fields = vec![("x-amz-checksum-crc32".to_owned(), "DUoRhQ==".to_owned())];
        for step in [1, 2, 64] {
            assert_eq!(decode(unsigned(), body, step), Ok((b"hello world".to_vec(), fields.clone())));
        }
        assert_eq!(decode(unsigned(), &body[..body.len() - 2], 3), Ok((b"hello world".to_vec(), fields)));
        assert_eq!(decode(unsigned(), b"0\r\n\r\n", 1), Ok((Vec::new(), Vec::new())));
    }

    #[test]
    fn hostile_frames_are_refused() {
        let long = [b"0".repeat(LONGEST_LINE + 1), b"\r\n\r\n".to_vec()].concat();
        let many = [b"0\r\n".to_vec(), b"a:b\r\n".repeat(FIELDS_AT_MOST + 1), b"\r\n".to_vec()].concat();
        let all: [&[u8]; 12] = [
            b"",
            b"5",
            b"5\r\nhell",
            b"5\r\nhello",
            b"5\r\nhello!\r\n0\r\n\r\n",
            b"-1\r\n\r\n",
            b"zz\r\n\r\n",
            b"5\nhello",
            b"10000000000000000\r\n",
            b"0\r\n\r\nmore",
            &long,
            &many,
        ];
        for body in all {
            assert_eq!(decode(unsigned(), body, 5), Err(Fault::Framing), "{:?}", &body[..body.len().min(30)]);
        }
    }
}
