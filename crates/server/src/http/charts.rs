//! The ChartMuseum API for reading and deleting (chartmuseum.md 1.4 and 1.7).

use std::collections::HashMap;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use chandlery_core::{Error, Result};
use http::{StatusCode, header};
use serde_json::json;

use crate::app::{Scope, SharedApp};
use crate::error::{ChartMuseumError, chartmuseum_json, escaped_for_html};
use crate::service::charts as service;
use crate::service::packages;

type Answer = Result<Response, ChartMuseumError>;
type Parameters = Path<HashMap<String, String>>;

/// One parameter of the path.
fn parameter<'a>(path: &'a Parameters, name: &str) -> &'a str {
    path.get(name).map_or("", String::as_str)
}

/// An error in ChartMuseum's words, with no name before it.
fn refused(text: &str) -> Error {
    Error::invalid("", text)
}

/// The page that `?offset=…&limit=…` asks for.
fn page(query: Option<&str>) -> Result<(u64, Option<u64>)> {
    let query = query.unwrap_or_default();
    let parameter = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let offset = match parameter("offset") {
        None => 0,
        Some(text) => text.parse().map_err(|_| refused("offset is not a valid non-negative integer"))?,
    };
    let limit = match parameter("limit") {
        None => None,
        Some(text) => match text.parse() {
            Ok(limit) if limit > 0 => Some(limit),
            _ => return Err(refused("limit is not a valid positive integer")),
        },
    };
    Ok((offset, limit))
}

/// JSON that was put together from stored parts.
fn raw_json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], escaped_for_html(text)).into_response()
}

/// `GET …/charts`: an object, chart name → versions.
pub(crate) async fn list_charts(
    State(app): State<SharedApp>,
    scope: Scope,
    RawQuery(query): RawQuery,
) -> Answer {
    let (offset, limit) = page(query.as_deref())?;
    let body = service::list(&app, &scope, offset, limit).await?;
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response())
}

/// `GET …/charts/{name}`: an array of versions, newest first.
pub(crate) async fn get_chart(State(app): State<SharedApp>, scope: Scope, path: Parameters) -> Answer {
    let versions = service::versions(&app, &scope, parameter(&path, "name")).await?;
    Ok(raw_json(service::array(&scope.repository, &app.indexes, &versions)))
}

/// `GET …/charts/{name}/{version}`: one version, `latest`, or the newest that meets a constraint.
pub(crate) async fn get_version(State(app): State<SharedApp>, scope: Scope, path: Parameters) -> Answer {
    let version =
        service::version(&app, &scope, parameter(&path, "name"), parameter(&path, "version")).await?;
    Ok(raw_json(service::object(&scope.repository, &app.indexes, &version.row)))
}

/// `GET …/charts/{name}/{version}/templates`
pub(crate) async fn get_templates(State(app): State<SharedApp>, scope: Scope, path: Parameters) -> Answer {
    let version =
        service::version(&app, &scope, parameter(&path, "name"), parameter(&path, "version")).await?;
    let version = packages::stored_version(&app, version).await?;
    let templates = packages::templates(&app, &version).await?;
    Ok(chartmuseum_json(StatusCode::OK, &templates))
}

/// `GET …/charts/{name}/{version}/values`: the file as it is.
pub(crate) async fn get_values(State(app): State<SharedApp>, scope: Scope, path: Parameters) -> Answer {
    let version =
        service::version(&app, &scope, parameter(&path, "name"), parameter(&path, "version")).await?;
    let version = packages::stored_version(&app, version).await?;
    let values = packages::values(&app, &version).await?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], values).into_response())
}

/// `DELETE …/charts/{name}/{version}`
pub(crate) async fn delete_version(State(app): State<SharedApp>, scope: Scope, path: Parameters) -> Answer {
    packages::delete(&app, &scope, parameter(&path, "name"), parameter(&path, "version")).await?;
    Ok(chartmuseum_json(StatusCode::OK, &json!({ "deleted": true })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let cases = [
            (None, Ok((0, None))),
            (Some("limit=5"), Ok((0, Some(5)))),
            (Some("offset=10&limit=5"), Ok((10, Some(5)))),
            (Some("offset=10"), Ok((10, None))),
            (Some("offset="), Err("offset is not a valid non-negative integer")),
            (Some("offset=-1"), Err("offset is not a valid non-negative integer")),
            (Some("limit=0"), Err("limit is not a valid positive integer")),
            (Some("limit=x"), Err("limit is not a valid positive integer")),
        ];
        for (query, expected) in cases {
            let found = page(query).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(|text| format!(": {text}")), "{query:?}");
        }
    }
}
