//! `/login/oidc`, `/login/oidc/callback` and `/api/v1/login-methods`.
//!
//! Browsers go there by themselves, not the console's scripts, so that people read the errors: as a page if they can
//! read one, as problem+json otherwise.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use chandlery_core::{Error, Result};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::{Query, json};
use crate::app::{App, SharedApp};
use crate::error::{ApiError, status_of};
use crate::oidc::ATTEMPT_LIFETIME;
use crate::openapi::escaped;
use crate::service::logins::{self as service, BEGIN, Callback};

/// The pages load nothing and run nothing, and nobody frames them.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What a login begins with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginQuery {
    return_to: Option<String>,
}

/// What the provider sends back; it may add parameters of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

/// `GET /api/v1/login-methods`
pub(crate) async fn get_login_methods(State(app): State<SharedApp>) -> Response {
    json(StatusCode::OK, &service::methods(&app))
}

/// `GET /login/oidc`: sends the browser to the identity provider.
pub(crate) async fn begin_login(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    query: Result<Query<BeginQuery>, ApiError>,
) -> Response {
    begun(&app, query).await.unwrap_or_else(|error| failed(&app, &headers, error))
}

async fn begun(app: &App, query: Result<Query<BeginQuery>, ApiError>) -> Result<Response> {
    let Query(query) = query.map_err(|ApiError(error)| error)?;
    let (url, attempt) = service::begin(app, query.return_to).await?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(&url).map_err(Error::internal)?);
    let cookies = app.authentication.cookies();
    headers.insert(header::SET_COOKIE, cookies.attempt_header(&attempt, ATTEMPT_LIFETIME.as_secs())?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /login/oidc/callback`: where the identity provider sends the browser back to.
pub(crate) async fn finish_login(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    query: Result<Query<CallbackQuery>, ApiError>,
) -> Response {
    let mut response =
        finished(&app, &headers, query).await.unwrap_or_else(|error| failed(&app, &headers, error));
    // The attempt is over, however it went.
    if let Ok(gone) = app.authentication.cookies().attempt_header("", 0) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

async fn finished(
    app: &App,
    headers: &HeaderMap,
    query: Result<Query<CallbackQuery>, ApiError>,
) -> Result<Response> {
    let Query(CallbackQuery { state, code, error, error_description, iss }) =
        query.map_err(|ApiError(error)| error)?;
    let callback = Callback { state, code, error, error_description, iss };
    let cookies = app.authentication.cookies();
    let done = service::finish(app, callback, cookies.attempt(headers)).await?;
    let mut response = welcome_page(&done.return_to);
    response.headers_mut().insert(header::SET_COOKIE, cookies.header(&done.secret, done.seconds)?);
    Ok(response)
}

/// Goes on from a page of ours: a redirect would be the last step of a journey that began at the provider, for which
/// browsers do not send a cookie with SameSite=Strict.
fn welcome_page(return_to: &str) -> Response {
    let path = escaped(return_to);
    page(
        StatusCode::OK,
        "Logged in",
        &format!("<meta http-equiv=\"refresh\" content=\"0; url={path}\">"),
        &format!("<p><a href=\"{path}\">Continue</a></p>"),
    )
}

fn failed(app: &App, headers: &HeaderMap, error: Error) -> Response {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if !accepted.any(|types| types.contains("text/html")) {
        return ApiError(error).into_response();
    }
    let (status, text) = (status_of(&error), error.to_string());
    // It logs what is to be logged, and knows the headers of the error.
    let problem = ApiError(error).into_response();
    let again = escaped(&format!("{}{BEGIN}", app.config.context_path));
    let body = format!("<p>{}</p>\n<p><a href=\"{again}\">Try again</a></p>", escaped(&text));
    let mut response = page(status, "You are not logged in", "", &body);
    if let Some(after) = problem.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    response
}

fn page(status: StatusCode, title: &str, head: &str, body: &str) -> Response {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n{head}\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n\
         </body>\n</html>\n"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, Html(text)).into_response()
}
