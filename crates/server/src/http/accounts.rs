//! `/api/v1/accounts`, `/api/v1/whoami` and `/api/v1/password`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateAccount, PageQuery, UpdateAccount, UpdatePassword};
use chandlery_core::{AccountName, Error, Result};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, PeerAddress, Query, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::accounts as service;

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<AccountName> {
    name.parse().map_err(|_| Error::not_found("account"))
}

/// `GET /api/v1/whoami`
pub(crate) async fn whoami(State(app): State<SharedApp>, Caller(actor): Caller) -> Answer {
    Ok(json(StatusCode::OK, &service::whoami(&app, &actor).await?))
}

/// `PUT /api/v1/password`
pub(crate) async fn update_password(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    PeerAddress(peer): PeerAddress,
    Json(update): Json<UpdatePassword>,
) -> Answer {
    service::update_password(&app, &actor, peer, update).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/accounts`
pub(crate) async fn list_accounts(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let accounts = service::list(&app, &actor, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(accounts, limit, |account| account.name.to_string());
    Ok(page_response("/api/v1/accounts", &query, &page))
}

/// `POST /api/v1/accounts`
pub(crate) async fn create_account(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateAccount>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &actor, request).await?))
}

/// `GET /api/v1/accounts/{account}`
pub(crate) async fn get_account(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &actor, &named(&name)?).await?))
}

/// `PATCH /api/v1/accounts/{account}`
pub(crate) async fn update_account(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Json(request): Json<UpdateAccount>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &actor, &named(&name)?, request).await?))
}

/// `DELETE /api/v1/accounts/{account}`
pub(crate) async fn delete_account(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Answer {
    service::delete(&app, &actor, &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
