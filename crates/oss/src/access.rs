//! Who may do what: one question, asked before every operation and for every source of a copy.
//!
//! The owner of an account may do everything to the account's buckets. Its users and the sessions of its roles may do what
//! their policies allow; a deny of theirs is the last word, also about buckets of others. Where policies say nothing, and
//! to everybody else, signed or not, the ACL of the object or of its bucket speaks: it gives reading and writing of
//! objects and listing, never management.

use std::fmt;

use identity::{Failure, Identities, judge, judge_anywhere};
use meta::buckets::Bucket;
use model::AccountId;
use policy::{Context, Verdict};

use crate::error::{Code, OssError};

/// Who sent a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Nobody known: the request was not signed.
    Anonymous,
    /// Who signed it, and what policies can ask of the request.
    Known(Box<Signer>),
}

/// A caller who signed.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Who it is.
    pub caller: identity::Caller,
    /// The condition keys of the request.
    pub context: Context,
}

impl Caller {
    /// The account, which a request must have that does not work on somebody's bucket.
    pub fn account(&self) -> Result<AccountId, OssError> {
        match self {
            Self::Known(signer) => Ok(signer.caller.account),
            Self::Anonymous => Err(anonymous()),
        }
    }

    /// Whether nobody signed.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// Whether it is the owner of the account that has the bucket.
    pub fn owns(&self, bucket: &Bucket) -> bool {
        matches!(self, Self::Known(signer) if signer.caller.is_owner() && signer.caller.account == bucket.owner)
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
pub fn authorize(
    identities: &Identities,
    caller: &Caller,
    verb: &str,
    resource: &Resource<'_>,
) -> Result<(), OssError> {
    let Caller::Known(signer) = caller else {
        return if by_acl(verb, resource) { Ok(()) } else { Err(anonymous()) };
    };
    let Signer { caller, context } = &**signer;
    let name = resource.to_string();
    // Policies say what is allowed in their own account; elsewhere only what they deny counts.
    let judgement = if caller.account == resource.bucket.owner {
        judge(caller, verb, &name, context)
    } else {
        let mut judgement = judge_anywhere(caller, verb, &name, context);
        if judgement.allows() {
            judgement.verdict = Verdict::ImplicitDeny;
        }
        judgement
    };
    match judgement.verdict {
        Verdict::Allow => Ok(()),
        Verdict::ImplicitDeny if by_acl(verb, resource) => Ok(()),
        _ => Err(denied(identities, &Failure { caller, verb, resource: &name, context, judgement: &judgement })),
    }
}

/// Whether the caller may do what no bucket has to do with yet: listing buckets, and making one.
pub fn authorize_account(
    identities: &Identities,
    caller: &Caller,
    verb: &str,
    (region, bucket): (&str, &str),
) -> Result<(), OssError> {
    let Caller::Known(signer) = caller else { return Err(anonymous()) };
    let Signer { caller, context } = &**signer;
    let name = format!("acs:oss:{region}:{}:{bucket}", caller.account);
    let judgement = judge(caller, verb, &name, context);
    if judgement.allows() {
        return Ok(());
    }
    Err(denied(identities, &Failure { caller, verb, resource: &name, context, judgement: &judgement }))
}

fn by_acl(verb: &str, resource: &Resource<'_>) -> bool {
    let acl = resource.object_acl.filter(|acl| *acl != "default").unwrap_or(&resource.bucket.acl);
    match verb {
        "oss:GetObject" => matches!(acl, "public-read" | "public-read-write"),
        "oss:ListObjects" => matches!(resource.bucket.acl.as_str(), "public-read" | "public-read-write"),
        "oss:PutObject" | "oss:DeleteObject" | "oss:AbortMultipartUpload" | "oss:ListParts" => {
            acl == "public-read-write"
        }
        _ => false,
    }
}

fn denied(identities: &Identities, failure: &Failure<'_>) -> OssError {
    let error = match failure.judgement.verdict {
        Verdict::ExplicitDeny => {
            OssError::new(Code::AccessDenied, "You have no right to access this object.").ec("0003-00000201")
        }
        Verdict::Allow | Verdict::ImplicitDeny => Code::AccessDenied.into(),
    };
    // An owner is denied by an ACL alone, which no policy explains.
    if failure.caller.is_owner() { error } else { error.access_denied(&identities.detail(failure)) }
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

    fn allowed(verb: &str, bucket: &Bucket, object_acl: Option<&str>) -> bool {
        by_acl(verb, &Resource { bucket, key: Some("k"), object_acl })
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
                assert_eq!(allowed(verb, &bucket(acl), None), expected, "{verb} {acl}");
            }
        }
    }

    #[test]
    fn an_objects_acl_goes_before_its_buckets() {
        let read = |acl, object| allowed("oss:GetObject", &bucket(acl), Some(object));
        assert!(read("private", "public-read"));
        assert!(!read("public-read", "private"));
        assert!(read("public-read", "default"));
        assert!(!allowed("oss:ListObjects", &bucket("private"), Some("public-read")));
    }

    #[test]
    fn resources_as_policies_write_them() {
        let bucket = bucket("private");
        let text = |key| Resource { bucket: &bucket, key, object_acl: None }.to_string();
        assert_eq!(text(None), "acs:oss:cn-hangzhou:1:bkt");
        assert_eq!(text(Some("a/b")), "acs:oss:cn-hangzhou:1:bkt/a/b");
    }
}
