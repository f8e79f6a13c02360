//! `/api/v1/categories`, and the category of an app.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{
    AppCategory, CategoryView, CreateCategory, DeleteCategory, Page, PageQuery, UpdateCategory,
};
use chandlery_core::{CategoryName, Error, Result};
use http::StatusCode;

use super::conditional::{IfMatch, with_revision};
use super::pages::{limit_of, page_response};
use super::{Json, Query, json};
use crate::app::{Scope, SharedApp};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::categories as service;

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<CategoryName> {
    name.parse().map_err(|_| Error::not_found("category"))
}

fn one(status: StatusCode, category: &CategoryView) -> Response {
    with_revision(json(status, category), category.revision)
}

/// `GET /api/v1/categories`
pub(crate) async fn list_categories(
    State(app): State<SharedApp>,
    scope: Scope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let page = page_behind(service::list(&app, &scope).await?, &query)?;
    Ok(page_response("/api/v1/categories", &query, &page))
}

/// The page behind the category that the cursor names, in the order that they have.
fn page_behind(mut items: Vec<CategoryView>, query: &PageQuery) -> Result<Page<CategoryView>> {
    let limit = limit_of(query.limit)? as usize;
    if let Some(cursor) = &query.cursor {
        let place = items.iter().position(|item| item.name.as_str() == cursor);
        let place = place.ok_or_else(|| Error::invalid("cursor", "names no category; leave it out"))?;
        items.drain(..=place);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last.name.to_string());
    Ok(Page { items, next })
}

/// `POST /api/v1/categories`
pub(crate) async fn create_category(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateCategory>,
) -> Answer {
    Ok(one(StatusCode::CREATED, &service::create(&app, &actor, request).await?))
}

/// `GET /api/v1/categories/{category}`
pub(crate) async fn get_category(
    State(app): State<SharedApp>,
    scope: Scope,
    Path(name): Path<String>,
) -> Answer {
    Ok(one(StatusCode::OK, &service::get(&app, &scope, &named(&name)?).await?))
}

/// `PATCH /api/v1/categories/{category}`
pub(crate) async fn update_category(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    expected: IfMatch,
    Json(request): Json<UpdateCategory>,
) -> Answer {
    let changed = service::update(&app, &actor, &named(&name)?, &expected, request).await?;
    Ok(one(StatusCode::OK, &changed))
}

/// `DELETE /api/v1/categories/{category}`
pub(crate) async fn delete_category(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Query(query): Query<DeleteCategory>,
    expected: IfMatch,
) -> Answer {
    service::delete(&app, &actor, &named(&name)?, &expected, query.move_to.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT /api/v1/workspaces/{workspace}/apps/{app}/category`
pub(crate) async fn set_app_category(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path((workspace, name)): Path<(String, String)>,
    Json(request): Json<AppCategory>,
) -> Answer {
    let workspace = workspace.parse().map_err(|_| Error::not_found("workspace"))?;
    let name = name.parse().map_err(|_| Error::not_found("app"))?;
    service::put_app(&app, &actor, (&workspace, &name), request.category).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
