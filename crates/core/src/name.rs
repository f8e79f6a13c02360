//! The names things have in URLs, each a checked type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// First path segments that the server uses itself, and that no workspace may therefore be called.
pub const RESERVED_WORKSPACE_NAMES: &[&str] = &[
    "_catalog",
    "addons",
    "api",
    "apis",
    "assets",
    "charts",
    "docs",
    "favicon.ico",
    "health",
    "index.yaml",
    "info",
    "livez",
    "login",
    "logout",
    "media",
    "metrics",
    "readyz",
    "repositories",
    "robots.txt",
    "startupz",
    "static",
    "store",
    "v1",
    "v2",
    "well-known",
];

/// The longest workspace, repository, account or token name, in bytes (the limit of a DNS label, RFC 1035).
const LONGEST_NAME: usize = 63;

/// The longest chart name, in bytes: with a version and `.tgz.prov` it still is a file name of at most 255 bytes.
const LONGEST_CHART_NAME: usize = 150;

/// Checks the rule for names in URLs: 1 to 63 lower-case letters and digits, single `.`, `_` or `-` between them
/// (a subset of OCI repository name components, so that the same path works under `/v2/`).
fn check_name(field: &str, text: &str) -> Result<()> {
    let separator = |byte: u8| matches!(byte, b'.' | b'_' | b'-');
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let edges_plain = bytes.first().copied().is_some_and(plain) && bytes.last().copied().is_some_and(plain);
    let separators_single = !bytes.windows(2).any(|pair| separator(pair[0]) && separator(pair[1]));
    let known_bytes = bytes.iter().all(|&byte| plain(byte) || separator(byte));
    if edges_plain && separators_single && known_bytes && bytes.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        format!(
            "{:?} is not a valid name: use 1 to {LONGEST_NAME} lower-case letters and digits, with single '.', '_' or '-' between them",
            shortened(text)
        ),
    ))
}

/// The text, cut so that a hostile input cannot flood a message or a log.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a checked string looks like in API documents.
macro_rules! text_schema {
    ($name:ident, $pattern:expr, $longest:expr) => {
        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .pattern(Some($pattern))
                    .min_length(Some(1))
                    .max_length(Some($longest))
                    .into()
            }
        }
    };
}

/// What [`check_name`] accepts, as OpenAPI says it.
#[cfg(feature = "schema")]
const NAME_PATTERN: &str = "^[a-z0-9]+([._-][a-z0-9]+)*$";

/// A checked string: its rule is `$check`. In API documents it is of the form `$pattern` and at most `$longest` long, or
/// of the form that [`check_name`] checks.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        name_type!($(#[$doc])* $name, $check, NAME_PATTERN, LONGEST_NAME);
    };
    ($(#[$doc:meta])* $name:ident, $check:expr, $pattern:expr, $longest:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                let check: fn(&str) -> Result<()> = $check;
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        text_schema!($name, $pattern, $longest);
    };
}

name_type!(
    /// The name of a workspace (tenant): the first segment of its repositories' URLs, never one of [`RESERVED_WORKSPACE_NAMES`].
    WorkspaceName,
    |text| {
        check_name("workspace", text)?;
        if RESERVED_WORKSPACE_NAMES.contains(&text) {
            return Err(Error::invalid("workspace", format!("{text:?} is reserved, choose another name")));
        }
        Ok(())
    }
);

name_type!(
    /// The name of a repository inside its workspace.
    RepositoryName,
    |text| check_name("repository", text)
);

name_type!(
    /// The login name of an account.
    AccountName,
    |text| check_name("account", text)
);

name_type!(
    /// The name an account gives to one of its tokens.
    TokenName,
    |text| check_name("token", text)
);

name_type!(
    /// The name of a role, among those of the platform or of one workspace.
    RoleName,
    |text| check_name("role", text)
);

name_type!(
    /// The name of an app inside its workspace, in URLs and commands; what people read is its display name.
    AppName,
    |text| check_name("app", text)
);

name_type!(
    /// The name of a category of the store, in URLs; what people read is its title.
    CategoryName,
    |text| check_name("category", text)
);

name_type!(
    /// The name of a project inside its workspace.
    ProjectName,
    |text| check_name("project", text)
);

/// What [`RobotName`] accepts, as OpenAPI says it.
#[cfg(feature = "schema")]
const ROBOT_PATTERN: &str = "^[a-z0-9]+([_-][a-z0-9]+)*$";

name_type!(
    /// The name of a robot inside its workspace. It has no `.`, so that its login name `robot.WORKSPACE.NAME` is
    /// nobody else's.
    RobotName,
    |text| {
        check_name("robot", text)?;
        if text.contains('.') {
            return Err(Error::invalid("robot", format!("{text:?} contains a '.'")));
        }
        Ok(())
    },
    ROBOT_PATTERN,
    LONGEST_NAME
);

name_type!(
    /// The name of a webhook among those of its workspace, or of the platform.
    WebhookName,
    |text| check_name("webhook", text)
);

name_type!(
    /// The name of a phase of review.
    PhaseName,
    |text| check_name("phase", text)
);

name_type!(
    /// The name of a chart, free as Helm leaves it (spaces, upper case, unicode) except that it is one path segment:
    /// 1 to 150 bytes, no `/`, no `\`, no control characters, not `.` or `..`.
    ChartName,
    |text| {
        let reason = match text {
            "" => "is empty".to_owned(),
            "." | ".." => format!("{text:?} is not a name"),
            _ if text.len() > LONGEST_CHART_NAME => format!("is longer than {LONGEST_CHART_NAME} bytes"),
            _ if text.contains(['/', '\\']) => format!("{:?} contains a path separator", shortened(text)),
            _ if text.chars().any(char::is_control) => format!("{:?} contains control characters", shortened(text)),
            _ => return Ok(()),
        };
        Err(Error::invalid("chart name", reason))
    },
    r"^[^/\\\x00-\x1f\x7f-\x9f]+$",
    LONGEST_CHART_NAME
);

/// Where a repository is: `workspace/repository`, the form of its URL below the server's root.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryPath {
    /// The tenant.
    pub workspace: WorkspaceName,
    /// The repository inside it.
    pub repository: RepositoryName,
}

text_schema!(
    RepositoryPath,
    "^[a-z0-9]+([._-][a-z0-9]+)*/[a-z0-9]+([._-][a-z0-9]+)*$",
    LONGEST_NAME + 1 + LONGEST_NAME
);

impl RepositoryPath {
    /// Checks both segments and joins them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the segment that breaks its rule.
    pub fn new(workspace: &str, repository: &str) -> Result<Self> {
        Ok(Self { workspace: workspace.parse()?, repository: repository.parse()? })
    }
}

impl FromStr for RepositoryPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (workspace, repository) = text.split_once('/').ok_or_else(|| {
            Error::invalid(
                "repository",
                format!("{:?} is not of the form WORKSPACE/REPOSITORY", shortened(text)),
            )
        })?;
        Self::new(workspace, repository)
    }
}

impl TryFrom<String> for RepositoryPath {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RepositoryPath> for String {
    fn from(path: RepositoryPath) -> Self {
        path.to_string()
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.workspace, self.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_urls() {
        let longest = "a".repeat(LONGEST_NAME);
        for good in ["a", "7", "team-1", "a.b_c-d", &longest] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good:?}");
        }
        let too_long = "a".repeat(LONGEST_NAME + 1);
        for bad in ["", ".", "..", "-a", "a-", "a--b", "A", "a/b", "a b", "é", "a\n", "a%2f", &too_long] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reserved_workspaces_are_refused() {
        for reserved in RESERVED_WORKSPACE_NAMES {
            assert!(reserved.parse::<WorkspaceName>().is_err(), "{reserved}");
        }
        assert!("apix".parse::<WorkspaceName>().is_ok());
    }

    #[test]
    fn chart_names_are_one_path_segment() {
        let longest = "a".repeat(LONGEST_CHART_NAME);
        for good in ["mychart", "My Chart", "chärt", "a.b_c", "..foo", &longest] {
            assert!(good.parse::<ChartName>().is_ok(), "{good:?}");
        }
        let huge = "a".repeat(10 << 20);
        for bad in ["", ".", "..", "a/b", "../evil", "a\\b", "a\u{7}b", "a\nb", &huge] {
            let error = bad.parse::<ChartName>().unwrap_err().to_string();
            assert!(error.len() < 200, "{error}");
        }
    }

    #[test]
    fn repository_paths() {
        let path: RepositoryPath = "team/charts".parse().unwrap();
        assert_eq!((path.workspace.as_str(), path.repository.as_str()), ("team", "charts"));
        assert_eq!(path.to_string(), "team/charts");
        for bad in ["team", "team/", "/charts", "api/charts", "a/b/c", "../b", "a/.."] {
            assert!(bad.parse::<RepositoryPath>().is_err(), "{bad:?}");
        }
        assert_eq!(serde_json::to_string(&path).unwrap(), "\"team/charts\"");
    }
}
