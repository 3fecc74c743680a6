//! Settings of buckets and objects: ACLs and encryption, which are kept, and those that this door never has set.

use http::StatusCode;
use model::AccountId;

use super::new_object::{bucket_acl as read_bucket_acl, encryption_algorithm, object_acl as read_object_acl};
use super::service::owner;
use crate::dialect::Dialect;
use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::xml::{Element, Writer};

/// The group of everybody in S3's grants.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

pub fn bucket_acl(request: &Request) -> Answer {
    let bucket = request.bucket();
    acl_answer(bucket.owner, &bucket.acl, request.dialect)
}

pub async fn put_bucket_acl(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let acl = asked_acl(request, "acl").await?;
    let acl = read_bucket_acl(&acl, request.dialect)?;
    door.buckets.update(&request.bucket().name, move |bucket| bucket.acl.clone_from(&acl)).await?;
    Ok(Answer::empty(StatusCode::OK))
}

pub async fn object_acl(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let bucket = request.bucket();
    let object = door.buckets.object(&bucket.name, request.key()).await?;
    let acl = match (request.dialect, object.acl.as_str()) {
        (Dialect::S3, "default") => bucket.acl.as_str(),
        (_, acl) => acl,
    };
    Ok(acl_answer(bucket.owner, acl, request.dialect))
}

pub async fn put_object_acl(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let header = if request.dialect == Dialect::Oss { "object-acl" } else { "acl" };
    let acl = asked_acl(request, header).await?;
    let acl = read_object_acl(&acl, request.dialect)?;
    let change = move |object: &mut meta::buckets::Object| object.acl.clone_from(&acl);
    door.buckets.update_object(&request.bucket().name, request.key(), change).await?;
    Ok(Answer::empty(StatusCode::OK))
}

/// The ACL in a header, or in the body as S3 clients write it.
async fn asked_acl(request: &Request, header: &str) -> Result<String, OssError> {
    if let Some(acl) = request.own_header(header) {
        return Ok(acl);
    }
    let body = request.body.collect().await?;
    if body.trim_ascii().is_empty() {
        return Err(OssError::argument(&request.dialect.header(header), "", "The ACL is missing."));
    }
    let body = Element::parse(&body)?.expect("AccessControlPolicy")?;
    let list = body.child("AccessControlList").ok_or(Code::MalformedXML)?;
    if let Some(grant) = list.child("Grant").filter(|grant| grant.children.is_empty()) {
        return Ok(grant.text.trim().to_owned());
    }
    let everybody_may = |permission: &str| {
        list.children.iter().any(|grant| {
            grant.descend(&["Grantee", "URI"]).is_some_and(|uri| uri.text.trim() == ALL_USERS)
                && grant.value("Permission").is_some_and(|given| given == permission || given == "FULL_CONTROL")
        })
    };
    Ok(match (everybody_may("READ"), everybody_may("WRITE")) {
        (_, true) => "public-read-write",
        (true, false) => "public-read",
        (false, false) => "private",
    }
    .to_owned())
}

fn acl_answer(account: AccountId, acl: &str, dialect: Dialect) -> Answer {
    let mut xml = Writer::new("AccessControlPolicy");
    owner(&mut xml, account);
    xml.open("AccessControlList");
    match dialect {
        Dialect::Oss => {
            xml.leaf("Grant", acl);
        }
        Dialect::S3 => {
            let type_of =
                |kind| format!("Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{kind}\"");
            let id = account.to_string();
            let mut grants =
                vec![(type_of("CanonicalUser"), vec![("ID", id.as_str()), ("DisplayName", &id)], "FULL_CONTROL")];
            for (permission, acls) in [("READ", "public-read public-read-write"), ("WRITE", "public-read-write")] {
                if acls.split(' ').any(|public| public == acl) {
                    grants.push((type_of("Group"), vec![("URI", ALL_USERS)], permission));
                }
            }
            for (start, fields, permission) in grants {
                xml.open("Grant").grantee(&start, &fields).leaf("Permission", permission).close();
            }
        }
    }
    Answer::xml(xml.finish())
}

pub fn encryption(request: &Request) -> Result<Answer, OssError> {
    let Some(algorithm) = &request.bucket().encryption else {
        return Err(match request.dialect {
            Dialect::Oss => Code::NoSuchServerSideEncryptionRule.into(),
            Dialect::S3 => Code::ServerSideEncryptionConfigurationNotFoundError.into(),
        });
    };
    let mut xml = match request.dialect {
        Dialect::Oss => Writer::new("ServerSideEncryptionRule"),
        Dialect::S3 => {
            let mut xml = Writer::new("ServerSideEncryptionConfiguration");
            xml.open("Rule");
            xml
        }
    };
    xml.open("ApplyServerSideEncryptionByDefault").leaf("SSEAlgorithm", shown_algorithm(algorithm, request.dialect));
    Ok(Answer::xml(xml.finish()))
}

/// The name of an encryption in a dialect.
pub(super) fn shown_algorithm(algorithm: &str, dialect: Dialect) -> &str {
    if dialect == Dialect::S3 && algorithm == "KMS" { "aws:kms" } else { algorithm }
}

pub async fn put_encryption(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    let body = Element::parse(&request.body.collect().await?)?;
    let rule = match body.name.as_str() {
        "ServerSideEncryptionRule" => Some(&body),
        "ServerSideEncryptionConfiguration" => body.child("Rule"),
        _ => None,
    };
    let default = rule.and_then(|rule| rule.child("ApplyServerSideEncryptionByDefault")).ok_or(Code::MalformedXML)?;
    let algorithm = encryption_algorithm(default.value("SSEAlgorithm").ok_or(Code::MalformedXML)?)?;
    let change = move |bucket: &mut meta::buckets::Bucket| bucket.encryption = Some(algorithm.clone());
    door.buckets.update(&request.bucket().name, change).await?;
    Ok(Answer::empty(StatusCode::OK))
}

pub async fn delete_encryption(door: &Inner, request: &Request) -> Result<Answer, OssError> {
    door.buckets.update(&request.bucket().name, |bucket| bucket.encryption = None).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The answer of a setting that was never set, where that is no error.
pub fn unset(root: &'static str) -> Answer {
    Answer::xml(Writer::new(root).finish())
}

pub fn no_tags() -> Answer {
    let mut xml = Writer::new("Tagging");
    xml.leaf("TagSet", "");
    Answer::xml(xml.finish())
}

pub fn request_payment() -> Answer {
    let mut xml = Writer::new("RequestPaymentConfiguration");
    xml.leaf("Payer", "BucketOwner");
    Answer::xml(xml.finish())
}

pub fn referer() -> Answer {
    let mut xml = Writer::new("RefererConfiguration");
    xml.leaf("AllowEmptyReferer", "true").leaf("RefererList", "");
    Answer::xml(xml.finish())
}

pub fn no_lifecycle(request: &Request) -> OssError {
    match request.dialect {
        Dialect::Oss => Code::NoSuchLifecycle.into(),
        Dialect::S3 => Code::NoSuchLifecycleConfiguration.into(),
    }
}
