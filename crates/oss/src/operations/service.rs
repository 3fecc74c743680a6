//! `ListBuckets`.

use meta::buckets::Bucket;
use model::AccountId;

use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::OssError;
use crate::request::{Answer, Request};
use crate::xml::Writer;

/// Largest page of buckets (OSS, ListBuckets).
const LARGEST_PAGE: u64 = 1_000;

pub async fn list_buckets(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let account = request.caller.account()?;
    let prefix = request.param("prefix").unwrap_or_default();
    let marker = request.param("marker").unwrap_or_default();
    let max_keys = request.number::<u64>("max-keys")?;
    if let Some(n) = max_keys.filter(|n| !(1..=LARGEST_PAGE).contains(n)) {
        return Err(OssError::argument("max-keys", &n.to_string(), "max-keys must be 1 to 1000."));
    }
    // S3 clients know no pages of buckets.
    let limit = match request.dialect {
        Dialect::Oss => max_keys.unwrap_or(100),
        Dialect::S3 => u64::from(u32::MAX),
    };
    let mut buckets = door.buckets.list(account, prefix.to_owned(), marker.to_owned(), limit + 1).await?;
    let is_truncated = buckets.len() as u64 > limit;
    buckets.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut xml = Writer::new("ListAllMyBucketsResult");
    let is_paged = ["prefix", "marker", "max-keys"].iter().any(|name| request.param(name).is_some());
    if request.dialect == Dialect::Oss && (is_paged || is_truncated) {
        xml.leaf("Prefix", prefix).leaf("Marker", marker).leaf("MaxKeys", limit.to_string());
        xml.leaf("IsTruncated", is_truncated.to_string());
        xml.optional("NextMarker", buckets.last().filter(|_| is_truncated).map(|bucket| bucket.name.as_str()));
    }
    owner(&mut xml, account);
    xml.open("Buckets");
    for bucket in &buckets {
        xml.open("Bucket");
        if request.dialect == Dialect::Oss {
            places(&mut xml, bucket);
            xml.leaf("StorageClass", &bucket.storage_class);
        }
        xml.leaf("CreationDate", bucket.created.oss_xml()).leaf("Name", bucket.name.as_str()).close();
    }
    Ok(Answer::xml(xml.finish()))
}

/// Who owns something. Accounts are shown by their numbers, as the service does.
pub(super) fn owner(xml: &mut Writer, account: AccountId) {
    let id = account.to_string();
    xml.open("Owner").leaf("ID", &id).leaf("DisplayName", &id).close();
}

/// Where a bucket is, in the names that the service has for it.
pub(super) fn places(xml: &mut Writer, bucket: &Bucket) {
    let region = &bucket.region;
    xml.leaf("Location", format!("oss-{region}"))
        .leaf("ExtranetEndpoint", format!("oss-{region}.aliyuncs.com"))
        .leaf("IntranetEndpoint", format!("oss-{region}-internal.aliyuncs.com"))
        .leaf("Region", region.as_str());
}
