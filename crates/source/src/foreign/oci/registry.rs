//! Requests to a registry.

use std::collections::HashSet;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::token::Tokens;
use crate::foreign::{Code, Failure, RegistryUrl, Source, SourceUrl, Stage, limits};
use crate::outbound::{Outbound, Request, Response};

/// The largest list or manifest.
const LARGEST_ANSWER: u64 = 8 << 20;

/// So many names or tags are asked for at a time.
const PAGE: usize = 1000;

/// A registry that has more pages than this is not one that somebody filled.
const MOST_PAGES: usize = 1000;

const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.oci.image.index.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json";

/// A registry, and the tokens that it gave.
pub(super) struct Registry {
    base: Url,
    host: String,
    tokens: Tokens,
    client: Outbound,
}

/// A page of a list; which of the two lists is told by the request.
#[derive(Deserialize)]
struct Page {
    #[serde(default, alias = "repositories")]
    tags: Option<Vec<String>>,
}

impl Registry {
    pub(super) fn new(source: &Source, url: &RegistryUrl) -> Result<Self, Failure> {
        let scheme = if source.access.tls.unwrap_or(true) { "https" } else { "http" };
        let base = Url::parse(&format!("{scheme}://{}/v2/", url.host)).map_err(|error| {
            let cause = format!("the URL cannot be used: {error}");
            Failure::new(Stage::Url, Code::UrlFormat, cause, "Write it as oci://HOST/PATH.")
        })?;
        // An index may name charts of other registries, which are told nothing.
        let is_own = match &source.url {
            SourceUrl::Oci(own) => own.host == url.host,
            other => other.is_at(&base),
        };
        let credentials = if is_own { source.credentials.for_http(&url.host)? } else { None };
        let client = if is_own { &source.own } else { &source.other };
        let tokens = Tokens::new(source, &base, client, credentials);
        Ok(Self { base, host: url.host.clone(), tokens, client: client.clone() })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request, with a token if the registry asks for one.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        scope: &str,
        accept: &str,
        limit: u64,
    ) -> Result<Response, Failure> {
        let request = || {
            let accept = HeaderValue::from_str(accept).unwrap_or(HeaderValue::from_static("*/*"));
            Request::new(method.clone(), url.as_str()).header(header::ACCEPT, accept).limits(limits(limit))
        };
        let first = self.tokens.for_scope(scope).into_iter().fold(request(), Request::credentials);
        let answer = self.client.send(first).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || answer.url().origin() != self.base.origin() {
            return Ok(answer);
        }
        let Some(credentials) = self.tokens.answer(answer.headers(), scope).await? else { return Ok(answer) };
        Ok(self.client.send(request().credentials(credentials)).await?)
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|error| Failure::internal(format!("{path}: {error}")))
    }

    /// Reads an answer, `None` if there is nothing.
    async fn get(
        &self,
        url: &Url,
        scope: &str,
        accept: &str,
    ) -> Result<Option<(HeaderMap, Vec<u8>)>, Failure> {
        let answer = self.send(Method::GET, url, scope, accept, LARGEST_ANSWER).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.success()?;
        let headers = answer.headers().clone();
        Ok(Some((headers, answer.bytes().await?)))
    }

    async fn get_json<T: DeserializeOwned>(
        &self,
        url: &Url,
        scope: &str,
    ) -> Result<Option<(HeaderMap, T)>, Failure> {
        let Some((headers, bytes)) = self.get(url, scope, "application/json").await? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::content(
                format!("{} does not answer as a registry: {error}", self.host),
                "Check host and port: the API of a registry is below /v2/.",
            )
        })?;
        Ok(Some((headers, read)))
    }

    /// All items of a list that comes in pages; `None` if there is no such list.
    async fn list(&self, path: &str, scope: &str) -> Result<Option<Vec<String>>, Failure> {
        let mut url = self.url(path)?;
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        for _ in 0..MOST_PAGES {
            let Some((headers, page)) = self.get_json::<Page>(&url, scope).await? else { break };
            let page = page.tags.unwrap_or_default();
            let is_empty = page.is_empty();
            let before = all.len();
            all.extend(page.into_iter().filter(|item| seen.insert(item.clone())));
            let Some(next) = next_page(&url, &headers)? else { return Ok(Some(all)) };
            if is_empty || all.len() == before {
                break;
            }
            url = next;
        }
        if seen.is_empty() {
            return Ok(None);
        }
        Err(Failure::parse(
            format!("the list {path} of {} does not end", self.host),
            "The registry sends page after page: tell its owner, or name a smaller part of it.",
        ))
    }

    /// The tags of a repository; `None` if there is no such repository.
    pub(super) async fn tags(&self, repository: &str) -> Result<Option<Vec<String>>, Failure> {
        let scope = format!("repository:{repository}:pull");
        match self.list(&format!("{repository}/tags/list?n={PAGE}"), &scope).await {
            // Registries that hide what one may not see.
            Err(failure) if matches!(failure.status, Some(403)) => Ok(None),
            outcome => outcome,
        }
    }

    /// The repositories at or below a path.
    pub(super) async fn repositories(&self, path: &str) -> Result<Vec<String>, Failure> {
        let listed = self.list(&format!("_catalog?n={PAGE}"), "registry:catalog:*").await;
        let all = listed.map_err(|failure| match failure.status {
            Some(_) => Failure {
                cause: format!("the registry does not list its repositories: {}", failure.cause),
                advice: "Give the credentials of somebody who may, or the URL of one chart: \
                         oci://HOST/PATH/CHART."
                    .to_owned(),
                ..failure
            },
            None => failure,
        })?;
        let below = format!("{path}/");
        let is_wanted = |name: &String| path.is_empty() || name == path || name.starts_with(&below);
        Ok(all.unwrap_or_default().into_iter().filter(is_wanted).collect())
    }

    /// The digest of the manifest that a tag names, as the registry says.
    pub(super) async fn digest(&self, repository: &str, tag: &str) -> Result<Option<String>, Failure> {
        let url = self.url(&format!("{repository}/manifests/{tag}"))?;
        let scope = format!("repository:{repository}:pull");
        let answer = self.send(Method::HEAD, &url, &scope, MANIFESTS, LARGEST_ANSWER).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.success()?;
        let digest = answer.headers().get("docker-content-digest");
        Ok(digest.and_then(|digest| digest.to_str().ok()).map(str::to_owned))
    }

    /// A manifest.
    pub(super) async fn manifest(&self, repository: &str, tag: &str) -> Result<Option<Vec<u8>>, Failure> {
        let url = self.url(&format!("{repository}/manifests/{tag}"))?;
        let found = self.get(&url, &format!("repository:{repository}:pull"), MANIFESTS).await?;
        Ok(found.map(|(_, bytes)| bytes))
    }

    /// A small blob.
    pub(super) async fn config(&self, repository: &str, digest: &str) -> Result<Option<Vec<u8>>, Failure> {
        let url = self.url(&format!("{repository}/blobs/{digest}"))?;
        let found = self.get(&url, &format!("repository:{repository}:pull"), "*/*").await?;
        Ok(found.map(|(_, bytes)| bytes))
    }

    /// A blob as it comes. Registries redirect to object stores, which get no credentials.
    pub(super) async fn blob(&self, repository: &str, digest: &str, limit: u64) -> Result<Response, Failure> {
        let url = self.url(&format!("{repository}/blobs/{digest}"))?;
        let scope = format!("repository:{repository}:pull");
        Ok(self.send(Method::GET, &url, &scope, "*/*", limit).await?.success()?)
    }
}

/// Where a list goes on (RFC 8288), which must be at the same registry.
fn next_page(url: &Url, headers: &HeaderMap) -> Result<Option<Url>, Failure> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let next = links
        .flat_map(|text| text.split(','))
        .find(|link| link.split(';').skip(1).any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next")));
    let Some(target) = next.and_then(|link| link.split_once('<')?.1.split_once('>')) else { return Ok(None) };
    match url.join(target.0) {
        Ok(next) if next.origin() == url.origin() => Ok(Some(next)),
        _ => Err(Failure::parse(
            "the registry sends to another server for the next page of a list",
            "Credentials are bound to the registry: ask its owner to correct the links.",
        )),
    }
}
