//! What can go wrong on the way to a foreign server.

use std::net::IpAddr;
use std::time::Duration;

use super::AddressKind;

/// A result of this module.
pub type Result<T, E = OutboundError> = std::result::Result<T, E>;

/// Why an exchange with a foreign server failed.
///
/// The texts name the server as `scheme://host:port` at most: paths and queries of webhooks are secrets often enough,
/// and user information always is. A caller that knows the path to be harmless adds it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The URL cannot be used, wherever it leads.
    #[error("the URL cannot be used: {reason}")]
    Url {
        /// The rule that it breaks.
        reason: String,
    },
    /// The name of the host is not known, or the name servers do not answer.
    #[error("the name {host} cannot be resolved: {reason}")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The host has an address that foreign URLs may not lead to.
    #[error("{host} is refused: {address} is {kind}{}", .kind.advice())]
    AddressRefused {
        /// The host as the URL names it.
        host: String,
        /// The first of its addresses that is refused.
        address: IpAddr,
        /// What is special about the address.
        kind: AddressKind,
    },
    /// No connection came about.
    #[error("cannot connect to {origin}: {reason}")]
    Connect {
        /// The server.
        origin: String,
        /// The cause.
        reason: String,
    },
    /// The server does not prove who it is, or does not accept who we are.
    #[error("no trusted connection to {origin}: {reason}")]
    Tls {
        /// The server.
        origin: String,
        /// The cause.
        reason: String,
    },
    /// The server answered, but not with success. Only [`super::Response::success`] makes it.
    #[error("{origin} answered with status {status}")]
    Status {
        /// The server.
        origin: String,
        /// The status.
        status: u16,
    },
    /// The answer is larger than the limit, its headers or its body.
    #[error("the answer of {origin} is larger than {limit} bytes")]
    TooLarge {
        /// The server.
        origin: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The time for the whole exchange is over.
    #[error("{origin} was not done within {} s", .limit.as_secs_f64())]
    TooSlow {
        /// The server that was asked last.
        origin: String,
        /// The limit.
        limit: Duration,
    },
    /// The server sends from address to address.
    #[error("{origin} redirects more than {limit} times")]
    TooManyRedirects {
        /// The server that was asked last.
        origin: String,
        /// The limit.
        limit: u32,
    },
    /// The connection ended early, or what came over it is not HTTP.
    #[error("the answer of {origin} is broken: {reason}")]
    Broken {
        /// The server.
        origin: String,
        /// The cause.
        reason: String,
    },
}

impl OutboundError {
    /// The stable name of what failed, for records and for programs: `url`, `dns`, `address_refused`, `connect`, `tls`,
    /// `status`, `too_large`, `too_slow`, `too_many_redirects` or `broken`.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            Self::Dns { .. } => "dns",
            Self::AddressRefused { .. } => "address_refused",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Status { .. } => "status",
            Self::TooLarge { .. } => "too_large",
            Self::TooSlow { .. } => "too_slow",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::Broken { .. } => "broken",
        }
    }

    pub(super) fn url(reason: impl Into<String>) -> Self {
        Self::Url { reason: reason.into() }
    }

    /// Finds out which stage an error of the HTTP library belongs to.
    pub(super) fn from_transport(error: &reqwest::Error, origin: &str) -> Self {
        let origin = origin.to_owned();
        let causes = causes(error);
        if let Some(refusal) = causes.iter().find_map(|cause| cause.downcast_ref::<Self>()) {
            return refusal.clone();
        }
        let reason = causes.last().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        if causes.iter().any(|cause| cause.is::<rustls::Error>()) {
            return Self::Tls { origin, reason };
        }
        match error {
            error if error.is_connect() && error.is_timeout() => {
                Self::Connect { origin, reason: "it does not answer in time".to_owned() }
            }
            error if error.is_connect() => Self::Connect { origin, reason },
            _ => Self::Broken { origin, reason },
        }
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The errors below `error`, outermost first. An I/O error hides the one that it wraps from `source`.
fn causes(error: &reqwest::Error) -> Vec<Cause<'_>> {
    let mut found: Vec<Cause<'_>> = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        found.push(cause);
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as Cause<'_>).or_else(|| cause.source());
    }
    found
}
