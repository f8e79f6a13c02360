//! A receiver of webhooks: an HTTP server of this process that checks signatures and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chandlery_source::webhook::{SigningSecret, sign};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::support::eventually;

/// What was received, with a signature that fits.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// `webhook-id`.
    pub(crate) id: String,
    pub(crate) body: Value,
    /// The place of its secret among [`super::SECRETS`].
    pub(crate) secret: usize,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    /// The next answers; 204 when there are none.
    answers: Mutex<VecDeque<u16>>,
    /// Set: answers wait until it is called.
    hold: Mutex<Option<Arc<Notify>>>,
    /// Requests without an answer, now and the most there ever were.
    open: Mutex<(usize, usize)>,
}

/// A request that has no answer yet. Whoever sent it may give it up.
struct OpenRequest(Arc<Shared>);

impl OpenRequest {
    fn begin(shared: &Arc<Shared>) -> Self {
        let (now, most) = &mut *shared.open.lock().unwrap();
        *now += 1;
        *most = (*most).max(*now);
        Self(shared.clone())
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.open.lock().unwrap().0 -= 1;
    }
}

/// A running receiver. It ends with the test.
pub(crate) struct Receiver {
    address: String,
    shared: Arc<Shared>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = axum::Router::new().fallback(receive).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("{}/hook?token=path-is-secret", self.address)
    }

    /// Answers the next requests with these statuses; a 302 leads to a metadata service.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.shared.answers.lock().unwrap().extend(statuses);
    }

    /// Answers nothing until what is returned is called.
    pub(crate) fn hold(&self) -> Arc<Notify> {
        let hold = Arc::new(Notify::new());
        *self.shared.hold.lock().unwrap() = Some(hold.clone());
        hold
    }

    /// Answers what waits for it, and from now on at once.
    pub(crate) fn release(&self) {
        if let Some(hold) = self.shared.hold.lock().unwrap().take() {
            hold.notify_waiters();
        }
    }

    /// The most requests that were ever open at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.open.lock().unwrap().1
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// What was received, once it is this much.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Received> {
        eventually("a delivery", async || Some(self.received()).filter(|received| received.len() >= count))
            .await
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let _open = OpenRequest::begin(&shared);
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    let (id, timestamp) = (header("webhook-id").to_owned(), header("webhook-timestamp").parse().unwrap());
    let fits = |secret: &&str| {
        let secret: SigningSecret = secret.parse().unwrap();
        sign(&[secret], &id, timestamp, &body) == header("webhook-signature")
    };
    let secret = super::SECRETS.iter().position(fits).expect("a known signature");
    let body = serde_json::from_slice(&body).unwrap();
    shared.received.lock().unwrap().push(Received { id, body, secret });
    let hold = shared.hold.lock().unwrap().clone().map(Notify::notified_owned);
    if let Some(called) = hold {
        called.await;
    }
    let status = shared.answers.lock().unwrap().pop_front().unwrap_or(204);
    let location = [(header::LOCATION, "http://169.254.169.254/latest/meta-data/")];
    (StatusCode::from_u16(status).unwrap(), location).into_response()
}
