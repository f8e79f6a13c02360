//! `/api/v1/notification-choices`

use axum::extract::State;
use axum::response::Response;
use chandlery_api::UpdateNotificationChoices;
use http::StatusCode;

use super::{Json, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::notifications as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/notification-choices`
pub(crate) async fn get_notification_choices(State(app): State<SharedApp>, Caller(actor): Caller) -> Answer {
    Ok(json(StatusCode::OK, &service::get_choices(&app, &actor).await?))
}

/// `PUT /api/v1/notification-choices`
pub(crate) async fn set_notification_choices(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<UpdateNotificationChoices>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::set_choices(&app, &actor, request).await?))
}
