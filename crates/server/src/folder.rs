//! A folder of packages as a Helm repository that can only be read, what `helm serve` once was.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chandlery_chart::{DirectoryIndexOptions, Limits, Timestamp, index_directory};
use chandlery_core::{Digest, Error, Result};
use http::{HeaderMap, HeaderValue, Method, Request};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::body::{Part, body_of};
use crate::config::{Timeouts, TlsConfig};
use crate::error::ChartMuseumError;
use crate::http::conditional::{content_type_of, file_answer};
use crate::observe::{Metrics, observed};
use crate::transport::{self, FileRange, FileSender, Handler};

/// A server of one folder, which listens already.
#[derive(Debug)]
pub struct FolderServer {
    folder: Folder,
    listener: TcpListener,
    address: SocketAddr,
}

#[derive(Clone)]
struct Folder(Arc<FolderState>);

struct FolderState {
    root: PathBuf,
    metrics: Arc<Metrics>,
    index: Mutex<Option<Index>>,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Folder").field(&self.0.root).finish()
    }
}

/// The index of the folder as it was.
#[derive(Clone)]
struct Index {
    listing: Listing,
    text: Bytes,
    etag: HeaderValue,
}

/// What a change of the folder changes.
type Listing = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl FolderServer {
    /// Reads the folder once and listens.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the folder cannot be read or the address cannot be used.
    pub async fn start(folder: &Path, listen: SocketAddr) -> Result<Self> {
        let root = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
        let metrics = Arc::new(Metrics::new().map_err(Error::internal)?);
        let folder = Folder(Arc::new(FolderState { root, metrics, index: Mutex::default() }));
        folder.index().await?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Error::invalid("listen", format!("cannot listen on {listen}: {error}")))?;
        let address = listener.local_addr().map_err(Error::internal)?;
        Ok(Self { folder, listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes and the requests in flight have ended.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the TLS files cannot be used.
    pub async fn run(
        self,
        tls: Option<&TlsConfig>,
        timeouts: Timeouts,
        shutdown: impl Future<Output = ()>,
    ) -> Result<()> {
        let served = transport::serve(self.listener, tls, timeouts, self.folder, shutdown).await;
        served.map_err(|error| Error::invalid("TLS", error.to_string()))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::invalid("folder", format!("{}: {error}", path.display()))
}

impl Handler for Folder {
    async fn handle(&self, request: Request<Incoming>) -> Response {
        let folder = self.clone();
        observed(&self.0.metrics, request, |request| async move {
            match folder.answer(&request).await {
                Ok(response) => response,
                Err(error) => ChartMuseumError(error).into_response(),
            }
        })
        .await
    }
}

impl Folder {
    async fn answer(&self, request: &Request<Incoming>) -> Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Error::Forbidden("this repository can only be read".to_owned()));
        }
        let sender = request.extensions().get::<FileSender>().cloned();
        match request.uri().path() {
            "/health" | "/livez" | "/readyz" => Ok("ok".into_response()),
            "/index.yaml" => self.index_answer(request.headers()).await,
            path => self.file_answer(path, request.headers(), sender).await,
        }
    }

    async fn index_answer(&self, headers: &HeaderMap) -> Result<Response> {
        let Index { text, etag, .. } = self.index().await?;
        let size = text.len() as u64;
        let part = |range: std::ops::Range<u64>| async move {
            let bounds = usize::try_from(range.start).map_err(Error::internal)?
                ..usize::try_from(range.end).map_err(Error::internal)?;
            Ok(Body::from(text.slice(bounds)))
        };
        file_answer(headers, etag, size, "application/x-yaml", part).await
    }

    async fn file_answer(
        &self,
        path: &str,
        headers: &HeaderMap,
        sender: Option<FileSender>,
    ) -> Result<Response> {
        let missing = || Error::not_found("object");
        let content_type = content_type_of(path).ok_or_else(missing)?;
        let file = self.open(path).ok_or_else(missing)?;
        let metadata = file.metadata().map_err(|_| missing())?;
        let changed =
            metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let version = format!("{path} {} {changed:?}", metadata.len());
        let etag = etag_of(version.as_bytes())?;
        let part = |range: std::ops::Range<u64>| async move {
            let length = range.end - range.start;
            let part = Part::File(FileRange { file: Arc::new(file), offset: range.start, length });
            Ok(body_of([part], sender))
        };
        file_answer(headers, etag, metadata.len(), content_type, part).await
    }

    /// The regular file that a URL path names, if it really lies in the folder.
    fn open(&self, path: &str) -> Option<File> {
        let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
        let path = Path::new(path.as_ref());
        if !path.components().all(|component| matches!(component, Component::Normal(_))) {
            return None;
        }
        let real = self.0.root.join(path).canonicalize().ok()?;
        let file = real.starts_with(&self.0.root).then(|| File::open(real).ok())??;
        file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
    }

    /// The index, made again when the folder changed.
    async fn index(&self) -> Result<Index> {
        let mut known = self.0.index.lock().await;
        let root = self.0.root.clone();
        let before = known.as_ref().map(|index| index.listing.clone());
        let renewed = tokio::task::spawn_blocking(move || {
            let listing = listing(&root).map_err(|error| unreadable(&root, &error))?;
            if before.as_ref() == Some(&listing) {
                return Ok(None);
            }
            make_index(&root, listing).map(Some)
        });
        if let Some(index) = renewed.await.map_err(Error::internal)?? {
            *known = Some(index);
        }
        known.clone().ok_or_else(|| Error::internal("no index was made"))
    }
}

/// The packages of the folder and of the folders directly in it, as far as `helm repo index` looks.
fn listing(root: &Path) -> io::Result<Listing> {
    let mut listing = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if metadata.is_dir() && folder == root {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tgz") {
                listing.push((path, metadata.len(), metadata.modified().ok()));
            }
        }
    }
    listing.sort();
    Ok(listing)
}

fn make_index(root: &Path, listing: Listing) -> Result<Index> {
    let now = jiff::Timestamp::now();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    let options = DirectoryIndexOptions {
        base_url: String::new(),
        generated: Timestamp::from_unix(now.as_second(), nanoseconds),
        parallelism: std::thread::available_parallelism().map_or(1, usize::from),
        limits: Limits::default(),
    };
    let made = index_directory(root, &options, &|_, _| {}).map_err(|error| unreadable(root, &error))?;
    for skipped in &made.skipped {
        tracing::warn!(path = %skipped.path.display(), error = %skipped.error, "not a package, left out");
    }
    let text = made.index.to_yaml().map_err(Error::internal)?;
    let etag = etag_of(text.as_bytes())?;
    Ok(Index { listing, text: text.into(), etag })
}

fn etag_of(bytes: &[u8]) -> Result<HeaderValue> {
    HeaderValue::from_str(&format!("\"{}\"", &Digest::of(bytes).to_hex()[..32])).map_err(Error::internal)
}
