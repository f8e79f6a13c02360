//! `/api/v1/reviews` and `/api/v1/settings/review`.

use axum::extract::{Request, State};
use axum::response::Response;
use chandlery_api::{ReviewQuery, ReviewSettings};
use chandlery_core::Result;
use http::StatusCode;

use super::pages::next_page;
use super::{Json, Query, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::reviews as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/reviews`
pub(crate) async fn list_reviews(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<ReviewQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &service::list(&app, &actor, &query).await?))
}

/// `GET /api/v1/settings/review`
pub(crate) async fn get_review_settings(State(app): State<SharedApp>, Caller(actor): Caller) -> Answer {
    Ok(json(StatusCode::OK, &service::get_settings(&app, &actor).await?))
}

/// `PUT /api/v1/settings/review`
pub(crate) async fn update_review_settings(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(settings): Json<ReviewSettings>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update_settings(&app, &actor, settings).await?))
}
