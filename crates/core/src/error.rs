//! The one error of the rules, the store and the services.

use crate::{Action, VersionState};

/// A source error of any kind, kept for the log and never shown to a client.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A result with the one [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the terms a client can act on. Each variant has a stable [`Error::code`].
///
/// Texts name what happened, which input, and where it helps what to do. [`Error::Internal`] and
/// [`Error::Unavailable`] carry their source for the log; HTTP faces answer them with fixed text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or the caller may not know that it does; a sentence, see [`Error::not_found`].
    #[error("{0}")]
    NotFound(String),
    /// A thing with this identity exists and may not be overwritten.
    #[error("{0} already exists")]
    AlreadyExists(String),
    /// An input breaks a rule.
    #[error("{field}: {reason}")]
    Invalid {
        /// The input, as the caller knows it: a field name, a file in an archive, a parameter.
        field: String,
        /// The rule and the value that broke it.
        reason: String,
    },
    /// The state of the thing does not allow this now.
    #[error("{0}")]
    Conflict(String),
    /// The thing is not in the state that the caller named as the condition; a sentence.
    #[error("{0}")]
    PreconditionFailed(String),
    /// The state of an app version does not allow this action now.
    #[error("{} is not possible while the version is {}; possible now: {}", action.as_str(), state.as_str(), list(allowed))]
    IllegalAction {
        /// What was asked for.
        action: Action,
        /// The state the version is in.
        state: VersionState,
        /// What the caller may do in it.
        allowed: Vec<Action>,
    },
    /// No valid credentials were given, and the request needs some.
    #[error("authentication required")]
    Unauthenticated,
    /// The caller is known and may see the thing, but not do this to it.
    #[error("{0}")]
    Forbidden(String),
    /// An input is larger than a limit.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Which input.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// An input is of a kind that is not taken here; a sentence.
    #[error("{0}")]
    UnsupportedType(String),
    /// A quota of the repository is used up.
    #[error("{0}")]
    QuotaExceeded(String),
    /// Too many attempts; try again after the given number of seconds.
    #[error("too many attempts, try again in {retry_after_seconds} seconds")]
    TooManyAttempts {
        /// Whole seconds until the next attempt is allowed.
        retry_after_seconds: u64,
    },
    /// Something that is needed is not there right now (database, blob store, disk space); the request may be repeated.
    #[error("{what} is unavailable")]
    Unavailable {
        /// What is missing, without addresses or secrets.
        what: String,
        /// The cause, for the log only.
        #[source]
        source: Option<BoxError>,
    },
    /// A defect or an unexpected fault.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

fn list(actions: &[Action]) -> String {
    match actions {
        [] => "nothing".to_owned(),
        _ => actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", "),
    }
}

impl Error {
    /// The stable machine-readable name of the variant, as problem+json shows it in `code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::AlreadyExists(_) => "already_exists",
            Self::Invalid { .. } => "invalid",
            Self::Conflict(_) => "conflict",
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::IllegalAction { .. } => "illegal_action",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedType(_) => "unsupported_type",
            Self::QuotaExceeded(_) => "quota_exceeded",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// An [`Error::NotFound`] for one thing, such as `repository team/charts`.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("{what} not found"))
    }

    /// An [`Error::Invalid`] for one input.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// An [`Error::Internal`] with its cause.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal(source.into())
    }

    /// An [`Error::Unavailable`] with its cause.
    pub fn unavailable(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Unavailable { what: what.into(), source: Some(source.into()) }
    }
}
