//! Which bucket and key a request names.
//!
//! Clients name a bucket in the host (`bucket.oss-cn-hangzhou.aliyuncs.com`), in the path (`/bucket/key`) or, by
//! mistake, in both, and one of them writes a space of a key as `+`. Where a request can be read in more than one way
//! every reading is a [`Place`] of its [`Address`], and the one that its signature covers is what was meant: both OSS
//! signatures cover bucket and key, not the path.
//!
//! Paths are decoded exactly once. Whether a name is a valid bucket name is the caller's question, not this module's.

use http::HeaderMap;
use http::Uri;
use model::RegionId;
use percent_encoding::percent_decode_str;

use crate::error::{Code, OssError};

/// Longest key in bytes (OSS, "Object naming").
const LONGEST_KEY: usize = 1023;

/// One reading of a request's host and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bucket; none for a request to the service.
    pub bucket: Option<String>,
    /// The key; none for a request to the bucket.
    pub key: Option<String>,
    /// Whether `+` was read as a space.
    pub plus_is_space: bool,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host as it was called, with its port: signatures cover it so.
    pub host: String,
    /// The region that the host name says.
    pub region: Option<RegionId>,
    /// Every reading, the likeliest first; never empty.
    pub places: Vec<Place>,
}

/// The host names of this door.
#[derive(Debug, Clone)]
pub struct Suffixes {
    /// Lower case, longest first, so that `s3.oss-x` is not the bucket `s3` of `oss-x`.
    names: Vec<(String, Option<RegionId>)>,
}

impl Suffixes {
    /// The names of the service in these regions, `localhost`, and further names that the operator gave it.
    pub fn new(regions: &[RegionId], public: &[String]) -> Self {
        let mut names = vec![("localhost".to_owned(), None)];
        for region in regions {
            for name in [
                format!("oss-{region}.aliyuncs.com"),
                format!("oss-{region}-internal.aliyuncs.com"),
                format!("s3.oss-{region}.aliyuncs.com"),
                format!("s3.oss-{region}-internal.aliyuncs.com"),
            ] {
                names.push((name, Some(region.clone())));
            }
        }
        names.extend(public.iter().map(|name| (name.trim_matches('.').to_ascii_lowercase(), None)));
        names.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        Self { names }
    }

    /// The bucket in front of a suffix, and the suffix's region.
    fn split(&self, host: &str) -> (Option<String>, Option<RegionId>) {
        for (suffix, region) in &self.names {
            let Some(front) = host.strip_suffix(suffix.as_str()) else { continue };
            if front.is_empty() {
                return (None, region.clone());
            }
            if let Some(label) = front.strip_suffix('.').filter(|label| !label.is_empty() && !label.contains('.')) {
                return (Some(label.to_owned()), region.clone());
            }
        }
        (None, None)
    }
}

impl Address {
    /// Reads host and path. A target in absolute form, as a proxy gets it, says more than the `Host` header.
    pub fn read(uri: &Uri, headers: &HeaderMap, suffixes: &Suffixes) -> Result<Self, OssError> {
        let of_header = || headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        let host = uri.authority().map(|authority| authority.as_str()).or_else(of_header).unwrap_or_default();
        // User information has no place in a target; what stands before `@` is not the host.
        let host = host.rsplit('@').next().unwrap_or_default().to_owned();
        let (bucket, region) = suffixes.split(&bare(&host));
        let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
        let mut readings = Vec::new();
        match bucket {
            None => match path.split_once('/') {
                None if path.is_empty() => readings.push((None, "")),
                None => readings.push((Some(decode(path)?), "")),
                Some((bucket, key)) => readings.push((Some(decode(bucket)?), key)),
            },
            Some(bucket) => {
                readings.push((Some(bucket.clone()), path));
                // ali-oss names the bucket in host and path at once when it is told to use a path at an IP address.
                match path.strip_prefix(bucket.as_str()) {
                    Some("") => readings.push((Some(bucket), "")),
                    Some(rest) if rest.starts_with('/') => readings.push((Some(bucket), &rest[1..])),
                    _ => {}
                }
            }
        }
        let mut places = Vec::new();
        for (bucket, raw_key) in readings {
            let key = (!raw_key.is_empty()).then(|| decode(raw_key)).transpose()?;
            places.push(Place { bucket: bucket.clone(), key, plus_is_space: false });
            if raw_key.contains('+') {
                let key = Some(decode(&raw_key.replace('+', "%20"))?);
                places.push(Place { bucket, key, plus_is_space: true });
            }
        }
        Ok(Self { host, region, places })
    }

    /// What an unsigned request means: the service reads `+` in a path as a space.
    pub fn unsigned(&self) -> usize {
        self.places.iter().take(2).position(|place| place.plus_is_space).unwrap_or(0)
    }
}

/// Checks that a key may be one.
pub fn check_key(key: &str) -> Result<(), OssError> {
    let fits = !key.is_empty() && key.len() <= LONGEST_KEY && !key.starts_with(['/', '\\']);
    if fits {
        return Ok(());
    }
    let shown: String = key.chars().take(LONGEST_KEY).collect();
    Err(OssError::from(Code::InvalidObjectName).detail("ObjectName", shown))
}

/// The host without port and leading dots, lower case. ali-oss sends a dot alone where it has no bucket.
fn bare(host: &str) -> String {
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.trim_matches('.').to_ascii_lowercase()
}

fn decode(text: &str) -> Result<String, OssError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(std::borrow::Cow::into_owned)
        .map_err(|_| OssError::new(Code::InvalidObjectName, "The name of the object is not UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suffixes() -> Suffixes {
        let regions = ["cn-hangzhou", "cn-shanghai"].map(|region| region.parse().expect("a region"));
        Suffixes::new(&regions, &["oss.example.test".to_owned()])
    }

    fn read(host: &str, target: &str) -> Address {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().expect("a header"));
        Address::read(&target.parse().expect("a target"), &headers, &suffixes()).expect("an address")
    }

    #[track_caller]
    fn check(host: &str, target: &str, expected: &[(Option<&str>, Option<&str>)]) {
        let address = read(host, target);
        let places: Vec<_> = address.places.iter().map(|p| (p.bucket.as_deref(), p.key.as_deref())).collect();
        assert_eq!(places, expected, "{host} {target}");
    }

    #[test]
    fn bucket_in_the_path() {
        for host in ["127.0.0.1:7071", "[::1]:7071", "localhost:1", "unknown.example", "oss-cn-hangzhou.aliyuncs.com"] {
            check(host, "/", &[(None, None)]);
            check(host, "/bkt", &[(Some("bkt"), None)]);
            check(host, "/bkt/", &[(Some("bkt"), None)]);
            check(host, "/bkt/a/b", &[(Some("bkt"), Some("a/b"))]);
        }
        check("127.0.0.1", "/bkt//a", &[(Some("bkt"), Some("/a"))]);
        check("127.0.0.1", "/bkt/a//b", &[(Some("bkt"), Some("a//b"))]);
        check("127.0.0.1", "/bkt/%20a%2Fb%25", &[(Some("bkt"), Some(" a/b%"))]);
    }

    #[test]
    fn bucket_in_the_host() {
        for host in [
            "bkt.oss-cn-hangzhou.aliyuncs.com",
            "BKT.oss-cn-hangzhou-internal.aliyuncs.com:80",
            "bkt.s3.oss-cn-shanghai.aliyuncs.com",
            "bkt.localhost:7071",
            "bkt.oss.example.test",
        ] {
            check(host, "/", &[(Some("bkt"), None)]);
            check(host, "/a/b", &[(Some("bkt"), Some("a/b"))]);
            check(host, "/bkt2/b", &[(Some("bkt"), Some("bkt2/b"))]);
        }
        check("oss-a.oss-cn-hangzhou.aliyuncs.com", "/k", &[(Some("oss-a"), Some("k"))]);
        check("s3.oss-cn-hangzhou.aliyuncs.com", "/bkt", &[(Some("bkt"), None)]);
        check("a.b.localhost", "/c/d", &[(Some("c"), Some("d"))]);
    }

    #[test]
    fn the_oddities_of_clients() {
        check(".oss-cn-hangzhou.aliyuncs.com", "/", &[(None, None)]);
        let both = [(Some("bkt"), Some("bkt/k")), (Some("bkt"), Some("k"))];
        check("bkt.oss-cn-hangzhou.aliyuncs.com", "/bkt/k", &both);
        let both = [(Some("bkt"), Some("bkt/")), (Some("bkt"), None)];
        check("bkt.oss-cn-hangzhou.aliyuncs.com", "/bkt/", &both);
        check("h", "/bkt/a+b%2Bc", &[(Some("bkt"), Some("a+b+c")), (Some("bkt"), Some("a b+c"))]);
        assert_eq!(read("h", "/bkt/a+b").unsigned(), 1);
        assert_eq!(read("h", "/bkt/ab").unsigned(), 0);
    }

    #[test]
    fn an_absolute_target_says_more_than_the_header() {
        check("127.0.0.1:1", "http://bkt.oss-cn-shanghai.aliyuncs.com/k", &[(Some("bkt"), Some("k"))]);
        let address = read("127.0.0.1:1", "http://u@oss-cn-shanghai.aliyuncs.com/bkt");
        assert_eq!(address.host, "oss-cn-shanghai.aliyuncs.com");
        assert_eq!(address.region.expect("known").as_str(), "cn-shanghai");
    }

    #[test]
    fn names_that_no_key_may_have() {
        let uri: Uri = "/bkt/%ff".parse().expect("a target");
        let refused = Address::read(&uri, &HeaderMap::new(), &suffixes()).expect_err("not UTF-8");
        assert_eq!(refused.kind(), Code::InvalidObjectName);
        for key in ["", "/a", "\\a", &"x".repeat(1024)] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
        for key in ["a", " a", "a/", "a//b", &"x".repeat(1023)] {
            assert!(check_key(key).is_ok(), "{key:?}");
        }
    }
}
