//! What operators see of requests: ids, log lines, metrics.

use std::collections::HashMap;
use std::sync::RwLock;
use std::time::Instant;

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use prometheus::{Encoder, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder};
use tracing::Instrument;

use crate::telemetry;

/// The header that carries a request's id, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT_REQUEST_ID: HeaderValue;
}

/// The id of the request that is being answered; empty outside of one.
pub(crate) fn current_request_id() -> String {
    CURRENT_REQUEST_ID.try_with(|id| id.to_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// Work that goes on as a part of the request that is being answered: in its log lines, with its id.
pub(crate) fn within_this_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let id = CURRENT_REQUEST_ID.try_with(Clone::clone).unwrap_or_else(|_| HeaderValue::from_static(""));
    CURRENT_REQUEST_ID.scope(id, work.in_current_span())
}

/// The client's id for the request if it is usable in a log line, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    const LONGEST: usize = 128;
    let usable = |id: &&HeaderValue| {
        !id.is_empty() && id.len() <= LONGEST && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    if let Some(id) = headers.get(REQUEST_ID).filter(usable) {
        return id.clone();
    }
    let mut buffer = uuid::Uuid::encode_buffer();
    let text = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).expect("hex digits and hyphens are header characters")
}

/// The path pattern of the route that answered, put into the response's extensions: the only form of a path that
/// metrics may carry, because it takes few values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoutePattern(pub(crate) &'static str);

/// What is counted. Labels are bounded: method, route pattern and status, never a name that a client chose.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    handles: RwLock<HashMap<(Method, &'static str, u16), Handles>>,
    /// Packages stored by uploads.
    pub(crate) uploads: IntCounter,
    /// Packages sent.
    pub(crate) downloads: IntCounter,
    /// Times an index had to be brought up to date before it was sent.
    pub(crate) index_refreshes: IntCounter,
    notifications: IntCounterVec,
    /// ChartMuseum's `chartmuseum_charts_served_total`, over all repositories.
    charts: IntGauge,
    /// ChartMuseum's `chartmuseum_chart_versions_served_total`, over all repositories.
    versions: IntGauge,
}

/// The counters of one kind of answer, looked up once.
#[derive(Clone)]
struct Handles {
    requests: IntCounter,
    duration: prometheus::Histogram,
}

impl Metrics {
    /// All zero, with the process's own figures beside them.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            prometheus::opts!("chandlery_http_requests_total", "HTTP requests answered"),
            &["method", "route", "status"],
        )?;
        let durations = HistogramVec::new(
            prometheus::histogram_opts!(
                "chandlery_http_request_duration_seconds",
                "Time to the head of the answer",
                vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]
            ),
            &["method", "route"],
        )?;
        let in_flight = IntGauge::new("chandlery_http_requests_in_flight", "HTTP requests being answered")?;
        let uploads = IntCounter::new("chandlery_packages_uploaded_total", "Packages stored by uploads")?;
        let downloads = IntCounter::new("chandlery_packages_downloaded_total", "Packages sent")?;
        let index_refreshes =
            IntCounter::new("chandlery_index_refreshes_total", "Times an index was brought up to date")?;
        let notifications = IntCounterVec::new(
            prometheus::opts!("chandlery_notifications_total", "Attempts to tell somebody something"),
            &["channel", "outcome"],
        )?;
        let charts = IntGauge::new(
            "chartmuseum_charts_served_total",
            "Charts in all repositories (ChartMuseum's name)",
        )?;
        let versions = IntGauge::new(
            "chartmuseum_chart_versions_served_total",
            "Chart versions in all repositories (ChartMuseum's name)",
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(notifications.clone()))?;
        for gauge in [&in_flight, &charts, &versions] {
            registry.register(Box::new(gauge.clone()))?;
        }
        for counter in [&uploads, &downloads, &index_refreshes] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let handles = RwLock::default();
        Ok(Self {
            registry,
            requests,
            durations,
            in_flight,
            handles,
            uploads,
            downloads,
            index_refreshes,
            notifications,
            charts,
            versions,
        })
    }

    /// Notes an attempt to tell somebody something: by `webhook` or `mail`, `delivered`, `retried` or `failed`.
    pub(crate) fn notified(&self, channel: &str, outcome: &str) {
        self.notifications.with_label_values(&[channel, outcome]).inc();
    }

    /// Notes what all repositories hold together.
    pub(crate) fn set_counts(&self, charts: u64, versions: u64) {
        self.charts.set(i64::try_from(charts).unwrap_or(i64::MAX));
        self.versions.set(i64::try_from(versions).unwrap_or(i64::MAX));
    }

    /// The figures in Prometheus' text format, and its content type.
    pub(crate) fn render(&self) -> (Vec<u8>, &'static str) {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "could not write all metrics");
        }
        (text, "text/plain; version=0.0.4; charset=utf-8")
    }

    fn record(&self, method: &Method, route: &'static str, status: u16, seconds: f64) {
        let key = (known_method(method), route, status);
        let known = {
            let handles = self.handles.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            handles.get(&key).cloned()
        };
        let handles = known.unwrap_or_else(|| self.look_up(key));
        handles.requests.inc();
        handles.duration.observe(seconds);
    }

    fn look_up(&self, key: (Method, &'static str, u16)) -> Handles {
        let (method, route, status) = &key;
        let handles = Handles {
            requests: self.requests.with_label_values(&[method.as_str(), route, &status.to_string()]),
            duration: self.durations.with_label_values(&[method.as_str(), route]),
        };
        let mut known = self.handles.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(key, handles.clone());
        handles
    }
}

/// The method, or one word for all that HTTP does not define: clients may send any.
fn known_method(method: &Method) -> Method {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if KNOWN.contains(method) { method.clone() } else { Method::TRACE }
}

/// A request being answered: counted for as long as this lives, also when the client goes away.
struct InFlight<'metrics>(&'metrics IntGauge);

impl<'metrics> InFlight<'metrics> {
    fn begin(gauge: &'metrics IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Answers a request by `respond`, with an id in its log lines and its answer, and counts it.
///
/// What changes something runs to its end even when the client goes away: between a commit and what has to follow it
/// there must be no way out.
pub(crate) async fn observed<B, F>(
    metrics: &Metrics,
    request: Request<B>,
    respond: impl FnOnce(Request<B>) -> F,
) -> Response<Body>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let started = Instant::now();
    let _in_flight = InFlight::begin(&metrics.in_flight);
    let id = request_id(request.headers());
    let method = request.method().clone();
    let span = span_of(&id, &method, request.uri().path());
    telemetry::continue_trace(&span, request.headers());
    let answer = CURRENT_REQUEST_ID.scope(id.clone(), respond(request).instrument(span.clone()));
    let mut response = if is_read(&method) { answer.await } else { to_its_end(answer).await };
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status();
    let route = response.extensions().get::<RoutePattern>().map_or("none", |pattern| pattern.0);
    metrics.record(&method, route, status.as_u16(), seconds);
    span.in_scope(|| log_answer(&method, status, seconds));
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn to_its_end(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Response<Body> {
    tokio::spawn(answer).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request could not be answered");
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// The span of a request: one that changes something is at `info`, so that all its log lines carry the id; plain reads,
/// which are many and cheap, at `debug`. Their failures name the id themselves.
fn span_of(id: &HeaderValue, method: &Method, path: &str) -> tracing::Span {
    // The rest of such a path is a secret.
    let path = path.split_once(HOOKS).map_or(path, |_| HOOKS);
    let id = id.to_str().unwrap_or_default();
    if is_read(method) {
        tracing::debug_span!("request", id, %method, path)
    } else {
        tracing::info_span!("request", id, %method, path)
    }
}

/// Where addresses begin that are secrets.
const HOOKS: &str = "/api/v1/hooks/";

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Changes, refusals and failures at `info`, plain reads at `debug`.
fn log_answer(method: &Method, status: StatusCode, seconds: f64) {
    let refused = matches!(status.as_u16(), 401 | 403 | 429);
    let quiet = is_read(method) && !refused && !status.is_server_error();
    let status = status.as_u16();
    if quiet {
        tracing::debug!(status, seconds, "answered");
    } else {
        tracing::info!(status, seconds, "answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_clients_are_kept_when_they_are_harmless() {
        let with = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            request_id(&headers).to_str().unwrap().to_owned()
        };
        assert_eq!(with("abc-123"), "abc-123");
        for bad in ["", "with space", "tab\t", &"x".repeat(129)] {
            assert_eq!(with(bad).len(), 36, "{bad:?}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }

    #[test]
    fn metrics_are_counted_by_route() {
        let metrics = Metrics::new().unwrap();
        metrics.record(&Method::GET, "/index.yaml", 200, 0.001);
        metrics.record(&Method::GET, "/index.yaml", 200, 0.001);
        metrics.record(&Method::from_bytes(b"BREW").unwrap(), "none", 404, 0.001);
        let text = String::from_utf8(metrics.render().0).unwrap();
        let line = "chandlery_http_requests_total{method=\"GET\",route=\"/index.yaml\",status=\"200\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("BREW"));
    }
}
