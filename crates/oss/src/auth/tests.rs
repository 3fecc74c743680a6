//! Every way to sign, held against signatures that the clients made.

use http::HeaderValue;

use super::*;
use crate::address::{Address, Suffixes};

const SECRET: &str = "TestAccessKeySecret0123456789AB";
const KEY_PATH: &str = "/images/%E6%B5%8B%E8%AF%95%20a%2Bb.raw";
const VHOST: &str = "examplebucket.oss-cn-hangzhou.aliyuncs.com";

struct Request {
    method: &'static str,
    host: &'static str,
    target: String,
    headers: HeaderMap,
}

fn request(method: &'static str, target: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a header"));
    }
    let host = headers.iter().find(|(name, _)| *name == "host").map_or(VHOST, |_| VHOST);
    map.insert("host", HeaderValue::from_static(host));
    Request { method, host, target: target.to_owned(), headers: map }
}

impl Request {
    fn verify(&self, secret: &str, now: Timestamp) -> Result<(Claim, Verified, Address), Code> {
        let uri: http::Uri = self.target.parse().expect("a target");
        let suffixes = Suffixes::new(&["cn-hangzhou".parse().expect("a region")], &["s3.amazonaws.com".to_owned()]);
        let address = Address::read(&uri, &self.headers, &suffixes).expect("an address");
        let query: Vec<_> = wire::encode::pairs(uri.query().unwrap_or_default().as_bytes()).collect();
        let signed = Signed {
            method: self.method,
            path: uri.path(),
            query: &query,
            headers: &self.headers,
            host: &address.host,
            places: &address.places,
        };
        let claim = Claim::read(&signed).map_err(|error| error.kind())?.expect("it is signed");
        let verified = claim.verify(&signed, secret, now).map_err(|error| error.kind())?;
        Ok((claim, verified, address))
    }

    #[track_caller]
    fn check(&self) {
        let now = Timestamp::parse_seconds("2025-11-21T08:10:00Z").expect("a time");
        let (claim, ..) = self.verify(SECRET, now).expect("a good signature");
        assert_eq!(claim.access_key_id, "LTAI5tTestAccessKeyId");
        assert_eq!(self.verify("another secret", now).expect_err("a wrong secret"), Code::SignatureDoesNotMatch);
        let Request { host, method, ref target, ref headers } = *self;
        let target = target.replacen("/im", "/iM", 1);
        if target != self.target {
            let other = Request { host, method, target, headers: headers.clone() };
            assert_eq!(other.verify(SECRET, now).expect_err("another key"), Code::SignatureDoesNotMatch);
        }
    }
}

#[test]
fn oss_v1_header() {
    let date = ("date", "Fri, 21 Nov 2025 08:00:00 GMT");
    let put = [
        date,
        ("content-type", "application/octet-stream"),
        ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="),
        ("x-oss-meta-author", "foo@bar.com"),
        ("x-oss-object-acl", "private"),
        ("authorization", "OSS LTAI5tTestAccessKeyId:rmXxBloyNcMsPLSIwG4bum0okHc="),
    ];
    request("PUT", KEY_PATH, &put).check();
    let of = |value| [date, ("authorization", value)];
    request("GET", "/?bucketInfo", &of("OSS LTAI5tTestAccessKeyId:gzgR/+htg7rQE9VR4UpuZSVHfVA=")).check();
    let part = "/img.qcow2?partNumber=2&uploadId=0004B9895DBBB6EC98E36";
    request("PUT", part, &of("OSS LTAI5tTestAccessKeyId:B73l3DdT/nFoQl7njIS5rbD+zR4=")).check();
    let list = "/?prefix=img%2F&delimiter=%2F&max-keys=100";
    request("GET", list, &of("OSS LTAI5tTestAccessKeyId:A4ruk81KwPo9+7bNVrKGNxqYwpE=")).check();
    let service = "http://oss-cn-hangzhou.aliyuncs.com/?prefix=a";
    request("GET", service, &of("OSS LTAI5tTestAccessKeyId:LZZose1IGTNippW+zlyX8p9EXjQ=")).check();
    let sts = [
        date,
        ("x-oss-security-token", "CAISexampleToken=="),
        ("authorization", "OSS LTAI5tTestAccessKeyId:Hw8+GpCMC54JSvxetlR00vOpeSA="),
    ];
    request("GET", "/img.qcow2", &sts).check();
}

#[test]
fn the_signature_says_which_reading_was_meant() {
    let now = Timestamp::parse_seconds("2025-11-21T08:00:00Z").expect("a time");
    let date = "Fri, 21 Nov 2025 08:00:00 GMT";
    // As Packer writes a key with a space, and as ali-oss names a bucket twice.
    for (target, resource, expected) in [
        ("/a+b.raw", "/examplebucket/a b.raw", "a b.raw"),
        ("/a+b.raw", "/examplebucket/a+b.raw", "a+b.raw"),
        ("/examplebucket/k", "/examplebucket/k", "k"),
        ("/examplebucket/k", "/examplebucket/examplebucket/k", "examplebucket/k"),
    ] {
        let mac = hmac_sha1(SECRET.as_bytes(), format!("PUT\n\n\n{date}\n{resource}").as_bytes());
        let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, mac);
        let authorization = format!("OSS LTAI5tTestAccessKeyId:{signature}");
        let request = request("PUT", target, &[("date", date), ("authorization", &authorization)]);
        let (_, verified, address) = request.verify(SECRET, now).expect("good");
        assert_eq!(address.places[verified.place].key.as_deref(), Some(expected));
    }
}

#[test]
fn oss_v1_address() {
    for target in [
        "/img.qcow2?OSSAccessKeyId=LTAI5tTestAccessKeyId&Expires=1763715600&Signature=jIYvSYmegflnmta5aYl%2FxBGNjE4%3D",
        "/img.qcow2?response-content-type=text%2Fplain&OSSAccessKeyId=LTAI5tTestAccessKeyId&Expires=1763715600\
         &Signature=anwBPPjc%2BFAUp4SKWJbVYZV87cM%3D",
    ] {
        let request = request("GET", target, &[]);
        request.check();
        let late = Timestamp::parse_seconds("2025-11-21T09:00:01Z").expect("a time");
        assert_eq!(request.verify(SECRET, late).expect_err("expired"), Code::AccessDenied);
    }
}

#[test]
fn oss_v4_header() {
    let put = "Credential=LTAI5tTestAccessKeyId/20251121/cn-hangzhou/oss/aliyun_v4_request, \
               Signature=d10e900049ab38aae641f62a2fbf0217ed8b12bff01dafe5343edf41407dd82c";
    let check = |method, target: &str, more: &[(&'static str, &str)], rest: &str| {
        let authorization = format!("OSS4-HMAC-SHA256 {rest}");
        let mut headers = vec![
            ("x-oss-date", "20251121T080000Z"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("authorization", &authorization),
        ];
        headers.extend_from_slice(more);
        request(method, target, &headers).check();
    };
    let meta = [("content-type", "application/octet-stream"), ("x-oss-meta-author", "foo@bar.com")];
    check("PUT", KEY_PATH, &meta, put);
    check("PUT", KEY_PATH, &meta, &put.replace(", ", ","));
    let of = |signature: &str| {
        format!("Credential=LTAI5tTestAccessKeyId/20251121/cn-hangzhou/oss/aliyun_v4_request, Signature={signature}")
    };
    let list = of("dbdd9dfed8df62d44a04b90ddc45130b26f2c4ea1cc3005685e97bf19aca9482");
    check("GET", "/?list-type=2&prefix=img%2F&delimiter=%2F", &[], &list);
    let initiate = of("93a7746c21ba8dd97407eeb66bf1365644f54fccfd97ecd44bf2b536315781c7");
    check("POST", "/img.qcow2?uploads", &[], &initiate);
    check("POST", "/img.qcow2?uploads=", &[], &initiate);
    let buckets = of("71276257b92951f662be4dbb9eb4e0ce705f807e41d597edae2113b33e125583");
    check("GET", "http://oss-cn-hangzhou.aliyuncs.com/", &[], &buckets);
    let token = of("f2a319ec910d0b6652f1101920bf11323fa1dbc66dd21f8aafcfd33639583113");
    check("GET", "/img.qcow2", &[("x-oss-security-token", "CAISexampleToken==")], &token);
    let ranged = of("18784f7f76b57c1b664f278904e8e12d6b7f5b11e7b1bb1a17571c69b34a94d1");
    check("GET", "/img.qcow2", &[("range", "bytes=0-99")], &format!("{ranged}, AdditionalHeaders=host;range"));
}

#[test]
fn oss_v4_address() {
    let target = "/img.qcow2?x-oss-date=20251121T080000Z&x-oss-expires=3600&x-oss-signature-version=OSS4-HMAC-SHA256\
                  &x-oss-credential=LTAI5tTestAccessKeyId%2F20251121%2Fcn-hangzhou%2Foss%2Faliyun_v4_request\
                  &x-oss-signature=b020b2d5f2e4bf2bf4c8d3a90e71d7bbf0de83a3e8c5e4f0836d6f74ed4c9da2";
    let get = request("GET", target, &[]);
    get.check();
    for (now, code) in [("2025-11-21T09:00:01Z", Code::AccessDenied), ("2025-11-21T07:40:00Z", Code::AccessDenied)] {
        let now = Timestamp::parse_seconds(now).expect("a time");
        assert_eq!(get.verify(SECRET, now).expect_err("outside its life"), code);
    }
    let forever = request("GET", &target.replace("=3600", "=604801"), &[]);
    let now = Timestamp::parse_seconds("2025-11-21T08:10:00Z").expect("a time");
    assert_eq!(forever.verify(SECRET, now).expect_err("too long"), Code::InvalidArgument);
}

/// The examples of Amazon S3's documents.
const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn aws_time() -> Timestamp {
    Timestamp::parse_seconds("2013-05-24T00:00:00Z").expect("a time")
}

fn aws(method: &'static str, path: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut request = request(method, &format!("http://examplebucket.s3.amazonaws.com{path}"), headers);
    request.headers.insert("host", HeaderValue::from_static("examplebucket.s3.amazonaws.com"));
    request
}

#[test]
fn aws_v4_header() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let credential = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    let ranged = format!(
        "{credential},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
         Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
    let date = ("x-amz-date", "20130524T000000Z");
    let get = [date, ("range", "bytes=0-9"), ("x-amz-content-sha256", empty), ("authorization", &ranged)];
    let (claim, verified, _) = aws("GET", "/test.txt", &get).verify(AWS_SECRET, aws_time()).expect("good");
    assert_eq!(claim.region.as_deref(), Some("us-east-1"));
    assert!(matches!(verified.payload, Payload::Sha256(_)));
    let list = format!(
        "{credential}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
         Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    );
    let list = [date, ("x-amz-content-sha256", empty), ("authorization", &list)];
    aws("GET", "/?max-keys=2&prefix=J", &list).verify(AWS_SECRET, aws_time()).expect("good");
    // A header of the protocol that the signature does not cover.
    let added = [list[0], list[1], list[2], ("x-amz-acl", "public-read")];
    let refused = aws("GET", "/?max-keys=2&prefix=J", &added).verify(AWS_SECRET, aws_time());
    assert_eq!(refused.expect_err("an unsigned header"), Code::AccessDenied);
    let late = aws_time().plus_millis(15 * 60 * 1000 + 1);
    let refused = aws("GET", "/?max-keys=2&prefix=J", &list).verify(AWS_SECRET, late);
    assert_eq!(refused.expect_err("too late"), Code::RequestTimeTooSkewed);
}

#[test]
fn aws_v4_frames_begin_with_the_requests_signature() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
        SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
        x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let headers = [
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("authorization", authorization),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        ("content-length", "66824"),
    ];
    // The document's example has the bucket in the path.
    let mut put = request("PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", &headers);
    put.headers.insert("host", HeaderValue::from_static("s3.amazonaws.com"));
    let (_, verified, _) = put.verify(AWS_SECRET, aws_time()).expect("good");
    let Payload::Framed(framing) = verified.payload else { panic!("it is framed") };
    assert!(framing.key.expect("signed frames").previous.starts_with("4f232c43"));
}

#[test]
fn aws_v4_address() {
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
        &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    aws("GET", target, &[]).verify(AWS_SECRET, aws_time()).expect("good");
    let late = aws_time().plus_millis(86_400_001);
    assert_eq!(aws("GET", target, &[]).verify(AWS_SECRET, late).expect_err("expired"), Code::AccessDenied);
}

#[test]
fn aws_v2_header() {
    // The example "Object GET" of Amazon S3's document on signature version 2.
    let signed = ("authorization", "AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU=");
    let now = Timestamp::parse_seconds("2007-03-27T19:36:42Z").expect("a time");
    let verify = |date| {
        let target = "http://johnsmith.s3.amazonaws.com/photos/puppy.jpg";
        request("GET", target, &[("date", date), signed]).verify(AWS_SECRET, now)
    };
    verify("Tue, 27 Mar 2007 19:36:42 +0000").expect("good");
    let other = verify("Tue, 27 Mar 2007 19:36:42 UTC").expect_err("another text");
    assert_eq!(other, Code::SignatureDoesNotMatch);
    assert_eq!(verify("27 Mar 2007").expect_err("no date"), Code::AccessDenied);
}

#[test]
fn what_is_no_signature() {
    let now = aws_time();
    for (header, code) in [
        ("OSS", Code::InvalidArgument),
        ("OSS keyonly", Code::InvalidArgument),
        ("OSS :sig", Code::InvalidArgument),
        ("OSS key:c2ln", Code::AccessDenied),
        ("OSS2 AccessKeyId:a,Signature:b", Code::AccessDenied),
        ("OSS4-HMAC-SHA256 Credential=a/b/c,Signature=d", Code::InvalidArgument),
        ("AWS4-HMAC-SHA256 nonsense", Code::InvalidArgument),
        ("Basic YTpi", Code::InvalidArgument),
    ] {
        let refused = request("GET", "/k", &[("authorization", header)]).verify(SECRET, now);
        assert_eq!(refused.expect_err(header), code, "{header}");
    }
    let both = request("GET", "/k?OSSAccessKeyId=a&Expires=1&Signature=b", &[("authorization", "OSS a:b")]);
    assert_eq!(both.verify(SECRET, now).expect_err("two signatures"), Code::InvalidArgument);
}
