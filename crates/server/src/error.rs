//! The one place that knows which HTTP status an error has, and how each protocol words it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chandlery_api::Problem;
use chandlery_core::Error;
use http::{HeaderValue, StatusCode, header};

/// A service error on its way to a client of the REST API: `application/problem+json`.
#[derive(Debug)]
pub(crate) struct ApiError(pub(crate) Error);

/// A service error on its way to a client of the ChartMuseum API: `{"error":"…"}`.
#[derive(Debug)]
pub(crate) struct ChartMuseumError(pub(crate) Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Error> for ChartMuseumError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// What a challenge asks for; the realm is ChartMuseum's, which clients may have stored.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"ChartMuseum\"");

/// The status of an error.
pub(crate) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::AlreadyExists(_) | Error::Conflict(_) | Error::IllegalAction { .. } => StatusCode::CONFLICT,
        Error::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::QuotaExceeded(_) => StatusCode::INSUFFICIENT_STORAGE,
        Error::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes the cause of a server-side error to the log, once.
fn log(error: &Error) {
    let request = crate::observe::current_request_id();
    match error {
        Error::Internal(source) => {
            tracing::error!(request, error = %chain(source.as_ref()), "internal error");
        }
        Error::Unavailable { what, source } => {
            let cause = source.as_ref().map(|source| chain(source.as_ref())).unwrap_or_default();
            tracing::error!(request, %what, error = %cause, "something needed is unavailable");
        }
        _ => {}
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Adds the headers that belong to some errors.
fn with_headers(error: &Error, mut response: Response) -> Response {
    let headers = response.headers_mut();
    match error {
        Error::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        Error::TooManyAttempts { retry_after_seconds } => {
            headers.insert(header::RETRY_AFTER, (*retry_after_seconds).into());
        }
        Error::Unavailable { .. } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}

fn json_response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(error) = self;
        log(&error);
        let mut problem = problem_of(status_of(&error), error.code(), error.to_string());
        if let Error::IllegalAction { state, allowed, .. } = &error {
            problem.state = Some(*state);
            problem.actions = Some(allowed.clone());
        }
        with_headers(&error, problem_response(&problem))
    }
}

/// An error body of the REST API.
pub(crate) fn problem(status: StatusCode, code: &str, detail: String) -> Response {
    problem_response(&problem_of(status, code, detail))
}

fn problem_of(status: StatusCode, code: &str, detail: String) -> Problem {
    Problem {
        status: status.as_u16(),
        code: code.to_owned(),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        detail,
        request_id: crate::observe::current_request_id(),
        state: None,
        actions: None,
    }
}

fn problem_response(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_response(status, "application/problem+json", body)
}

/// The words ChartMuseum's clients know (chartmuseum.md 1.4 to 1.7), where they differ from ours.
fn chartmuseum_text(error: &Error) -> String {
    match error {
        Error::Unauthenticated => "unauthorized".to_owned(),
        // A reason that names its field needs no other name: "invalid provenance file".
        Error::Invalid { field, reason } if reason.contains(field.as_str()) => reason.clone(),
        Error::Internal(_) => "internal server error".to_owned(),
        other => other.to_string(),
    }
}

impl IntoResponse for ChartMuseumError {
    fn into_response(self) -> Response {
        let Self(error) = self;
        log(&error);
        let response = match &error {
            Error::TooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                [(header::CONNECTION, "close"), (header::CONTENT_TYPE, "text/plain; charset=utf-8")],
                "request too large",
            )
                .into_response(),
            other => {
                chartmuseum_json(status_of(other), &serde_json::json!({ "error": chartmuseum_text(other) }))
            }
        };
        with_headers(&error, response)
    }
}

/// Compact JSON with the content type and the escapes of Go's encoder, as ChartMuseum sends it.
pub(crate) fn chartmuseum_json(status: StatusCode, value: &impl serde::Serialize) -> Response {
    let body = serde_json::to_string(value).unwrap_or_default();
    json_response(status, "application/json; charset=utf-8", escaped_for_html(body).into_bytes())
}

/// Escapes `<`, `>`, `&` and the two line separators, which in JSON can only be inside strings.
pub(crate) fn escaped_for_html(json: String) -> String {
    const ESCAPES: [(char, &str); 5] = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    let escape = |letter: char| ESCAPES.iter().find(|(from, _)| *from == letter).map(|(_, to)| *to);
    if !json.chars().any(|letter| escape(letter).is_some()) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for letter in json.chars() {
        match escape(letter) {
            Some(text) => escaped.push_str(text),
            None => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_as_go_does() {
        assert_eq!(escaped_for_html("{\"a\":\"<b>&\"}".to_owned()), "{\"a\":\"\\u003cb\\u003e\\u0026\"}");
        assert_eq!(escaped_for_html("{}".to_owned()), "{}");
    }

    #[test]
    fn server_faults_say_nothing_of_their_cause() {
        let error = Error::internal("password=hunter2");
        assert_eq!(chartmuseum_text(&error), "internal server error");
        let error = Error::unavailable("the database", "postgres://user:secret@db");
        assert_eq!(chartmuseum_text(&error), "the database is unavailable");
    }
}
