//! Why a foreign repository cannot be used, in words and in numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::outbound::OutboundError;

/// How far it came. In this order a repository is reached and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The URL, the options and the credentials as they are written.
    Url,
    /// The addresses of the host.
    Dns,
    /// The connection.
    Connect,
    /// Who the server proves to be.
    Tls,
    /// Who we are to the server.
    Auth,
    /// The status of the answer.
    Status,
    /// The body: whole, within the limits, of the right kind.
    Content,
    /// What the body says.
    Parse,
    /// How many charts and versions there are.
    Counts,
    /// One package.
    SamplePackage,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 10] = [
        Self::Url,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Auth,
        Self::Status,
        Self::Content,
        Self::Parse,
        Self::Counts,
        Self::SamplePackage,
    ];

    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Status => "status",
            Self::Content => "content",
            Self::Parse => "parse",
            Self::Counts => "counts",
            Self::SamplePackage => "sample-package",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The error numbers of the stores that came before, which their users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
#[repr(u16)]
pub enum Code {
    /// Something that no other number fits.
    Unexpected = 901,
    /// The text is no URL.
    NotAUrl = 102,
    /// The credentials are not the JSON that they should be.
    CredentialsNotJson = 103,
    /// There is no access key.
    NoAccessKey = 104,
    /// There is no secret key.
    NoSecretKey = 105,
    /// The object store refuses access.
    ObjectStoreDenied = 106,
    /// The URL lacks a part, or has one that does not fit its kind.
    UrlFormat = 107,
    /// The kind is http and the URL says otherwise.
    NotHttp = 108,
    /// The server cannot be reached or does not answer with success.
    NoAccess = 109,
    /// The kind is https and the URL says otherwise.
    NotHttps = 110,
    /// There is no such kind of repository.
    UnknownKind = 111,
    /// Something answers, and it is no repository.
    NotARepository = 113,
    /// The kind is s3 and the URL says otherwise.
    NotS3 = 114,
    /// The index cannot be read.
    IndexUnreadable = 115,
}

impl Code {
    const ALL: [Self; 14] = [
        Self::Unexpected,
        Self::NotAUrl,
        Self::CredentialsNotJson,
        Self::NoAccessKey,
        Self::NoSecretKey,
        Self::ObjectStoreDenied,
        Self::UrlFormat,
        Self::NotHttp,
        Self::NoAccess,
        Self::NotHttps,
        Self::UnknownKind,
        Self::NotARepository,
        Self::NotS3,
        Self::IndexUnreadable,
    ];
}

impl From<Code> for u16 {
    fn from(code: Code) -> Self {
        code as Self
    }
}

impl TryFrom<u16> for Code {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|code| *code as u16 == number);
        found.ok_or_else(|| format!("{number} is no code of a repository's failure"))
    }
}

/// Why a foreign repository could not be reached or read. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{cause}")]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Where it ended.
    pub stage: Stage,
    /// The number.
    pub code: Code,
    /// What happened, and where.
    pub cause: String,
    /// What to do about it.
    pub advice: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Whether the same may work later without anybody doing anything.
    pub is_temporary: bool,
}

impl Failure {
    /// A failure that stays until somebody changes something.
    pub(crate) fn new(stage: Stage, code: Code, cause: impl Into<String>, advice: impl Into<String>) -> Self {
        let (cause, advice) = (cause.into(), advice.into());
        Self { stage, code, cause, advice, status: None, is_temporary: false }
    }

    pub(crate) fn temporary(self) -> Self {
        Self { is_temporary: true, ..self }
    }

    /// The body cannot be used.
    pub(crate) fn content(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Stage::Content, Code::NotARepository, cause, advice)
    }

    /// The body is whole and says what cannot be understood.
    pub(crate) fn parse(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Stage::Parse, Code::IndexUnreadable, cause, advice)
    }

    /// Something here went wrong: a full disk, a task that died.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let advice = "Try again; if it stays, the server's log tells more.";
        Self::new(Stage::Content, Code::Unexpected, cause, advice).temporary()
    }

    /// An answer with a status that is no success.
    pub(crate) fn status(origin: &str, status: u16) -> Self {
        let (stage, advice) = match status {
            401 => (Stage::Auth, "Check the user name and the password or token."),
            403 => {
                (Stage::Auth, "The server knows who asks and refuses: ask its owner for the right to read.")
            }
            407 => (Stage::Auth, "The proxy asks for a user name and a password: the operator sets them."),
            404 | 410 => (Stage::Status, "Check the path of the URL: there is nothing at this place."),
            429 => (Stage::Status, "The server asks for fewer requests: choose a longer period."),
            500.. => (Stage::Status, "The server has a fault of its own; it is asked again later."),
            _ => (Stage::Status, "Open the URL in a browser to see what the server says."),
        };
        let cause = format!("{origin} answered with status {status}");
        let failure = Self::new(stage, Code::NoAccess, cause, advice);
        Self { status: Some(status), is_temporary: matches!(status, 408 | 425 | 429 | 500..), ..failure }
    }
}

impl From<OutboundError> for Failure {
    fn from(error: OutboundError) -> Self {
        let cause = error.to_string();
        let failure = |stage, advice: &str| Self::new(stage, Code::NoAccess, cause.clone(), advice);
        match &error {
            OutboundError::Status { origin, status } => Self::status(origin, *status),
            OutboundError::Url { .. } => Self::new(
                Stage::Url,
                Code::UrlFormat,
                cause,
                "Correct the URL, the options or the credentials.",
            ),
            OutboundError::Dns { .. } => {
                failure(Stage::Dns, "Check the spelling of the host and the name servers of this machine.")
                    .temporary()
            }
            OutboundError::AddressRefused { .. } => failure(
                Stage::Dns,
                "Addresses inside are refused unless the operator lists their range as allowed.",
            ),
            OutboundError::Connect { .. } => {
                failure(Stage::Connect, "Check host and port, firewalls and the proxy of this machine.")
                    .temporary()
            }
            OutboundError::Tls { .. } => failure(
                Stage::Tls,
                "For a private authority give its certificate; else the server needs another certificate.",
            ),
            OutboundError::TooLarge { .. } => {
                failure(Stage::Content, "Split the repository, or keep fewer versions in it.")
            }
            OutboundError::TooSlow { .. } => {
                failure(Stage::Content, "The server or the line is too slow; it is asked again later.")
                    .temporary()
            }
            OutboundError::TooManyRedirects { .. } => {
                failure(Stage::Status, "Give the URL where the redirects end.")
            }
            OutboundError::Broken { .. } => {
                failure(Stage::Content, "The connection ended early or does not speak HTTP.").temporary()
            }
        }
    }
}
