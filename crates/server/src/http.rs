//! HTTP faces: they parse, call a service, and word the answer. Rules are in `service`, permissions in `routes`.

pub(crate) mod accounts;
mod app_uploads;
pub(crate) mod app_versions;
pub(crate) mod apps;
pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod categories;
pub(crate) mod charts;
pub(crate) mod conditional;
pub(crate) mod documentation;
pub(crate) mod feeds;
pub(crate) mod files;
pub(crate) mod group_roles;
pub(crate) mod invitations;
pub(crate) mod logins;
pub(crate) mod members;
pub(crate) mod notifications;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod projects;
pub(crate) mod repositories;
pub(crate) mod reviews;
pub(crate) mod robots;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod sources;
pub(crate) mod store;
pub(crate) mod tokens;
pub(crate) mod uploads;
pub(crate) mod virtual_repositories;
pub(crate) mod webhooks;
pub(crate) mod workspaces;

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use chandlery_core::Error;
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::app::peer_of;
use crate::error::{ApiError, chartmuseum_json, problem};
use crate::routes::is_rest;

/// What is not there, in ChartMuseum's words.
pub(crate) fn not_found() -> Response {
    chartmuseum_json(StatusCode::NOT_FOUND, &serde_json::json!({ "error": "not found" }))
}

/// What every path answers that is not in the table.
pub(crate) async fn unknown_path(uri: Uri) -> Response {
    if is_rest(uri.path()) {
        return ApiError(Error::not_found("this path")).into_response();
    }
    not_found()
}

/// What a path of the table answers to a method that it does not have. ChartMuseum knows no such difference.
pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    if is_rest(uri.path()) {
        let detail = format!("this path does not answer {method}: see the Allow header");
        return problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    }
    not_found()
}

/// The address a request came from.
pub(crate) struct PeerAddress(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for PeerAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(peer_of(&parts.extensions)))
    }
}

/// A JSON body, with errors as problem+json.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(Object(value))) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(rejection))
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                // axum's own limit for extracted bodies.
                const LIMIT: u64 = 2 << 20;
                Err(Error::TooLarge { what: "the JSON body".to_owned(), limit: LIMIT }.into())
            }
            Err(JsonRejection::MissingJsonContentType(_)) => {
                let reason = "the body has to be JSON: send Content-Type: application/json";
                Err(Error::UnsupportedType(reason.to_owned()).into())
            }
            Err(rejection) => Err(Error::invalid("body", rejection.body_text()).into()),
        }
    }
}

/// A JSON object: serde alone would also take the fields of a struct as an array, in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
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
