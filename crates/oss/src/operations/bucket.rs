//! Buckets: made, looked at, deleted.

use engine::buckets::{BucketError, NewBucket};
use http::StatusCode;
use model::{BucketName, RegionId};

use super::new_object::{bucket_acl, storage_class};
use super::service::{owner, places};
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::xml::{Element, Writer};

pub async fn put(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let account = request.caller.account()?;
    let name = request.bucket_name.clone().unwrap_or_default();
    let name: BucketName =
        name.parse().map_err(|_| OssError::from(Code::InvalidBucketName).detail("BucketName", &name))?;
    let acl = request.own_header("acl").map(|acl| bucket_acl(&acl, request.dialect)).transpose()?;
    // Clients send an empty body with or without a length, and some an empty configuration.
    let body = request.body.collect().await?;
    let configuration = match body.trim_ascii() {
        b"" => Element::default(),
        body => Element::parse(body)?.expect("CreateBucketConfiguration")?,
    };
    let storage_class = storage_class(configuration.value("StorageClass"), "Standard", request.dialect)?;
    let region = region(door, request, configuration.value("LocationConstraint"))?;
    let new = NewBucket { name: name.clone(), acl: acl.clone().unwrap_or_else(|| "private".to_owned()), storage_class };
    let is_new = match door.buckets.create(account, region, new).await {
        Err(BucketError::BucketTaken) => {
            return Err(OssError::from(Code::BucketAlreadyExists).detail("BucketName", name.as_str()));
        }
        outcome => outcome?,
    };
    match (is_new, request.dialect) {
        (true, _) => {}
        (false, Dialect::S3) => return Err(Code::BucketAlreadyOwnedByYou.into()),
        // Making one's own bucket again is how its ACL was changed before there was an operation for it.
        (false, Dialect::Oss) => {
            if let Some(acl) = acl {
                door.buckets.update(&name, move |bucket| bucket.acl.clone_from(&acl)).await?;
            }
        }
    }
    Ok(Answer::empty(StatusCode::OK).header("location", format!("/{name}")))
}

/// The region that is asked for, else that of the host name, else that of the signature, else the door's own.
fn region(door: &Inner, request: &Request, constraint: Option<&str>) -> Result<RegionId, OssError> {
    let served = |text: &str| door.config.regions.iter().find(|region| region.as_str() == text).cloned();
    if let Some(constraint) = constraint {
        let name = constraint.strip_prefix("oss-").unwrap_or(constraint);
        return served(name)
            .ok_or_else(|| OssError::from(Code::InvalidLocationConstraint).detail("LocationConstraint", constraint));
    }
    let of_scope = || {
        let scope = request.scope_region.as_deref()?;
        served(scope.strip_prefix("oss-").unwrap_or(scope))
    };
    Ok(request.host_region.clone().or_else(of_scope).unwrap_or_else(|| door.config.default_region.clone()))
}

pub fn head(request: &Request) -> Answer {
    let region = &request.bucket().region;
    Answer::empty(StatusCode::OK)
        .header(request.dialect.header("bucket-region"), region.as_str())
        .header("content-type", "application/xml")
}

pub async fn delete(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    door.buckets.delete(&request.bucket().name).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub fn info(request: &Request) -> Answer {
    let bucket = request.bucket();
    let mut xml = Writer::new("BucketInfo");
    xml.open("Bucket").leaf("Comment", "").leaf("CreationDate", bucket.created.oss_xml());
    places(&mut xml, bucket);
    xml.leaf("Name", bucket.name.as_str()).leaf("StorageClass", &bucket.storage_class);
    xml.leaf("DataRedundancyType", "LRS").leaf("AccessMonitor", "Disabled");
    xml.leaf("TransferAcceleration", "Disabled").leaf("CrossRegionReplication", "Disabled");
    xml.leaf("BlockPublicAccess", "false").leaf("ResourceGroupId", "");
    owner(&mut xml, bucket.owner);
    xml.open("AccessControlList").leaf("Grant", &bucket.acl).close();
    xml.open("ServerSideEncryptionRule");
    xml.leaf("SSEAlgorithm", bucket.encryption.as_deref().unwrap_or("None")).close();
    xml.open("BucketPolicy").leaf("LogBucket", "").leaf("LogPrefix", "").close();
    Answer::xml(xml.finish())
}

pub fn location(request: &Request) -> Answer {
    let region = &request.bucket().region;
    let location = match request.dialect {
        Dialect::Oss => format!("oss-{region}"),
        Dialect::S3 => region.to_string(),
    };
    let body =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint>{location}</LocationConstraint>");
    Answer::xml(body)
}

pub async fn statistics(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let name = &request.bucket().name;
    let (n_objects, n_bytes) = door.buckets.statistics(name).await?;
    let mut n_uploads = 0;
    let mut after = (String::new(), String::new());
    loop {
        let page = door.buckets.uploads(name, String::new(), after, 1_000).await?;
        let Some(last) = page.last() else { break };
        after = (last.key.clone(), last.id.clone());
        n_uploads += page.len();
    }
    let mut xml = Writer::new("BucketStat");
    xml.leaf("Storage", n_bytes.to_string()).leaf("ObjectCount", n_objects.to_string());
    xml.leaf("MultipartUploadCount", n_uploads.to_string()).leaf("LiveChannelCount", "0");
    xml.leaf("LastModifiedTime", (door.clock.now().as_millis() / 1000).to_string());
    xml.leaf("StandardStorage", n_bytes.to_string()).leaf("StandardObjectCount", n_objects.to_string());
    for class in ["InfrequentAccess", "Archive", "ColdArchive"] {
        xml.leaf(&format!("{class}Storage"), "0").leaf(&format!("{class}RealStorage"), "0");
        xml.leaf(&format!("{class}ObjectCount"), "0");
    }
    Ok(Answer::xml(xml.finish()))
}
