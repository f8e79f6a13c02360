//! Requests that are done once, however often they are sent: `Idempotency-Key`.
//!
//! A key belongs to an account. The first request with it is done, and its answer kept for [`KEPT_FOR`] if it was a
//! success; the same request gets that answer again. Whoever asks while the first is under way is told so. A refused or
//! failed request has done nothing: its key is free again.
//!
//! The work goes on when the client has gone, since a lost answer is what keys are for. Only a server that dies between
//! the work and the note of its answer leaves a key behind that says neither; it is free again after
//! [`ABANDONED_AFTER`].
//!
//! Neither keys nor bodies are stored, only digests; that of the body is salted with the key, so that a password in it
//! cannot be guessed from the database. Answers with secrets are not kept: their routes refuse the header.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chandlery_core::{Actor, Digest, Error, Result, Sha256Hasher};
use chandlery_store::idempotency_keys::{self as rows, Attempt, Claim, KeptAnswer};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::SharedApp;
use crate::error::{ApiError, problem};
use crate::observe::within_this_request;

/// The header with the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What an answer has that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The lengths of a key: shorter ones may be guessed, or used twice by accident.
pub(crate) const KEY_LENGTHS: (usize, usize) = (16, 255);

/// How long answers are kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// After this long an attempt that said nothing counts as dead.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The largest answer that is kept, in bytes.
const LARGEST_ANSWER: u64 = 4 << 20;

/// The headers of an answer that are kept.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// What a route does about keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Doing it again does no harm, or is not for keys: nobody looks at the header.
    Allowed,
    /// Requests with a key are done once.
    AnsweredFromMemory,
    /// Its answers are not to be stored: requests with a key are refused.
    Refused,
}

/// Answers a request that was let in.
pub(crate) async fn run(app: &SharedApp, repeats: Repeats, request: Request, next: Next) -> Response {
    let has_key = request.headers().contains_key(KEY);
    let answer = match repeats {
        Repeats::AnsweredFromMemory if has_key => once(app, request, next).await,
        Repeats::Refused if has_key => Err(Error::invalid(
            "Idempotency-Key",
            "this operation answers with a secret, which is not stored to be answered again: leave the header out",
        )),
        _ => return next.run(request).await,
    };
    answer.unwrap_or_else(|error| ApiError(error).into_response())
}

/// Removes what is too old to be answered again.
///
/// # Errors
/// Faults of the database only.
pub(crate) async fn forget_expired(app: &SharedApp, now: Timestamp) -> Result<u64> {
    rows::delete_expired(app.store.database().writer(), now - KEPT_FOR).await
}

async fn once(app: &SharedApp, request: Request, next: Next) -> Result<Response> {
    let Some(Actor::Account(account)) = request.extensions().get() else {
        return Err(Error::Unauthenticated);
    };
    let key = key_of(request.headers())?;
    let began_at = Timestamp::now();
    let attempt = Attempt { account_id: account.id, key: Digest::of(key.as_bytes()), began_at };
    let (expired, abandoned) = (began_at - KEPT_FOR, began_at - ABANDONED_AFTER);
    let known = rows::claim(app.store.database().writer(), &attempt, expired, abandoned).await?;
    let (parts, body) = request.into_parts();
    let asked = Asked::new(&key, &parts, body);
    match known {
        Claim::InFlight => Ok(in_flight()),
        Claim::Done(kept) => {
            let same = asked.digest(app).await? == kept.request_digest;
            if same { replay(&kept) } else { Ok(other_request()) }
        }
        Claim::Taken => {
            let request = Request::from_parts(parts, Body::new(asked.clone()));
            let work = attempt_once(app.clone(), attempt, asked, request, next);
            tokio::spawn(within_this_request(work)).await.map_err(Error::internal)
        }
    }
}

fn key_of(headers: &HeaderMap) -> Result<String> {
    let (shortest, longest) = KEY_LENGTHS;
    let mut given = headers.get_all(KEY).iter();
    let key = given.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = (shortest..=longest).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits || given.next().is_some() {
        let reason =
            format!("has to be one text of {shortest} to {longest} visible characters, such as a UUID");
        return Err(Error::invalid("Idempotency-Key", reason));
    }
    Ok(key.to_owned())
}

fn in_flight() -> Response {
    let detail = "a request with this Idempotency-Key is under way: wait and send it again";
    let mut response = problem(StatusCode::CONFLICT, "idempotency_key_in_use", detail.to_owned());
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn other_request() -> Response {
    let detail = "this Idempotency-Key belongs to another request: a retry sends the same bytes to the same path, and \
                  a new request has a key of its own";
    problem(StatusCode::CONFLICT, "idempotency_key_reused", detail.to_owned())
}

/// Does the work, and keeps its answer or gives the key back.
async fn attempt_once(
    app: SharedApp,
    attempt: Attempt,
    asked: Asked,
    request: Request,
    next: Next,
) -> Response {
    // Whatever ends this without an answer gives the key back.
    let mut key = Key { app: app.clone(), attempt: Some(attempt) };
    let response = next.run(request).await;
    if !response.status().is_success() {
        key.release().await;
        return response;
    }
    let outcome = keep(&app, &attempt, &asked, response).await;
    if outcome.kept {
        key.attempt = None;
    } else {
        key.release().await;
    }
    outcome.response
}

/// A key that was claimed.
struct Key {
    app: SharedApp,
    attempt: Option<Attempt>,
}

impl Key {
    async fn release(&mut self) {
        let Some(attempt) = self.attempt.take() else { return };
        if let Err(error) = rows::release(self.app.store.database().writer(), &attempt).await {
            tracing::warn!(%error, "an idempotency key could not be given back: it is free in ten minutes");
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let Some(attempt) = self.attempt.take() else { return };
        // A handler that panicked.
        let mut key = Self { app: self.app.clone(), attempt: Some(attempt) };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { key.release().await });
        } else {
            key.attempt = None;
        }
    }
}

struct Outcome {
    response: Response,
    kept: bool,
}

/// An answer as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    headers: BTreeMap<String, String>,
    body: String,
}

async fn keep(app: &SharedApp, attempt: &Attempt, asked: &Asked, response: Response) -> Outcome {
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_none_or(|size| size > LARGEST_ANSWER) {
        return Outcome { response: Response::from_parts(parts, body), kept: false };
    }
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            let response = ApiError(Error::internal(error)).into_response();
            return Outcome { response, kept: false };
        }
    };
    let kept = note(app, attempt, asked, parts.status, &parts.headers, &bytes).await;
    if let Err(error) = &kept {
        tracing::warn!(%error, "an answer could not be kept for its idempotency key");
    }
    Outcome { response: Response::from_parts(parts, Body::from(bytes)), kept: kept.is_ok() }
}

async fn note(
    app: &SharedApp,
    attempt: &Attempt,
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<()> {
    let header = |name: &HeaderName| Some((name.to_string(), headers.get(name)?.to_str().ok()?.to_owned()));
    let body = String::from_utf8(body.to_vec()).map_err(Error::internal)?;
    let stored = Stored { headers: KEPT_HEADERS.iter().filter_map(header).collect(), body };
    let answer = KeptAnswer {
        request_digest: asked.digest(app).await?,
        status: status.as_u16(),
        response: serde_json::to_string(&stored).map_err(Error::internal)?,
    };
    rows::keep(app.store.database().writer(), attempt, &answer).await
}

fn replay(kept: &KeptAnswer) -> Result<Response> {
    let stored: Stored = serde_json::from_str(&kept.response).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(stored.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).map_err(Error::internal)?;
    let headers = response.headers_mut();
    for (name, value) in &stored.headers {
        let name = name.parse::<HeaderName>().map_err(Error::internal)?;
        headers.insert(name, value.parse().map_err(Error::internal)?);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// What is asked, read by a handler and digested on the way: large bodies are in no memory.
#[derive(Clone)]
struct Asked(Arc<Mutex<Reading>>);

struct Reading {
    body: Body,
    digest: Sha256Hasher,
}

impl Asked {
    fn new(key: &str, parts: &request::Parts, body: Body) -> Self {
        let mut digest = Sha256Hasher::new();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        for text in [key, parts.method.as_str(), target] {
            digest.update(text.as_bytes());
            digest.update(b"\0");
        }
        Self(Arc::new(Mutex::new(Reading { body, digest })))
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digest of all of it, also of what nobody has read.
    async fn digest(&self, app: &SharedApp) -> Result<String> {
        let (limit, patience): (u64, Duration) = (app.config.max_upload_size, app.config.timeouts.body);
        let mut rest = self.clone();
        let mut seen = 0;
        loop {
            let frame = tokio::time::timeout(patience, rest.frame()).await;
            let broken = || Error::invalid("body", "ended early, or came too slowly");
            let Some(frame) = frame.map_err(|_| broken())? else { break };
            seen += frame.map_err(|_| broken())?.data_ref().map_or(0, |data| data.len() as u64);
            if seen > limit {
                return Err(Error::TooLarge { what: "the request body".to_owned(), limit });
            }
        }
        let digest = std::mem::replace(&mut self.reading().digest, Sha256Hasher::new());
        Ok(digest.finish().to_hex())
    }
}

impl http_body::Body for Asked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut reading = self.reading();
        let frame = ready!(Pin::new(&mut reading.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            reading.digest.update(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.reading().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.reading().body.size_hint()
    }
}
