//! Who may do what: one question, asked before every operation and for every source of a copy.
//!
//! An account may do everything to its own buckets. Everybody else, signed or not, may do what the ACL of the object or
//! of its bucket says, which is reading and writing objects and listing them, never management.

use std::fmt;

use meta::buckets::Bucket;
use model::AccountId;

use crate::error::{Code, OssError};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody known: the request was not signed.
    Anonymous,
    /// The owner of an account.
    Account(AccountId),
}

impl Caller {
    /// The account, which a request must have that does not work on somebody's bucket.
    pub fn account(&self) -> Result<AccountId, OssError> {
        match self {
            Self::Account(account) => Ok(*account),
            Self::Anonymous => Err(anonymous()),
        }
    }
}

/// What is to be done something to: `acs:oss:<region>:<owner>:<bucket>[/<key>]` in policies.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// The bucket.
    pub bucket: &'a Bucket,
    /// The key in it.
    pub key: Option<&'a str>,
    /// The ACL of the object there, when there is one.
    pub object_acl: Option<&'a str>,
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bucket { region, owner, name, .. } = self.bucket;
        write!(f, "acs:oss:{region}:{owner}:{name}")?;
        self.key.map_or(Ok(()), |key| write!(f, "/{key}"))
    }
}

/// Whether `caller` may do `verb` to `resource`.
pub fn authorize(caller: &Caller, verb: &str, resource: &Resource<'_>) -> Result<(), OssError> {
    if *caller == Caller::Account(resource.bucket.owner) {
        return Ok(());
    }
    let acl = resource.object_acl.filter(|acl| *acl != "default").unwrap_or(&resource.bucket.acl);
    let is_allowed = match verb {
        "oss:GetObject" => matches!(acl, "public-read" | "public-read-write"),
        "oss:ListObjects" => matches!(resource.bucket.acl.as_str(), "public-read" | "public-read-write"),
        "oss:PutObject" | "oss:DeleteObject" | "oss:AbortMultipartUpload" | "oss:ListParts" => {
            acl == "public-read-write"
        }
        _ => false,
    };
    match caller {
        _ if is_allowed => Ok(()),
        Caller::Anonymous => Err(anonymous()),
        Caller::Account(_) => {
            tracing::debug!(verb, resource = %resource, "denied by ACL");
            Err(Code::AccessDenied.into())
        }
    }
}

fn anonymous() -> OssError {
    OssError::new(Code::AccessDenied, "Anonymous access is forbidden for this operation.").ec("0003-00000905")
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::route::ROWS;

    fn bucket(acl: &str) -> Bucket {
        Bucket {
            name: "bkt".parse().expect("a name"),
            owner: AccountId::new(1),
            region: "cn-hangzhou".parse().expect("a region"),
            acl: acl.to_owned(),
            storage_class: "Standard".to_owned(),
            encryption: None,
            created: Timestamp::from_millis(0),
        }
    }

    fn allowed(caller: &Caller, verb: &str, bucket: &Bucket, object_acl: Option<&str>) -> bool {
        authorize(caller, verb, &Resource { bucket, key: Some("k"), object_acl }).is_ok()
    }

    /// For each verb, what others may do by ACL: nothing, reading (`r`), writing (`w`).
    #[test]
    fn every_verb_against_every_acl() {
        for verb in ROWS.iter().map(|row| row.verb) {
            let reads = matches!(verb, "oss:GetObject" | "oss:ListObjects");
            let writes =
                ["oss:PutObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts"].contains(&verb);
            for (acl, expected) in [("private", false), ("public-read", reads), ("public-read-write", reads || writes)]
            {
                for caller in [Caller::Anonymous, Caller::Account(AccountId::new(2))] {
                    assert_eq!(allowed(&caller, verb, &bucket(acl), None), expected, "{caller:?} {verb} {acl}");
                }
                assert!(allowed(&Caller::Account(AccountId::new(1)), verb, &bucket(acl), None), "{verb} {acl}");
            }
        }
    }

    #[test]
    fn an_objects_acl_goes_before_its_buckets() {
        let read = |acl, object| allowed(&Caller::Anonymous, "oss:GetObject", &bucket(acl), Some(object));
        assert!(read("private", "public-read"));
        assert!(!read("public-read", "private"));
        assert!(read("public-read", "default"));
        assert!(!allowed(&Caller::Anonymous, "oss:ListObjects", &bucket("private"), Some("public-read")));
    }

    #[test]
    fn resources_as_policies_write_them() {
        let bucket = bucket("private");
        let text = |key| Resource { bucket: &bucket, key, object_acl: None }.to_string();
        assert_eq!(text(None), "acs:oss:cn-hangzhou:1:bkt");
        assert_eq!(text(Some("a/b")), "acs:oss:cn-hangzhou:1:bkt/a/b");
    }
}
