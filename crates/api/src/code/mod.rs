//! Codes, and the errors that carry them to a client.

mod table;

use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

pub use self::table::Code;

/// Codes that every action may answer with; a room does not list them.
pub(crate) const SHARED: &[Code] = &[
    Code::InternalError,
    Code::ServiceUnavailable,
    Code::ForbiddenRam,
    Code::NoPermission,
    Code::ThrottlingUser,
    Code::MissingParameter,
    Code::InvalidParameter,
];

impl Code {
    /// An error with this code and its own text.
    pub fn error(self) -> ApiError {
        self.with(self.text())
    }

    /// An error with this code and another text.
    pub fn with(self, message: impl Into<String>) -> ApiError {
        ApiError { code: self, message: message.into(), access_denied: None, retry_after_millis: None, source: None }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        code.error()
    }
}

/// What an action answers when it does not succeed.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) access_denied: Option<Box<Value>>,
    /// When the call is worth making again.
    pub(crate) retry_after_millis: Option<i64>,
    /// What really happened; for the log, never for the client.
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an action gives.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A fault of ours; the client learns no more than that.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Code::InternalError.error() }
    }

    /// A parameter that is not there.
    pub fn missing(name: &str) -> Self {
        Code::MissingParameter.with(format!(
            "An input parameter \"{name}\" that is mandatory for processing the request is not supplied."
        ))
    }

    /// A parameter that cannot be read, where the action has no code of its own for it.
    pub fn invalid(name: &str) -> Self {
        Code::InvalidParameter.with(format!("The specified parameter \"{name}\" is not valid."))
    }

    /// This error, or the one of an action that has another code for the same fault.
    pub fn instead(self, of: Code, code: Code) -> Self {
        if self.code == of { code.error() } else { self }
    }

    /// This error, for a call that may be made again after so many milliseconds.
    pub fn after(self, millis: i64) -> Self {
        Self { retry_after_millis: Some(millis), ..self }
    }

    /// This error, with what the caller is told of why access was denied.
    pub fn denied(self, detail: Value) -> Self {
        Self { access_denied: Some(Box::new(detail)), ..self }
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.wire(), self.message)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<meta::Error> for ApiError {
    fn from(error: meta::Error) -> Self {
        let code = if error.is_retryable() { Code::ServiceUnavailable } else { Code::InternalError };
        Self { source: Some(error.into()), ..code.error() }
    }
}
