//! Lists of objects and of uploads.
//!
//! Keys come from the records in byte order. With a delimiter, all keys that share what stands before its first
//! occurrence after the prefix make one common prefix: it is one entry of the page, and the rest of its keys are
//! jumped over, not read. A page ends after its last entry, key or common prefix, and that entry is the marker of the
//! next one; so the next page begins after everything that the last one stood for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::buckets::BucketError;
use meta::buckets::{Object, Upload};

use super::service::owner;
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::OssError;
use crate::request::{Answer, Request};
use crate::xml::Writer;

/// Largest page (OSS and S3, ListObjects).
const LARGEST_PAGE: u64 = 1_000;

/// No key is after this one.
const LAST: &str = "\u{10ffff}";

/// An entry of a page.
#[derive(Debug, PartialEq, Eq)]
enum Entry<T> {
    Item(T),
    CommonPrefix(String),
}

#[derive(Debug, PartialEq, Eq)]
struct Page<T> {
    entries: Vec<Entry<T>>,
    is_truncated: bool,
}

/// How keys are grouped.
#[derive(Debug, Clone)]
struct Grouping {
    prefix: String,
    delimiter: String,
}

/// A place in a list: a key, and an id where keys are not unique.
type Place = (String, String);

impl Grouping {
    fn read(request: &Request) -> Self {
        let text = |name| request.param(name).unwrap_or_default().to_owned();
        Self { prefix: text("prefix"), delimiter: text("delimiter") }
    }

    /// The common prefix that a key belongs to.
    fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.strip_prefix(self.prefix.as_str())?;
        let end = rest.find(&self.delimiter)? + self.delimiter.len();
        Some(&key[..self.prefix.len() + end])
    }

    /// Where to go on after a marker: after all of its keys when it is a common prefix.
    fn after(&self, marker: &str, id: &str) -> Place {
        match self.group(marker) {
            Some(group) if group == marker => (format!("{group}{LAST}"), String::new()),
            _ => (marker.to_owned(), id.to_owned()),
        }
    }
}

/// One page of at most `limit` entries. `fetch` reads rows after a place, in order.
async fn page<T, F, Fetched>(
    grouping: &Grouping,
    mut after: Place,
    limit: u64,
    place_of: fn(&T) -> Place,
    fetch: F,
) -> Result<Page<T>, OssError>
where
    F: Fn(Place, u64) -> Fetched,
    Fetched: Future<Output = Result<Vec<T>, BucketError>>,
{
    let mut entries: Vec<Entry<T>> = Vec::new();
    if limit == 0 {
        return Ok(Page { entries, is_truncated: false });
    }
    loop {
        let rows = fetch(after, limit + 1 - entries.len() as u64).await?;
        let Some(last) = rows.last() else { return Ok(Page { entries, is_truncated: false }) };
        let (key, id) = place_of(last);
        after = match grouping.group(&key) {
            Some(group) => (format!("{group}{LAST}"), String::new()),
            None => (key, id),
        };
        for row in rows {
            let (key, _) = place_of(&row);
            let entry = match grouping.group(&key) {
                None => Entry::Item(row),
                Some(group) if is_last(&entries, group) => continue,
                Some(group) => Entry::CommonPrefix(group.to_owned()),
            };
            if entries.len() as u64 == limit {
                return Ok(Page { entries, is_truncated: true });
            }
            entries.push(entry);
        }
    }
}

fn is_last<T>(entries: &[Entry<T>], group: &str) -> bool {
    matches!(entries.last(), Some(Entry::CommonPrefix(last)) if last == group)
}

pub async fn objects(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let encodes = request.encodes()?;
    let is_v2 = match request.filled("list-type") {
        None => false,
        Some("2") => true,
        Some(other) => return Err(OssError::argument("list-type", other, "list-type must be 2.")),
    };
    let grouping = Grouping::read(request);
    let limit = limit(request, "max-keys")?;
    let marker = match (is_v2, request.filled("continuation-token")) {
        (true, Some(token)) => read_token(token)?,
        (true, None) => request.param("start-after").unwrap_or_default().to_owned(),
        (false, _) => request.param("marker").unwrap_or_default().to_owned(),
    };
    let name = &request.bucket().name;
    let fetch = |(key, _): Place, n| door.buckets.objects(name, grouping.prefix.clone(), key, n);
    let place_of = |object: &Object| (object.key.clone(), String::new());
    let page = page(&grouping, grouping.after(&marker, ""), limit, place_of, fetch).await?;
    let next = page.entries.last().filter(|_| page.is_truncated).map(|entry| match entry {
        Entry::Item(object) => object.key.as_str(),
        Entry::CommonPrefix(prefix) => prefix.as_str(),
    });

    let shown = |text: &str| request.shown(encodes, text);
    let mut xml = Writer::new("ListBucketResult");
    xml.leaf("Name", name.as_str()).leaf("Prefix", shown(&grouping.prefix));
    xml.leaf("MaxKeys", limit.to_string()).leaf("Delimiter", shown(&grouping.delimiter));
    if encodes {
        xml.leaf("EncodingType", "url");
    }
    xml.leaf("IsTruncated", page.is_truncated.to_string());
    if is_v2 {
        xml.leaf("KeyCount", page.entries.len().to_string());
        xml.optional("StartAfter", request.filled("start-after").map(shown));
        xml.optional("ContinuationToken", request.filled("continuation-token"));
        xml.optional("NextContinuationToken", next.map(|marker| URL_SAFE_NO_PAD.encode(marker)));
    } else {
        xml.leaf("Marker", shown(&marker)).optional("NextMarker", next.map(shown));
    }
    let shows_owner = !is_v2 || request.param("fetch-owner").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    for entry in &page.entries {
        let Entry::Item(object) = entry else { continue };
        xml.open("Contents").leaf("Key", shown(&object.key)).leaf("LastModified", object.modified.oss_xml());
        xml.leaf("ETag", request.dialect.etag(&object.etag));
        if request.dialect == Dialect::Oss {
            xml.leaf("Type", object.kind.as_str());
        }
        xml.leaf("Size", object.size.to_string());
        xml.leaf("StorageClass", request.dialect.storage_class(&object.storage_class));
        if shows_owner {
            owner(&mut xml, request.bucket().owner);
        }
        xml.close();
    }
    common_prefixes(&mut xml, &page.entries, shown);
    Ok(Answer::xml(xml.finish()))
}

pub async fn uploads(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let encodes = request.encodes()?;
    let grouping = Grouping::read(request);
    // Both dialects list a thousand uploads when the request does not say.
    let limit = match request.filled("max-uploads") {
        None => LARGEST_PAGE,
        Some(_) => limit(request, "max-uploads")?,
    };
    let key_marker = request.param("key-marker").unwrap_or_default();
    let id_marker = request.filled("upload-id-marker").filter(|_| !key_marker.is_empty());
    // Without an id the marker is the whole key with all of its uploads.
    let after_id = if key_marker.is_empty() { "" } else { id_marker.unwrap_or(LAST) };
    let name = &request.bucket().name;
    let fetch = |place: Place, n| door.buckets.uploads(name, grouping.prefix.clone(), place, n);
    let place_of = |upload: &Upload| (upload.key.clone(), upload.id.clone());
    let page = page(&grouping, grouping.after(key_marker, after_id), limit, place_of, fetch).await?;
    let next = page.entries.last().filter(|_| page.is_truncated).map(|entry| match entry {
        Entry::Item(upload) => (upload.key.as_str(), upload.id.as_str()),
        Entry::CommonPrefix(prefix) => (prefix.as_str(), ""),
    });

    let shown = |text: &str| request.shown(encodes, text);
    let mut xml = Writer::new("ListMultipartUploadsResult");
    xml.leaf("Bucket", name.as_str());
    if encodes {
        xml.leaf("EncodingType", "url");
    }
    xml.leaf("KeyMarker", shown(key_marker)).leaf("UploadIdMarker", id_marker.unwrap_or_default());
    // Clients read both markers even when there is nothing more.
    let (next_key, next_id) = next.unwrap_or_default();
    xml.leaf("NextKeyMarker", shown(next_key)).leaf("NextUploadIdMarker", next_id);
    xml.leaf("Delimiter", shown(&grouping.delimiter)).leaf("Prefix", shown(&grouping.prefix));
    xml.leaf("MaxUploads", limit.to_string()).leaf("IsTruncated", page.is_truncated.to_string());
    for entry in &page.entries {
        let Entry::Item(upload) = entry else { continue };
        xml.open("Upload").leaf("Key", shown(&upload.key)).leaf("UploadId", &upload.id);
        xml.leaf("StorageClass", request.dialect.storage_class(&upload.storage_class));
        xml.leaf("Initiated", upload.initiated.oss_xml()).close();
    }
    common_prefixes(&mut xml, &page.entries, shown);
    Ok(Answer::xml(xml.finish()))
}

fn common_prefixes<T>(xml: &mut Writer, entries: &[Entry<T>], shown: impl Fn(&str) -> String) {
    for entry in entries {
        if let Entry::CommonPrefix(prefix) = entry {
            xml.open("CommonPrefixes").leaf("Prefix", shown(prefix)).close();
        }
    }
}

/// How many entries a page may have: OSS refuses what S3 makes fit.
fn limit(request: &Request, name: &'static str) -> Result<u64, OssError> {
    let Some(asked) = request.number::<u64>(name)? else { return Ok(request.dialect.default_keys()) };
    match request.dialect {
        Dialect::S3 => Ok(asked.min(LARGEST_PAGE)),
        Dialect::Oss if (1..=LARGEST_PAGE).contains(&asked) => Ok(asked),
        Dialect::Oss => Err(OssError::argument(name, &asked.to_string(), format!("{name} must be 1 to 1000."))),
    }
}

fn read_token(token: &str) -> Result<String, OssError> {
    let marker = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    marker
        .ok_or_else(|| OssError::argument("continuation-token", token, "The continuation token provided is incorrect."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks all pages of a list of keys and compares with grouping the whole list at once.
    fn check(keys: &[&str], prefix: &str, delimiter: &str) {
        let mut keys: Vec<&str> = keys.to_vec();
        keys.sort_unstable();
        let grouping = Grouping { prefix: prefix.to_owned(), delimiter: delimiter.to_owned() };
        let mut expected: Vec<Entry<String>> = Vec::new();
        for key in keys.iter().filter(|key| key.starts_with(prefix)) {
            match grouping.group(key) {
                None => expected.push(Entry::Item((*key).to_owned())),
                Some(group) if is_last(&expected, group) => {}
                Some(group) => expected.push(Entry::CommonPrefix(group.to_owned())),
            }
        }
        for limit in 1..=keys.len() as u64 + 1 {
            let mut all = Vec::new();
            let mut marker = String::new();
            loop {
                let fetch = |(after, _): Place, n: u64| {
                    let rows = keys.iter().filter(|key| key.starts_with(prefix) && ***key > *after);
                    let rows = rows.take(n as usize).map(|key| (*key).to_owned()).collect();
                    std::future::ready(Ok::<Vec<String>, BucketError>(rows))
                };
                let place_of = |key: &String| (key.clone(), String::new());
                let page =
                    futures::executor::block_on(page(&grouping, grouping.after(&marker, ""), limit, place_of, fetch));
                let page = page.expect("no row fails");
                assert!(page.entries.len() as u64 <= limit);
                all.extend(page.entries);
                if !page.is_truncated {
                    break;
                }
                marker = match all.last().expect("a truncated page is not empty") {
                    Entry::Item(key) | Entry::CommonPrefix(key) => key.clone(),
                };
            }
            assert_eq!(all, expected, "{prefix:?} {delimiter:?} in pages of {limit}");
        }
    }

    #[test]
    fn pages_join_to_the_whole() {
        let keys = ["a", "a/", "a/b", "a/b/c", "a/b/d", "a/c", "ab", "b/x/y", "b/x/z", "c", "镜/像", "镜/片", "z//q"];
        for prefix in ["", "a", "a/", "a/b", "a/b/", "b", "镜", "none"] {
            for delimiter in ["", "/", "b", "//", "镜/"] {
                check(&keys, prefix, delimiter);
            }
        }
    }

    #[test]
    fn nothing_is_asked_when_nothing_is_wanted() {
        let grouping = Grouping { prefix: String::new(), delimiter: String::new() };
        let fetch = |_: Place, _: u64| -> std::future::Ready<Result<Vec<String>, BucketError>> { panic!("no rows") };
        let place_of = |key: &String| (key.clone(), String::new());
        let page = futures::executor::block_on(page(&grouping, Place::default(), 0, place_of, fetch));
        assert_eq!(page.expect("a page"), Page { entries: Vec::new(), is_truncated: false });
    }

    #[test]
    fn tokens() {
        assert_eq!(read_token(&URL_SAFE_NO_PAD.encode("镜/")).expect("good"), "镜/");
        assert!(read_token("not a token").is_err());
        assert!(read_token(&URL_SAFE_NO_PAD.encode([0xff])).is_err());
    }
}
