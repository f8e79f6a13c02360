//! `/api/v1/session`: log in to the console, and out.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::CreateSession;
use chandlery_core::Result;
use http::{StatusCode, header};

use super::{Json, PeerAddress, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::service::sessions as service;

type Answer = Result<Response, ApiError>;

/// `POST /api/v1/session`: a page of another site cannot send JSON here without asking, which nothing answers.
pub(crate) async fn create_session(
    State(app): State<SharedApp>,
    PeerAddress(peer): PeerAddress,
    Json(request): Json<CreateSession>,
) -> Answer {
    let (session, secret, seconds) = service::create(&app, peer, request).await?;
    let mut response = json(StatusCode::CREATED, &session);
    let cookie = app.authentication.cookies().header(&secret, seconds)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /api/v1/session`
pub(crate) async fn get_session(State(app): State<SharedApp>, request: Request) -> Answer {
    let secret = app.authentication.cookies().secret(request.headers());
    Ok(json(StatusCode::OK, &service::get(&app, secret).await?))
}

/// `DELETE /api/v1/session`
pub(crate) async fn delete_session(State(app): State<SharedApp>, request: Request) -> Answer {
    let cookies = app.authentication.cookies();
    let secret = cookies.secret(request.headers());
    if secret.is_some() {
        cookies.check_origin(request.method(), request.uri(), request.headers())?;
    }
    service::delete(&app, secret).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookies.header("", 0)?);
    Ok(response)
}
