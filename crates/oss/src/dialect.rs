//! The two dialects of one protocol, and what differs between them beside the signature.
//!
//! A request speaks the dialect of its signature ([`crate::auth`]); an unsigned one speaks OSS. Whatever differs by
//! dialect is asked here or matched on [`Dialect`] where the answer is written, never guessed from a header.

/// Which family of clients sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Alibaba Cloud's own.
    Oss,
    /// Amazon S3's.
    S3,
}

impl Dialect {
    /// What stands before the names of the protocol's own headers.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Oss => "x-oss-",
            Self::S3 => "x-amz-",
        }
    }

    /// The full name of a protocol header.
    pub fn header(self, name: &str) -> String {
        format!("{}{name}", self.prefix())
    }

    /// An entity tag as it stands in a header or body: OSS writes MD5s in upper case, and S3 clients compare with their
    /// own in lower case.
    pub fn etag(self, etag: &str) -> String {
        match self {
            Self::Oss => format!("\"{etag}\""),
            Self::S3 => format!("\"{}\"", etag.to_ascii_lowercase()),
        }
    }

    /// A storage class as this dialect writes it.
    pub fn storage_class(self, class: &str) -> String {
        match self {
            Self::Oss => class.to_owned(),
            Self::S3 => class.to_ascii_uppercase(),
        }
    }

    /// How many entries a list has when the request does not say.
    pub const fn default_keys(self) -> u64 {
        match self {
            Self::Oss => 100,
            Self::S3 => 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs() {
        assert_eq!(Dialect::Oss.etag("AB-2"), "\"AB-2\"");
        assert_eq!(Dialect::S3.etag("AB-2"), "\"ab-2\"");
        assert_eq!(Dialect::Oss.header("acl"), "x-oss-acl");
        assert_eq!(Dialect::S3.header("acl"), "x-amz-acl");
        assert_eq!(Dialect::S3.storage_class("Standard"), "STANDARD");
    }
}
