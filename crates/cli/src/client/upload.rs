//! Uploads in ChartMuseum's form: multipart with the fields `chart` and `prov`, streamed from disk.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use indicatif::ProgressBar;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio_util::io::ReaderStream;

use super::address::RepositoryUrls;
use super::answer::status_of;
use super::{Client, read_json};
use crate::output::human_size;

/// How much of a file is read at once, in bytes.
const CHUNK: usize = 256 << 10;

type IoStream = stream::BoxStream<'static, std::io::Result<Bytes>>;

/// Something to upload.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A file, read while it is sent.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Bytes),
}

impl Content {
    /// Opens it: its length and its bytes.
    async fn open(&self) -> Result<(u64, IoStream)> {
        match self {
            Self::File(path) => {
                let file = tokio::fs::File::open(path).await;
                let file = file.with_context(|| format!("cannot read {}", path.display()))?;
                let length =
                    file.metadata().await.with_context(|| format!("cannot read {}", path.display()))?.len();
                Ok((length, ReaderStream::with_capacity(file, CHUNK).boxed()))
            }
            Self::Bytes(bytes) => {
                let bytes = bytes.clone();
                Ok((bytes.len() as u64, stream::iter([Ok(bytes)]).boxed()))
            }
        }
    }
}

/// A package with its provenance, or one of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upload {
    /// The archive.
    pub(crate) package: Option<Content>,
    /// The clear-signed provenance file.
    pub(crate) provenance: Option<Content>,
    /// Replace a version that exists.
    pub(crate) force: bool,
}

impl Upload {
    /// Sends it to a repository.
    ///
    /// # Errors
    /// A file cannot be read; the server cannot be reached or refuses.
    pub(crate) async fn send(
        &self,
        client: &Client,
        urls: &RepositoryUrls,
        progress: &ProgressBar,
    ) -> Result<()> {
        let mut form = Form::default();
        let fields =
            [("chart", "package.tgz", &self.package), ("prov", "package.tgz.prov", &self.provenance)];
        for (field, file_name, content) in fields {
            if let Some(content) = content {
                form.file(field, file_name, content.clone());
            }
        }
        let mut url = urls.charts();
        if self.force {
            url.set_query(Some("force"));
        }
        form.send(client, Method::POST, &url, progress).await.map(drop)
    }
}

/// The parts of a `multipart/form-data` body.
#[derive(Default)]
pub(crate) struct Form(Vec<(String, Content)>);

impl Form {
    /// Adds a file.
    pub(crate) fn file(&mut self, field: &str, file_name: &str, content: Content) {
        let head = format!(
            "Content-Disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        self.0.push((head, content));
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, field: &str, text: &str) {
        let head = format!("Content-Disposition: form-data; name=\"{field}\"\r\n\r\n");
        self.0.push((head, Content::Bytes(Bytes::copy_from_slice(text.as_bytes()))));
    }

    /// Sends it and reads JSON.
    ///
    /// # Errors
    /// As [`Form::send`], and for an answer of another shape.
    pub(crate) async fn send_json<T: DeserializeOwned>(
        &self,
        client: &Client,
        method: Method,
        url: &Url,
        progress: &ProgressBar,
    ) -> Result<T> {
        read_json(self.send(client, method, url, progress).await?).await
    }

    /// Sends it, read from disk while it is sent.
    ///
    /// # Errors
    /// A file cannot be read; the server cannot be reached or refuses.
    async fn send(
        &self,
        client: &Client,
        method: Method,
        url: &Url,
        progress: &ProgressBar,
    ) -> Result<Response> {
        let boundary = format!("chandlery-{:016x}{:016x}", random(), random());
        let mut length = 0;
        let mut parts = Vec::new();
        for (head, content) in &self.0 {
            let head = format!("--{boundary}\r\n{head}");
            let (size, bytes) = content.open().await?;
            length += head.len() as u64 + size + 2;
            parts.push(fixed(head).chain(bytes).chain(fixed("\r\n".to_owned())).boxed());
        }
        let end = format!("--{boundary}--\r\n");
        length += end.len() as u64;
        parts.push(fixed(end).boxed());
        progress.set_length(length);
        let progress = progress.clone();
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let body = stream::iter(parts).flatten().inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                progress.inc(chunk.len() as u64);
                counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
        });
        let request = client
            .upload(method.clone(), url)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header(CONTENT_LENGTH, length)
            .body(Body::wrap_stream(body));
        match client.send_upload(request, &sent).await {
            Err(error) if status_of(&error).is_none() => {
                Err(explain_broken_upload(client, method, url, length, error).await)
            }
            outcome => outcome,
        }
    }
}

/// Sends a file as the whole body and reads JSON.
///
/// # Errors
/// The file cannot be read; the server cannot be reached or refuses; the answer has another shape.
pub(crate) async fn send_file<T: DeserializeOwned>(
    client: &Client,
    method: Method,
    url: &Url,
    file: &Path,
) -> Result<T> {
    let (length, bytes) = Content::File(file.to_owned()).open().await?;
    let request = client
        .upload(method.clone(), url)
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, length)
        .body(Body::wrap_stream(bytes));
    match client.send_upload(request, &AtomicU64::new(0)).await {
        Ok(response) => read_json(response).await,
        Err(error) if status_of(&error).is_none() => {
            Err(explain_broken_upload(client, method, url, length, error).await)
        }
        Err(error) => Err(error.context(format!("{} was not taken", file.display()))),
    }
}

/// A server that refuses early closes the connection, and its answer is often lost with what was on the way. The same
/// request without a body hears it; one that is refused only for having no body means that the size was the reason.
async fn explain_broken_upload(
    client: &Client,
    method: Method,
    url: &Url,
    length: u64,
    error: anyhow::Error,
) -> anyhow::Error {
    match client.send(client.request(method, url).body("")).await {
        Err(refusal) if status_of(&refusal).is_some_and(|status| status != StatusCode::BAD_REQUEST) => {
            refusal
        }
        Err(refusal) if status_of(&refusal).is_some() => {
            error.context(format!("the server broke off the upload; it may not take {}", human_size(length)))
        }
        _ => error,
    }
}

fn fixed(text: String) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    stream::iter([Ok(Bytes::from(text))])
}

/// A number that nobody can put into a package beforehand: the standard library seeds its hash maps with one.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// The provenance file that belongs to a package: `FILE.prov`.
pub(crate) fn provenance_of(package: &Path) -> PathBuf {
    let mut name = package.as_os_str().to_owned();
    name.push(".prov");
    PathBuf::from(name)
}
