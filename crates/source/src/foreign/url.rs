//! Where a foreign repository is.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::{Code, Credentials, Failure, ObjectStore, Stage};

/// The kinds of repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A Helm repository: `http://` or `https://`.
    Http,
    /// A bucket with packages: `s3://`, or the scheme of another [`ObjectStore`].
    S3,
    /// A git repository: `git+https://`, a URL that ends in `.git`, or a tree's URL of GitHub, GitLab or Gitee.
    Git,
    /// A registry: `oci://`.
    Oci,
}

impl SourceKind {
    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::S3 => "s3",
            Self::Git => "git",
            Self::Oci => "oci",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where a foreign repository is, without any credentials. `Display` gives one spelling for equal places, which parses
/// to the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceUrl {
    /// A Helm repository. The path ends with `/` and not with `index.yaml`; a query stays.
    Http(Url),
    /// A bucket.
    S3(BucketUrl),
    /// A git repository.
    Git(GitUrl),
    /// A registry.
    Oci(RegistryUrl),
}

/// A bucket of an object store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BucketUrl {
    /// The store.
    pub store: ObjectStore,
    /// The host, with its port where one is written.
    pub host: String,
    /// The bucket; in Swift with the version and the account before it, in Azure with an account that the host does not tell.
    pub bucket: String,
    /// What keys begin with: empty, or with a `/` at its end.
    pub prefix: String,
}

impl BucketUrl {
    /// The region as the host tells: the second label of `s3.REGION.…`, else `us-east-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        match self.host.split('.').collect::<Vec<_>>().as_slice() {
            ["s3", region, _, _, ..] => region,
            _ => "us-east-1",
        }
    }

    /// Whether TLS is spoken unless the options say otherwise: for `s3://` with hosts that begin with `s3.`, as the stores
    /// before did it, since any other one is a server of one's own, such as MinIO; with the other stores always.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.store != ObjectStore::S3 || self.host.starts_with("s3.")
    }
}

/// A git repository, read over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GitUrl {
    /// What `git clone` would be given: `http` or `https`.
    pub remote: Url,
    /// A branch, tag or commit; `None` is the repository's default branch.
    pub reference: Option<String>,
    /// A folder; empty for the root, without slashes at its ends.
    pub path: String,
}

/// A registry, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegistryUrl {
    /// The host, with its port where one is written.
    pub host: String,
    /// A repository or the beginning of the names of several; empty for all of the registry.
    pub path: String,
}

impl SourceUrl {
    /// Reads a URL as people write it, and takes the user information out of it.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of [`Stage::Url`].
    pub fn parse(text: &str) -> Result<(Self, Option<Credentials>), Failure> {
        let text = text.trim();
        let (scheme, rest) = split_scheme(text)?;
        let (url, credentials) = read_url(&scheme, rest)?;
        if let Some(store) = ObjectStore::of_scheme(&scheme) {
            return Ok((Self::S3(store.read(&url)?), credentials));
        }
        let place = match scheme.as_str() {
            "http" | "https" => web(url)?,
            "git+https" | "git+http" => Self::Git(git(url)?),
            "oci" => Self::Oci(registry(&url)?),
            "git" | "ssh" | "git+ssh" => {
                return Err(unknown_kind(&scheme, "Use the repository's https:// URL."));
            }
            _ => return Err(unknown_kind(&scheme, SCHEMES)),
        };
        Ok((place, credentials))
    }

    /// Reads a URL of a kind that was chosen beside it: `http`, `https`, `s3`, `git` or `oci`. The scheme may be left out
    /// for `s3` and `oci`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of [`Stage::Url`], for a scheme that does not fit the kind with the number of that kind.
    pub fn parse_as(kind: &str, text: &str) -> Result<(Self, Option<Credentials>), Failure> {
        let text = text.trim();
        let expected: (&[&str], Code) = match kind {
            "http" => (&["http"], Code::NotHttp),
            "https" => (&["https"], Code::NotHttps),
            "s3" => (&ObjectStore::ALL.map(ObjectStore::scheme), Code::NotS3),
            "git" => (&["git+https", "git+http", "https", "http"], Code::UrlFormat),
            "oci" => (&["oci"], Code::UrlFormat),
            _ => {
                let cause = format!("{kind:?} is no kind of repository");
                let advice = "Choose http, https, s3, git or oci.";
                return Err(Failure::new(Stage::Url, Code::UnknownKind, cause, advice));
            }
        };
        let text = match kind {
            "s3" | "oci" if !text.contains("://") => format!("{kind}://{text}"),
            _ => text.to_owned(),
        };
        let (scheme, _) = split_scheme(&text)?;
        if !expected.0.contains(&scheme.as_str()) {
            let cause = format!("the repository is of kind {kind} and its URL begins with {scheme}://");
            return Err(Failure::new(Stage::Url, expected.1, cause, "Change the URL or the kind."));
        }
        if kind == "git" && !scheme.starts_with("git+") {
            return Self::parse(&format!("git+{text}"));
        }
        Self::parse(&text)
    }

    /// Whether `url` leads to the scheme, host and port of this repository, to which its credentials are bound.
    pub(super) fn is_at(&self, url: &Url) -> bool {
        match self {
            Self::Http(own) | Self::Git(GitUrl { remote: own, .. }) => own.origin() == url.origin(),
            Self::S3(_) | Self::Oci(_) => false,
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Http(_) => SourceKind::Http,
            Self::S3(_) => SourceKind::S3,
            Self::Git(_) => SourceKind::Git,
            Self::Oci(_) => SourceKind::Oci,
        }
    }
}

impl FromStr for SourceUrl {
    type Err = Failure;

    /// As [`SourceUrl::parse`]; user information is refused.
    fn from_str(text: &str) -> Result<Self, Failure> {
        match Self::parse(text)? {
            (url, None) => Ok(url),
            (_, Some(_)) => {
                Err(format_fault("it holds a user name or password", "Give them beside the URL, not in it."))
            }
        }
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => write!(formatter, "{url}"),
            Self::S3(url) => formatter.write_str(&ObjectStore::write(url)),
            Self::Oci(RegistryUrl { host, path }) => {
                let separator = if path.is_empty() { "" } else { "/" };
                write!(formatter, "oci://{host}{separator}{path}")
            }
            Self::Git(GitUrl { remote, reference, path }) => {
                let mut url = remote.clone();
                let path = Some(path).filter(|path| !path.is_empty());
                if reference.is_some() || path.is_some() {
                    let mut query = url.query_pairs_mut();
                    query.extend_pairs(reference.iter().map(|reference| ("ref", reference)));
                    query.extend_pairs(path.map(|path| ("path", path)));
                }
                write!(formatter, "git+{url}")
            }
        }
    }
}

pub(super) fn format_fault(cause: &str, advice: &str) -> Failure {
    Failure::new(Stage::Url, Code::UrlFormat, format!("the URL cannot be used: {cause}"), advice)
}

const SCHEMES: &str = "Use https://, http://, git+https://, oci://, or for a bucket s3://, gs://, azblob://, oss://, cos://, \
                       obs:// or swift://.";

fn unknown_kind(scheme: &str, advice: &str) -> Failure {
    let cause = format!("there is no kind of repository for {scheme}://");
    Failure::new(Stage::Url, Code::UnknownKind, cause, advice)
}

/// The scheme in lower case, and what follows `://`. A host of an object store may stand without its scheme.
fn split_scheme(text: &str) -> Result<(String, &str), Failure> {
    match text.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.bytes().all(is_of_scheme) => {
            Ok((scheme.to_ascii_lowercase(), rest))
        }
        None if text.starts_with("s3.") && text.contains('/') => Ok(("s3".to_owned(), text)),
        _ => {
            let cause = "the text is not a URL";
            let advice = "Write it with its scheme, such as https://charts.example.org/stable.";
            Err(Failure::new(Stage::Url, Code::NotAUrl, cause, advice))
        }
    }
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Reads what follows a scheme by the rules of http, and takes the user information out.
fn read_url(scheme: &str, rest: &str) -> Result<(Url, Option<Credentials>), Failure> {
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(format_fault(
            "it holds white space, control characters or backslashes",
            "Remove them, or write them as %20 and the like.",
        ));
    }
    if rest.is_empty() || rest.starts_with('/') {
        return Err(format_fault("it has no host", "Write the host behind ://."));
    }
    // Other schemes have other defaults for the port, and `s3` is none that the standard knows.
    let scheme = if matches!(scheme, "http" | "git+http") { "http" } else { "https" };
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| {
        format_fault(&error.to_string(), "Compare it with the documentation of its kind.")
    })?;
    let decode = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| {
            format_fault("its user name and password are not UTF-8", "Give them beside the URL, not in it.")
        })
    };
    let (user, password) = (decode(url.username())?, decode(url.password().unwrap_or_default())?);
    url.set_username("")
        .and_then(|()| url.set_password(None))
        .map_err(|()| format_fault("it has no host", ""))?;
    let credentials = (!user.is_empty() || !password.is_empty()).then(|| Credentials::basic(user, password));
    url.set_fragment(None);
    Ok((url, credentials))
}

/// The host, with its port where one is written.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

pub(super) fn trimmed_path(url: &Url) -> String {
    let path = percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy();
    path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// What `http://` and `https://` may mean: a page of a git host, or a Helm repository.
fn web(mut url: Url) -> Result<SourceUrl, Failure> {
    let path = url.path();
    if path.trim_end_matches('/').ends_with(".git") || tree(&url).is_some() {
        return Ok(SourceUrl::Git(git(url)?));
    }
    let path = path.strip_suffix("index.yaml").filter(|path| path.ends_with('/')).unwrap_or(path);
    let path = format!("{}/", path.trim_end_matches('/'));
    url.set_path(&path);
    Ok(SourceUrl::Http(url))
}

/// The parts of `…/OWNER/REPOSITORY[/-]/tree/REFERENCE/PATH` at the well-known hosts, and of `…/-/tree/…` anywhere.
fn tree(url: &Url) -> Option<(String, String, String)> {
    let path = trimmed_path(url);
    let is_known = matches!(url.host_str(), Some("github.com" | "gitee.com" | "gitlab.com"));
    let (repository, rest) = match path.split_once("/-/tree/") {
        Some(parts) => parts,
        None if is_known => path.split_once("/tree/").filter(|(name, _)| name.matches('/').count() == 1)?,
        None => return None,
    };
    // A branch whose name holds a slash has to be given beside the URL.
    let (reference, path) = rest.split_once('/').unwrap_or((rest, ""));
    Some((repository.to_owned(), reference.to_owned(), path.to_owned()))
}

fn git(mut url: Url) -> Result<GitUrl, Failure> {
    let mut given = GitUrl { remote: url.clone(), reference: None, path: String::new() };
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "ref" => given.reference = Some(value.into_owned()).filter(|value| !value.is_empty()),
            "path" => value.trim_matches('/').clone_into(&mut given.path),
            _ => {
                let cause = format!("git knows no option {key:?} in a URL");
                return Err(format_fault(&cause, "Use ref and path only."));
            }
        }
    }
    url.set_query(None);
    if let Some((repository, reference, path)) = tree(&url) {
        url.set_path(&format!("/{}.git", repository.trim_end_matches(".git")));
        given.reference = given.reference.or(Some(reference));
        given.path =
            [path, given.path].into_iter().filter(|path| !path.is_empty()).collect::<Vec<_>>().join("/");
    }
    let path = format!("/{}", trimmed_path(&url));
    if path == "/" {
        return Err(format_fault(
            "it names no repository",
            "Write the path of the repository behind the host.",
        ));
    }
    url.set_path(&path);
    given.remote = url;
    Ok(given)
}

fn registry(url: &Url) -> Result<RegistryUrl, Failure> {
    let path = trimmed_path(url);
    if path
        .bytes()
        .any(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/._-".contains(&byte)))
    {
        return Err(format_fault(
            "names in a registry have lower-case letters, digits, and . _ - only",
            "Leave out tag and digest: a source is a chart or a folder of charts.",
        ));
    }
    Ok(RegistryUrl { host: host_and_port(url), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let cases = [
            ("https://charts.example.org", "https://charts.example.org/", SourceKind::Http),
            ("HTTPS://Charts.Example.org/a/", "https://charts.example.org/a/", SourceKind::Http),
            ("https://h/a/index.yaml", "https://h/a/", SourceKind::Http),
            ("https://h/index.yaml?x=1#y", "https://h/?x=1", SourceKind::Http),
            ("http://h:8080/myindex.yaml", "http://h:8080/myindex.yaml/", SourceKind::Http),
            ("s3://s3.pek3a.qingstor.com/b/", "s3://s3.pek3a.qingstor.com/b/", SourceKind::S3),
            ("s3.pek3a.qingstor.com/b/c", "s3://s3.pek3a.qingstor.com/b/c/", SourceKind::S3),
            ("s3://minio:9000/b/c//d/index.yaml", "s3://minio:9000/b/c/d/", SourceKind::S3),
            ("gs://charts/a/index.yaml", "gs://charts/a/", SourceKind::S3),
            ("gs://127.0.0.1:4443/charts/a", "gs://127.0.0.1:4443/charts/a/", SourceKind::S3),
            ("azblob://acc/charts", "azblob://acc/charts/", SourceKind::S3),
            ("azblob://127.0.0.1:10000/acc/charts", "azblob://127.0.0.1:10000/acc/charts/", SourceKind::S3),
            ("azblob://[::1]:10000/acc/charts/a", "azblob://[::1]:10000/acc/charts/a/", SourceKind::S3),
            (
                "azblob://acc.blob.core.chinacloudapi.cn/charts/a",
                "azblob://acc.blob.core.chinacloudapi.cn/charts/a/",
                SourceKind::S3,
            ),
            ("azblob://acc.blob.core.windows.net/charts", "azblob://acc/charts/", SourceKind::S3),
            (
                "oss://oss-cn-hangzhou.aliyuncs.com/charts",
                "oss://oss-cn-hangzhou.aliyuncs.com/charts/",
                SourceKind::S3,
            ),
            ("swift://h/v1/AUTH_a/charts/x", "swift://h/v1/AUTH_a/charts/x/", SourceKind::S3),
            ("oci://ghcr.io", "oci://ghcr.io", SourceKind::Oci),
            ("oci://h:5000/a/b/", "oci://h:5000/a/b", SourceKind::Oci),
            ("https://h/o/r.git", "git+https://h/o/r.git", SourceKind::Git),
            ("git+https://h/o/r?ref=v1&path=/a/", "git+https://h/o/r?ref=v1&path=a", SourceKind::Git),
            (
                "https://github.com/o/r/tree/main/a/b",
                "git+https://github.com/o/r.git?ref=main&path=a%2Fb",
                SourceKind::Git,
            ),
            ("https://gitee.com/o/r/tree/dev", "git+https://gitee.com/o/r.git?ref=dev", SourceKind::Git),
            (
                "https://lab.example/g/s/r/-/tree/main/a",
                "git+https://lab.example/g/s/r.git?ref=main&path=a",
                SourceKind::Git,
            ),
            ("https://h/o/tree/main/x", "https://h/o/tree/main/x/", SourceKind::Http),
        ];
        for (text, expected, kind) in cases {
            let url: SourceUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.to_string().as_str(), url.kind()), (expected, kind), "{text}");
            assert_eq!(expected.parse::<SourceUrl>().unwrap(), url);
        }
    }

    #[test]
    fn user_information_is_taken_out() {
        for text in ["https://u:hunter2@h/x", "git+https://u:hunter2@h/x", "s3://u:hunter2@h/b"] {
            let (url, credentials) = SourceUrl::parse(text).unwrap();
            assert_eq!(credentials, Some(Credentials::basic("u", "hunter2")));
            assert!(!format!("{url} {url:?}").contains("hunter2"));
            assert_eq!(text.parse::<SourceUrl>().unwrap_err().code, Code::UrlFormat);
        }
    }

    #[test]
    fn what_is_refused() {
        let cases = [
            ("", Code::NotAUrl),
            ("charts.example.org", Code::NotAUrl),
            ("javascript:alert(1)", Code::NotAUrl),
            ("https://", Code::UrlFormat),
            ("https:///x", Code::UrlFormat),
            ("https://h/a b", Code::UrlFormat),
            ("https://h\\@x/", Code::UrlFormat),
            ("https://h:99999/", Code::UrlFormat),
            ("ftp://h/", Code::UnknownKind),
            ("file:///etc/passwd", Code::UrlFormat),
            ("ssh://git@github.com/o/r", Code::UnknownKind),
            ("s3://h/", Code::UrlFormat),
            ("gs://", Code::UrlFormat),
            ("gs://127.0.0.1:4443", Code::UrlFormat),
            ("azblob://127.0.0.1:10000/acc", Code::UrlFormat),
            ("oss://h", Code::UrlFormat),
            ("swift://h/v1/account", Code::UrlFormat),
            ("oss://h/evil.example%3F/x", Code::UrlFormat),
            ("s3://h/u@evil.example/x", Code::UrlFormat),
            ("oci://h/Chart:1.0", Code::UrlFormat),
            ("git+https://h/", Code::UrlFormat),
            ("git+https://h/r?x=y", Code::UrlFormat),
        ];
        for (text, code) in cases {
            let failure = SourceUrl::parse(text).err().unwrap_or_else(|| panic!("{text} is read"));
            assert_eq!((failure.stage, failure.code), (Stage::Url, code), "{text}: {failure}");
            assert!(!failure.advice.is_empty(), "{text}");
        }
    }

    #[test]
    fn kinds_and_schemes() {
        let cases = [
            ("http", "https://h/", Err(Code::NotHttp)),
            ("https", "http://h/", Err(Code::NotHttps)),
            ("s3", "https://h/b", Err(Code::NotS3)),
            ("ftp", "ftp://h/b", Err(Code::UnknownKind)),
            ("oci", "https://h/b", Err(Code::UrlFormat)),
            ("git", "https://h/b", Ok("git+https://h/b")),
            ("s3", "minio:9000/b", Ok("s3://minio:9000/b/")),
            ("s3", "gs://b", Ok("gs://b/")),
            ("oci", "h/b", Ok("oci://h/b")),
            ("https", "https://h/b", Ok("https://h/b/")),
        ];
        for (kind, text, expected) in cases {
            let read = SourceUrl::parse_as(kind, text).map(|(url, _)| url.to_string());
            assert_eq!(read.as_deref().map_err(|failure| failure.code), expected, "{kind} {text}");
        }
    }

    #[test]
    fn hosts_of_buckets() {
        let cases = [
            ("s3://s3.pek3a.qingstor.com/b", "pek3a", true),
            ("s3://s3.us-west-2.amazonaws.com/b", "us-west-2", true),
            ("s3://s3.amazonaws.com/b", "us-east-1", true),
            ("s3://minio.test:9000/b", "us-east-1", false),
        ];
        for (text, region, tls) in cases {
            let SourceUrl::S3(url) = text.parse().unwrap() else { panic!("{text}") };
            assert_eq!((url.region(), url.speaks_tls()), (region, tls), "{text}");
        }
    }
}
