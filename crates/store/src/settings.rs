//! Where the state lives, as URLs.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chandlery_core::{Error, Result};

/// Where a [`Store`](crate::Store) keeps its state.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The rows.
    pub database: DatabaseUrl,
    /// The bytes.
    pub blobs: BlobsUrl,
    /// A local directory for uploads on their way to an object store; unused with `file:` blobs, which keep their
    /// own. Created if missing.
    pub temporary_directory: PathBuf,
}

/// A database: `sqlite:///absolute/path`, `sqlite://relative/path` or `postgres://user:password@host/database`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of this process; several processes on one host may share it.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a URL that libpq would take.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
            return match path {
                "" | ":memory:" => Err(Error::invalid("database", "a sqlite URL needs the path of a file")),
                _ => Ok(Self::Sqlite(path.into())),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(Error::invalid("database", "is neither sqlite://PATH nor postgres://USER:PASSWORD@HOST/DATABASE"))
    }
}

impl fmt::Display for DatabaseUrl {
    /// The URL without its password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite://{}", path.display()),
            Self::Postgres(url) => formatter.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

/// Cuts the password and everything after `?` (which may carry one too) out of a URL.
fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or_default())
        }
        None => url.to_owned(),
    }
}

/// A place for blobs: `file:///dir`, `memory:` or
/// `s3://bucket/prefix?endpoint=http://host:9000&region=us-east-1&path_style=true`.
///
/// S3 credentials never stand in the URL: they come from the standard AWS variables, files and services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobsUrl {
    /// A directory.
    FileSystem(PathBuf),
    /// The memory of this process: for tests and trials, gone at exit.
    Memory,
    /// A bucket of an S3-compatible server.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What every key starts with; empty for none, without slashes at its ends.
        prefix: String,
        /// The server's URL; `None` is AWS.
        endpoint: Option<String>,
        /// The region to sign for; `None` is what the AWS configuration says, or `us-east-1`.
        region: Option<String>,
        /// `host/bucket/key` instead of `bucket.host/key`; the default when `endpoint` is set.
        path_style: bool,
        /// Access, when it does not come from the standard AWS variables, files and services.
        credentials: Option<S3Credentials>,
    },
}

impl FromStr for BlobsUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(path) = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")) {
            return match path {
                "" => Err(Error::invalid("blobs", "a file URL needs the path of a directory")),
                _ => Ok(Self::FileSystem(path.into())),
            };
        }
        match text.strip_prefix("s3://") {
            Some(rest) => parse_s3(rest),
            None => {
                Err(Error::invalid("blobs", format!("{text:?} is none of file:///DIR, s3://BUCKET, memory:")))
            }
        }
    }
}

fn parse_s3(rest: &str) -> Result<BlobsUrl> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() || bucket.contains('@') {
        return Err(Error::invalid("blobs", "an s3 URL is s3://BUCKET/PREFIX, without credentials"));
    }
    let (mut endpoint, mut region, mut path_style) = (None, None, None);
    for (key, value) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        match key {
            "endpoint" => endpoint = Some(value.replace("%3A", ":").replace("%2F", "/")),
            "region" => region = Some(value.to_owned()),
            "path_style" => path_style = Some(value != "false"),
            _ => {
                return Err(Error::invalid(
                    "blobs",
                    format!("unknown s3 parameter {key:?}: use endpoint, region, path_style"),
                ));
            }
        }
    }
    Ok(BlobsUrl::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
        path_style: path_style.unwrap_or(endpoint.is_some()),
        endpoint,
        region,
        credentials: None,
    })
}

/// Access to a bucket. Not part of URLs, which end up in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, for temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "S3Credentials({})", self.access_key_id)
    }
}

impl BlobsUrl {
    /// The same place, with explicit access if it is a bucket.
    #[must_use]
    pub fn with_credentials(mut self, access: S3Credentials) -> Self {
        if let Self::S3 { credentials, .. } = &mut self {
            *credentials = Some(access);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        let sqlite = |path: &str| DatabaseUrl::Sqlite(path.into());
        let postgres = "postgres://user:secret@host:5432/db?sslmode=disable";
        for (text, expected) in [
            ("sqlite:///data/chandlery.db", sqlite("/data/chandlery.db")),
            ("sqlite://chandlery.db", sqlite("chandlery.db")),
            ("sqlite:chandlery.db", sqlite("chandlery.db")),
            (postgres, DatabaseUrl::Postgres(postgres.to_owned())),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap(), expected, "{text}");
        }
        for bad in ["", "sqlite:", "sqlite::memory:", "mysql://host/db", "/data/chandlery.db"] {
            assert_eq!(bad.parse::<DatabaseUrl>().unwrap_err().code(), "invalid", "{bad}");
        }
        assert_eq!(postgres.parse::<DatabaseUrl>().unwrap().to_string(), "postgres://user@host:5432/db");
    }

    #[test]
    fn blob_urls() {
        let s3 = |prefix: &str, endpoint: Option<&str>, region: Option<&str>, path_style| BlobsUrl::S3 {
            bucket: "bucket".to_owned(),
            prefix: prefix.to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            path_style,
            credentials: None,
        };
        for (text, expected) in [
            ("memory:", BlobsUrl::Memory),
            ("file:///data", BlobsUrl::FileSystem("/data".into())),
            ("s3://bucket", s3("", None, None, false)),
            ("s3://bucket/a/b/", s3("a/b", None, None, false)),
            ("s3://bucket?endpoint=http://h:9&region=x", s3("", Some("http://h:9"), Some("x"), true)),
            ("s3://bucket?endpoint=http%3A%2F%2Fh&path_style=false", s3("", Some("http://h"), None, false)),
        ] {
            assert_eq!(text.parse::<BlobsUrl>().unwrap(), expected, "{text}");
        }
        for bad in
            ["", "file:", "s3://", "s3://key:secret@bucket", "s3://bucket?secret=x", "gs://bucket", "/data"]
        {
            assert_eq!(bad.parse::<BlobsUrl>().unwrap_err().code(), "invalid", "{bad}");
        }
    }
}
