//! The corners of the protocol, asked of the door directly with requests signed here.

mod common;
mod policies;
mod real_clients;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use common::{KEYS, World};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Full};
use model::{FixedClock, Timestamp};
use object_store::memory::InMemory;
use sha1::Sha1;

const NOW: &str = "2025-11-21T08:00:00Z";
const DATE: &str = "Fri, 21 Nov 2025 08:00:00 GMT";

/// Which account signs; none for an anonymous request.
type Signer = Option<usize>;

const OWNER: Signer = Some(0);
const OTHER: Signer = Some(1);
const NOBODY: Signer = None;

struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Told {
    fn code(&self) -> &str {
        let (_, rest) = self.body.split_once("<Code>").unwrap_or_default();
        rest.split('<').next().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

async fn world() -> World {
    let clock = FixedClock::new(Timestamp::parse_seconds(NOW).expect("a time"));
    common::world(Arc::new(clock), Some(Arc::new(InMemory::new()))).await
}

impl World {
    /// Sends a request whose signature names this resource.
    async fn send(
        &self,
        signer: Signer,
        method: &str,
        target: &str,
        resource: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Told {
        let mut request = http::Request::builder().method(method).uri(target).header("date", DATE);
        if !more.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:7071");
        }
        let mut own: Vec<String> = Vec::new();
        let (mut content_type, mut content_md5) = ("", "");
        for (name, value) in more {
            request = request.header(*name, *value);
            match *name {
                "content-type" => content_type = value,
                "content-md5" => content_md5 = value,
                name if name.starts_with("x-oss-") => own.push(format!("{name}:{value}\n")),
                _ => {}
            }
        }
        own.sort();
        if let Some(account) = signer {
            let (key, secret, _) = KEYS[account];
            let text = format!("{method}\n{content_md5}\n{content_type}\n{DATE}\n{}{resource}", own.concat());
            let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key");
            mac.update(text.as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            request = request.header("authorization", format!("OSS {key}:{signature}"));
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request");
        let (parts, body) = self.door.call(request, identity::Origin::default()).await.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("text");
        assert_eq!(parts.headers["x-oss-request-id"].len(), 24);
        Told { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request that names its bucket in the path, and whose query, if any, is all signed.
    async fn ask(&self, signer: Signer, method: &str, target: &str, more: &[(&str, &str)], body: &str) -> Told {
        let resource = if target.matches('/').count() == 1 && target != "/" {
            let (bucket, query) = target.split_once('?').map_or((target, String::new()), |(b, q)| (b, format!("?{q}")));
            format!("{bucket}/{query}")
        } else {
            target.to_owned()
        };
        self.send(signer, method, target, &resource, more, body).await
    }

    async fn with_bucket(self, acl: &str) -> Self {
        let made = self.ask(OWNER, "PUT", "/bkt", &[("x-oss-acl", acl)], "").await;
        assert_eq!(made.status, 200, "{}", made.body);
        self
    }
}

#[tokio::test]
async fn what_packer_does() {
    let world = world().await;
    let bucket_host = [("host", "pkr.oss-cn-shanghai.aliyuncs.com")];
    let service = [("host", "oss-cn-shanghai.aliyuncs.com")];
    let listed = world.send(OWNER, "GET", "/?max-keys=1&prefix=pkr", "/", &service, "").await;
    assert!(listed.status == 200 && !listed.body.contains("<Name>"), "{}", listed.body);
    assert_eq!(world.send(OWNER, "PUT", "/", "/pkr/", &bucket_host, "").await.status, 200);
    let listed = world.send(OWNER, "GET", "/?max-keys=1&prefix=pkr", "/", &service, "").await;
    assert!(listed.body.contains("<Name>pkr</Name>") && listed.body.contains("oss-cn-shanghai"), "{}", listed.body);
    let put = world.send(OWNER, "PUT", "/a+b%2Bc%2Fd.raw", "/pkr/a b+c/d.raw", &bucket_host, "hello world").await;
    assert_eq!((put.status.as_u16(), put.header("x-oss-hash-crc64ecma")), (200, "5981764153023615706"));
    let got = world.send(OWNER, "GET", "/a%20b%2Bc/d.raw", "/pkr/a b+c/d.raw", &bucket_host, "").await;
    assert_eq!(got.body, "hello world");
    let absolute = "http://pkr.oss-cn-shanghai.aliyuncs.com/a+b%2Bc%2Fd.raw";
    assert_eq!(world.send(OWNER, "DELETE", absolute, "/pkr/a b+c/d.raw", &[], "").await.status, 204);
    assert_eq!(world.send(OWNER, "GET", absolute, "/pkr/a b+c/d.raw", &[], "").await.code(), "NoSuchKey");
}

#[tokio::test]
async fn strangers_have_what_acls_give() {
    for (acl, reads, writes) in [("private", 403, 403), ("public-read", 200, 403), ("public-read-write", 200, 200)] {
        let world = world().await.with_bucket(acl).await;
        assert_eq!(world.ask(OWNER, "PUT", "/bkt/k", &[], "x").await.status, 200);
        let closed = [("x-oss-object-acl", "private")];
        assert_eq!(world.ask(OWNER, "PUT", "/bkt/closed", &closed, "x").await.status, 200);
        for stranger in [NOBODY, OTHER] {
            assert_eq!(world.ask(stranger, "GET", "/bkt/k", &[], "").await.status, reads, "{acl}");
            assert_eq!(world.ask(stranger, "GET", "/bkt", &[], "").await.status, reads, "{acl}");
            assert_eq!(world.ask(stranger, "PUT", "/bkt/new", &[], "x").await.status, writes, "{acl}");
            for (method, target) in
                [("GET", "/bkt/closed"), ("PUT", "/bkt/closed"), ("GET", "/bkt?acl"), ("DELETE", "/bkt")]
            {
                let told = world.ask(stranger, method, target, &[], "").await;
                assert_eq!(told.code(), "AccessDenied", "{method} {target} {acl}");
            }
        }
        let body = "<Delete><Object><Key>k</Key></Object><Object><Key>closed</Key></Object></Delete>";
        assert_eq!(world.ask(OTHER, "POST", "/bkt?delete", &[], body).await.code(), "AccessDenied", "{acl}");
        assert_eq!(world.ask(OWNER, "GET", "/bkt/k", &[], "").await.body, "x");
        let copied = world.ask(OTHER, "PUT", "/bkt/stolen", &[("x-oss-copy-source", "/bkt/closed")], "").await;
        assert_eq!(copied.code(), "AccessDenied", "{acl}");
        world.ask(OTHER, "PUT", "/bkt/link?symlink", &[("x-oss-symlink-target", "closed")], "").await;
        let through = world.ask(OTHER, "GET", "/bkt/link", &[], "").await;
        assert!(through.status == 403 || through.status == 404, "{acl}: {}", through.body);
        assert_eq!(world.ask(OTHER, "PUT", "/bkt", &[], "").await.code(), "BucketAlreadyExists");
        assert_eq!(world.ask(NOBODY, "GET", "/", &[], "").await.code(), "AccessDenied");
    }
}

#[tokio::test]
async fn the_form_of_refusals() {
    let world = world().await.with_bucket("private").await;
    let wrong = world.send(OWNER, "GET", "/bkt/k", "/bkt/other", &[], "").await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (403, "SignatureDoesNotMatch"));
    assert!(wrong.body.contains(&format!("<StringToSign>GET\n\n\n{DATE}\n/bkt/k</StringToSign>")), "{}", wrong.body);
    assert_eq!(wrong.header("x-oss-ec"), "0002-00000040");
    let head = world.ask(OWNER, "HEAD", "/bkt/none", &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (404, ""));
    let told = STANDARD.decode(head.header("x-oss-err")).expect("base64");
    let told = String::from_utf8(told).expect("text");
    assert!(told.contains("<Code>NoSuchKey</Code>") && told.contains("<EC>0026-00000001</EC>"), "{told}");
    let skewed = [("x-oss-date", "Fri, 21 Nov 2025 08:15:01 GMT")];
    assert_eq!(world.ask(OWNER, "GET", "/bkt/k", &skewed, "").await.code(), "RequestTimeTooSkewed");
    assert_eq!(world.ask(OWNER, "GET", "/none", &[], "").await.code(), "NoSuchBucket");
    assert_eq!(world.ask(OWNER, "GET", "/bkt?versions", &[], "").await.code(), "NotImplemented");
    assert_eq!(world.ask(OWNER, "PATCH", "/bkt/k", &[], "").await.code(), "MethodNotAllowed");
    let token = [("x-oss-security-token", "made up")];
    assert_eq!(world.ask(OWNER, "GET", "/bkt/k", &token, "").await.code(), "InvalidSecurityToken");
}

#[tokio::test]
async fn hostile_requests() {
    let world = world().await.with_bucket("private").await;
    for (method, target, body, code) in [
        ("PUT", "/Bad_Name".to_owned(), String::new(), "InvalidBucketName"),
        ("PUT", "/ab".to_owned(), String::new(), "InvalidBucketName"),
        ("PUT", "/bkt//k".to_owned(), String::new(), "InvalidObjectName"),
        ("PUT", format!("/bkt/{}", "k".repeat(1024)), String::new(), "InvalidObjectName"),
        ("PUT", "/bucket".to_owned(), "<CreateBucketConfiguration>".to_owned(), "MalformedXML"),
        ("PUT", "/bucket".to_owned(), "<Other/>".to_owned(), "MalformedXML"),
        ("PUT", "/bucket".to_owned(), "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>".to_owned(), "MalformedXML"),
        ("PUT", "/bucket".to_owned(), constraint("mars-north-1"), "InvalidLocationConstraint"),
        ("POST", "/bkt?delete".to_owned(), delete(1_001), "MalformedXML"),
        ("POST", "/bkt?delete".to_owned(), delete(0), "MalformedXML"),
        ("POST", "/bkt?delete".to_owned(), " ".repeat((1 << 20) + 1), "MalformedXML"),
        ("POST", "/bkt/k?append&position=x".to_owned(), String::new(), "InvalidArgument"),
        ("PUT", "/bkt/k?partNumber=10001&uploadId=a".to_owned(), String::new(), "InvalidArgument"),
        ("PUT", "/bkt/k?partNumber=1&uploadId=a".to_owned(), String::new(), "NoSuchUpload"),
        ("POST", "/bkt/k?uploadId=a".to_owned(), "<CompleteMultipartUpload/>".to_owned(), "MalformedXML"),
    ] {
        let told = world.ask(OWNER, method, &target, &[], &body).await;
        assert_eq!(told.code(), code, "{method} {}: {}", &target[..target.len().min(50)], told.body);
    }
    let many: Vec<String> = (0..200).map(|n| format!("p{n}=1")).collect();
    let told = world.send(OWNER, "GET", &format!("/bkt?{}", many.join("&")), "/bkt/", &[], "").await;
    assert_eq!(told.code(), "InvalidArgument");
    let meta = "v".repeat(9_000);
    let told = world.ask(OWNER, "PUT", "/bkt/k", &[("x-oss-meta-a", &meta)], "").await;
    assert_eq!(told.code(), "InvalidArgument");
    for (name, value) in [("x-oss-object-acl", "everyone"), ("x-oss-storage-class", "Gold"), ("content-md5", "short")] {
        let told = world.ask(OWNER, "PUT", "/bkt/k", &[(name, value)], "").await;
        assert_eq!(told.status, 400, "{name}: {}", told.body);
    }
    assert_eq!(world.ask(OWNER, "GET", "/bkt/k", &[], "").await.code(), "NoSuchKey", "nothing of it was stored");
}

fn constraint(region: &str) -> String {
    format!("<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>")
}

fn delete(n: usize) -> String {
    let objects: String = (0..n).map(|n| format!("<Object><Key>{n}</Key></Object>")).collect();
    format!("<Delete>{objects}</Delete>")
}

#[tokio::test]
async fn where_a_bucket_is_made() {
    let world = world().await;
    let region_of = async |name: &str| {
        let told = world.ask(OWNER, "GET", &format!("/{name}?location"), &[], "").await;
        told.body.rsplit("<LocationConstraint>").next().and_then(|rest| rest.split('<').next()).map(str::to_owned)
    };
    world.ask(OWNER, "PUT", "/by-default", &[], "").await;
    assert_eq!(region_of("by-default").await.as_deref(), Some("oss-cn-hangzhou"));
    world.ask(OWNER, "PUT", "/by-host", &[("host", "oss-cn-shanghai-internal.aliyuncs.com")], "").await;
    assert_eq!(region_of("by-host").await.as_deref(), Some("oss-cn-shanghai"));
    for (name, region) in [("by-name", "cn-shanghai"), ("by-location", "oss-cn-shanghai")] {
        world.ask(OWNER, "PUT", &format!("/{name}"), &[], &constraint(region)).await;
        assert_eq!(region_of(name).await.as_deref(), Some("oss-cn-shanghai"), "{region}");
    }
}

#[tokio::test]
async fn encryption_is_recorded() {
    let world = world().await.with_bucket("private").await;
    let rule = "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm>\
                </ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>";
    assert_eq!(world.ask(OWNER, "GET", "/bkt?encryption", &[], "").await.code(), "NoSuchServerSideEncryptionRule");
    assert_eq!(world.ask(OWNER, "PUT", "/bkt?encryption", &[], rule).await.status, 200);
    assert!(world.ask(OWNER, "GET", "/bkt?encryption", &[], "").await.body.contains("<SSEAlgorithm>KMS<"));
    let put = world.ask(OWNER, "PUT", "/bkt/by-bucket", &[], "x").await;
    assert_eq!(put.header("x-oss-server-side-encryption"), "KMS");
    let own = [("x-oss-server-side-encryption", "AES256")];
    assert_eq!(world.ask(OWNER, "PUT", "/bkt/own", &own, "x").await.status, 200);
    let head = world.ask(OWNER, "HEAD", "/bkt/own", &[], "").await;
    assert_eq!(head.header("x-oss-server-side-encryption"), "AES256");
    assert_eq!(world.ask(OWNER, "DELETE", "/bkt?encryption", &[], "").await.status, 204);
    let put = world.ask(OWNER, "PUT", "/bkt/plain", &[], "x").await;
    assert_eq!(put.header("x-oss-server-side-encryption"), "");
}

#[tokio::test]
async fn ranges_conditions_and_overrides() {
    let world = world().await.with_bucket("private").await;
    let put = world.ask(OWNER, "PUT", "/bkt/k", &[("content-type", "a/b")], "hello world").await;
    let etag = put.header("etag").to_owned();
    let get = async |more: &[(&str, &str)]| {
        let told = world.ask(OWNER, "GET", "/bkt/k", more, "").await;
        (told.status.as_u16(), told.header("content-range").to_owned(), told.body)
    };
    assert_eq!(get(&[("range", "bytes=3-7")]).await, (206, "bytes 3-7/11".into(), "lo wo".into()));
    assert_eq!(get(&[("range", "bytes=3-70")]).await, (200, String::new(), "hello world".into()));
    let standard = ("x-oss-range-behavior", "standard");
    assert_eq!(get(&[("range", "bytes=3-70"), standard]).await.2, "lo world");
    assert_eq!(get(&[("range", "bytes=11-"), standard]).await.0, 416);
    assert_eq!(get(&[("if-none-match", &etag)]).await, (304, String::new(), String::new()));
    assert_eq!(get(&[("if-match", "\"x\"")]).await.0, 412);
    assert_eq!(get(&[("if-modified-since", DATE)]).await.0, 304);
    assert_eq!(get(&[("range", "bytes=0-0"), ("if-range", "\"x\"")]).await.2, "hello world");
    let head = world.ask(OWNER, "HEAD", "/bkt/k", &[], "").await;
    assert_eq!((head.header("content-length"), head.body.as_str()), ("11", ""));
    let other = world.ask(OWNER, "GET", "/bkt/k?response-content-type=c%2Fd", &[], "").await;
    assert_eq!(other.code(), "SignatureDoesNotMatch", "the resource is signed decoded");
    let resource = "/bkt/k?response-content-type=c/d";
    let other = world.send(OWNER, "GET", "/bkt/k?response-content-type=c%2Fd", resource, &[], "").await;
    assert_eq!((other.header("content-type"), other.body.as_str()), ("c/d", "hello world"));
    let guarded = [("x-oss-forbid-overwrite", "true")];
    assert_eq!(world.ask(OWNER, "PUT", "/bkt/k", &guarded, "x").await.code(), "FileAlreadyExists");
}
