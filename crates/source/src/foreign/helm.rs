//! Helm repositories over HTTP.

use chandlery_chart::IndexEntry;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use super::{
    Failure, Fetched, Known, LARGEST_INDEX, Location, PackageReader, Source, Validator, index, limits, oci,
    spool,
};
use crate::outbound::{Request, Response};

/// Where the index is.
fn index_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}index.yaml", base.path()));
    url
}

/// Lists a repository.
pub(super) async fn fetch(
    source: &Source,
    base: &Url,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
) -> Result<Fetched, Failure> {
    let answer = ask(source, base, previous).await?;
    let validator = validator(source, answer.headers());
    if answer.status() == http::StatusCode::NOT_MODIFIED
        && let Some(previous) = previous
    {
        return Ok(Fetched::Unchanged(refreshed(previous, validator)));
    }
    let spooled = spool::spool(answer.success()?).await?;
    let base = base.clone();
    index::list(spooled, validator, previous, known, Box::new(move |entry| locate(&base, entry))).await
}

/// Asks for the index.
async fn ask(source: &Source, base: &Url, previous: Option<&Validator>) -> Result<Response, Failure> {
    let url = index_url(base);
    let mut request = Request::get(url.as_str())
        .limits(limits(LARGEST_INDEX))
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("zstd, gzip"));
    for (name, value) in conditions(previous) {
        request = request.header(name, value);
    }
    let (client, credentials) = source.client_for(&url)?;
    if let Some(credentials) = credentials {
        request = request.credentials(credentials);
    }
    Ok(client.send(request).await?)
}

/// The headers that ask only for what has changed.
fn conditions(previous: Option<&Validator>) -> Vec<(HeaderName, HeaderValue)> {
    let Some(previous) = previous else { return Vec::new() };
    let header = |name, text: &Option<String>| {
        let value = HeaderValue::try_from(text.as_deref()?).ok()?;
        Some((name, value))
    };
    // A server that has the first ignores the second, by RFC 9110, 13.1.3.
    let etag = header(header::IF_NONE_MATCH, &previous.etag);
    let time = header(header::IF_MODIFIED_SINCE, &previous.last_modified);
    etag.into_iter().chain(time).collect()
}

fn validator(source: &Source, headers: &HeaderMap) -> Validator {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    Validator {
        scope: source.scope(),
        etag: text(header::ETAG),
        last_modified: text(header::LAST_MODIFIED),
        ..Validator::default()
    }
}

/// What an answer without a body leaves of the last validator.
fn refreshed(previous: &Validator, new: Validator) -> Validator {
    Validator {
        etag: new.etag.or_else(|| previous.etag.clone()),
        last_modified: new.last_modified.or_else(|| previous.last_modified.clone()),
        ..previous.clone()
    }
}

/// Where the package of an entry is: its first URL, below the repository's if it is relative, as Helm does it.
fn locate(base: &Url, entry: &IndexEntry) -> Result<Location, String> {
    let text = first_url(entry)?;
    let version = &entry.metadata.version;
    if let Ok(url) = Url::parse(text) {
        return at(url, version);
    }
    let mut url = base.join(text).map_err(|error| unreadable(&error.to_string()))?;
    if url.query().is_none() {
        url.set_query(base.query());
    }
    at(url, version)
}

/// The URL that Helm would use.
pub(super) fn first_url(entry: &IndexEntry) -> Result<&str, String> {
    let first = entry.urls.first().filter(|text| !text.is_empty());
    first.map(String::as_str).ok_or_else(|| "the entry has no URL of a package".to_owned())
}

fn unreadable(reason: &str) -> String {
    format!("the URL of its package cannot be read: {reason}")
}

/// An absolute URL, if packages are fetched from such ones.
pub(super) fn absolute(text: &str, version: &str) -> Result<Location, String> {
    at(Url::parse(text).map_err(|error| unreadable(&error.to_string()))?, version)
}

/// A place that packages are fetched from: at web servers and, as Helm 4 writes it into an index that it makes for a
/// registry, at registries.
fn at(url: Url, version: &str) -> Result<Location, String> {
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => {
            Ok(Location::Url { url: url.into() })
        }
        "http" | "https" => Err("the URL of its package holds a user name or password".to_owned()),
        "oci" => oci::locate(url.as_str(), version),
        scheme => Err(format!("the URL of its package begins with {scheme}:, not with https://")),
    }
}

/// Begins to fetch a package.
pub(super) async fn open(source: &Source, url: &str, limit: u64) -> Result<PackageReader, Failure> {
    let parsed = Url::parse(url).map_err(|error| super::package::lost(&error.to_string()))?;
    let (client, credentials) = source.client_for(&parsed)?;
    let accepted = HeaderValue::from_static("application/gzip,application/octet-stream");
    let request = Request::get(url).limits(limits(limit)).header(header::ACCEPT, accepted);
    let request = credentials.into_iter().fold(request, Request::credentials);
    Ok(PackageReader::of_answer(client.send(request).await?.success()?))
}
