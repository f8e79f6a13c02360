//! HTTP faces: they parse, call a service, and word the answer. Rules are in `service`, permissions in `routes`.

pub(crate) mod accounts;
pub(crate) mod charts;
pub(crate) mod conditional;
pub(crate) mod files;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod repositories;
pub(crate) mod search;
pub(crate) mod tokens;
pub(crate) mod uploads;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use chandlery_core::Error;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, chartmuseum_json};

/// What every path answers that is not in the table, in ChartMuseum's words.
pub(crate) async fn not_found() -> Response {
    chartmuseum_json(StatusCode::NOT_FOUND, &serde_json::json!({ "error": "not found" }))
}

/// A JSON body, with errors as problem+json.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(_)) => {
                // axum's own limit for extracted bodies.
                const LIMIT: u64 = 2 << 20;
                Err(Error::TooLarge { what: "the JSON body".to_owned(), limit: LIMIT }.into())
            }
            Err(rejection) => Err(Error::invalid("body", rejection.body_text()).into()),
        }
    }
}

/// Query parameters, with errors as problem+json.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        match query {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                Err(Error::invalid("query", error.body_text()).into())
            }
            Err(rejection) => Err(Error::invalid("query", rejection.body_text()).into()),
        }
    }
}

/// A JSON answer of the REST API.
pub(crate) fn json<T: serde::Serialize>(status: StatusCode, value: &T) -> Response {
    (status, axum::Json(value)).into_response()
}
