//! A Helm repository of somebody else, which counts what it is asked and can be made to wait.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chandlery_core::Digest;
use http::{StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::support::{eventually, package_of};

#[derive(Default)]
struct Shared {
    charts: Mutex<Vec<(String, Bytes)>>,
    asked: Mutex<Vec<String>>,
    /// Set: the index waits until it is called.
    hold: Mutex<Option<Arc<Notify>>>,
    /// Indexes that are being asked for, now and the most there ever were.
    open: Mutex<(usize, usize)>,
}

/// A request for the index that has no answer yet; whoever sent it may die.
struct Open(Arc<Shared>);

impl Open {
    fn begin(shared: &Arc<Shared>) -> Self {
        let (now, most) = &mut *shared.open.lock().unwrap();
        *now += 1;
        *most = (*most).max(*now);
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.lock().unwrap().0 -= 1;
    }
}

/// The repository. It ends with the test.
pub(super) struct Upstream {
    pub(super) url: String,
    shared: Arc<Shared>,
}

impl Upstream {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = axum::Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Publishes a version of a chart, and returns its package.
    pub(super) fn publish(&self, name: &str, version: &str) -> Bytes {
        let text = format!("apiVersion: v2\nname: {name}\nversion: {version}\ndescription: theirs\n");
        let package = package_of(&text);
        self.shared.charts.lock().unwrap().push((format!("{name}-{version}"), package.clone()));
        package
    }

    /// How often this path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.shared.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    /// The most requests for the index that were ever open at once.
    pub(super) fn most_at_once(&self) -> usize {
        self.shared.open.lock().unwrap().1
    }

    /// Waits until the index was asked for this often.
    pub(super) async fn is_looked_at(&self, times: usize) {
        eventually("a look at the source", async || (self.asked("/index.yaml") >= times).then_some(())).await;
    }

    /// Answers no request for the index any more.
    pub(super) fn hold(&self) {
        *self.shared.hold.lock().unwrap() = Some(Arc::default());
    }

    /// Answers those that wait, and all later ones.
    pub(super) fn release(&self) {
        if let Some(hold) = self.shared.hold.lock().unwrap().take() {
            hold.notify_waiters();
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.asked.lock().unwrap().push(uri.path().to_owned());
    if uri.path() == "/index.yaml" {
        let _open = Open::begin(&shared);
        let hold = shared.hold.lock().unwrap().clone().map(Notify::notified_owned);
        if let Some(called) = hold {
            called.await;
        }
        return index(&shared).into_response();
    }
    let file = uri.path().trim_start_matches('/').trim_end_matches(".tgz");
    let charts = shared.charts.lock().unwrap();
    match charts.iter().find(|(name, _)| name == file) {
        Some((_, package)) => package.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn index(shared: &Shared) -> String {
    let mut index = "apiVersion: v1\nentries:\n".to_owned();
    for (file, package) in shared.charts.lock().unwrap().iter() {
        let (name, version) = file.rsplit_once('-').unwrap();
        let digest = Digest::of(package).to_hex();
        index.push_str(&format!(
            "  {name}: [{{apiVersion: v2, name: {name}, version: {version}, description: theirs, digest: {digest}, \
             urls: [{file}.tgz]}}]\n"
        ));
    }
    index
}
