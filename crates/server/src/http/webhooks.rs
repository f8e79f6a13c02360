//! `/api/v1/webhooks` and `/api/v1/workspaces/{workspace}/webhooks`

use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateWebhook, PageQuery, UpdateWebhook};
use chandlery_core::{Actor, Error, Result, WebhookName};
use http::StatusCode;
use http::request::Parts;

use super::pages::{after_of, limit_of, number_after_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::openapi::input::Input;
use crate::service::webhooks::{self as service, WebhookOwner};

type Answer = Result<Response, ApiError>;

/// Whose webhooks the path is about, and which of them.
pub(crate) struct WebhookPath {
    owner: WebhookOwner,
    webhook: Option<String>,
    delivery: Option<String>,
}

impl Input for WebhookPath {}

impl<S: Sync> FromRequestParts<S> for WebhookPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError(Error::internal("the route of this handler needs nobody"));
        let owner = match parts.extensions.get::<WorkspaceScope>().cloned() {
            Some(scope) => WebhookOwner::Workspace(scope),
            None => WebhookOwner::Platform(parts.extensions.get::<Actor>().cloned().ok_or_else(missing)?),
        };
        let parameters = RawPathParams::from_request_parts(parts, &()).await;
        let parameters = parameters.map_err(|_| ApiError(Error::invalid("path", "is not valid UTF-8")))?;
        let part = |wanted: &str| {
            parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
        };
        Ok(Self { owner, webhook: part("webhook"), delivery: part("delivery") })
    }
}

impl WebhookPath {
    /// The name in the path: one that breaks the rule names nothing.
    fn webhook(&self) -> Result<WebhookName> {
        let name = self.webhook.as_deref().unwrap_or_default();
        name.parse().map_err(|_| Error::not_found("webhook"))
    }

    /// The number in the path: what is none names nothing.
    fn delivery(&self) -> Result<i64> {
        let number = self.delivery.as_deref().unwrap_or_default();
        number.parse().map_err(|_| Error::not_found("delivery"))
    }

    fn path(&self) -> String {
        match &self.owner {
            WebhookOwner::Platform(_) => "/api/v1/webhooks".to_owned(),
            WebhookOwner::Workspace(scope) => format!("/api/v1/workspaces/{}/webhooks", scope.workspace.name),
        }
    }
}

/// `GET /api/v1/webhooks`
pub(crate) async fn list_webhooks(
    State(app): State<SharedApp>,
    at: WebhookPath,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &at.owner, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |webhook| webhook.name.to_string());
    Ok(page_response(&at.path(), &query, &page))
}

/// `POST /api/v1/webhooks`
pub(crate) async fn create_webhook(
    State(app): State<SharedApp>,
    at: WebhookPath,
    Json(request): Json<CreateWebhook>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &at.owner, request).await?))
}

/// `GET /api/v1/webhooks/{webhook}`
pub(crate) async fn get_webhook(State(app): State<SharedApp>, at: WebhookPath) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &at.owner, &at.webhook()?).await?))
}

/// `PATCH /api/v1/webhooks/{webhook}`
pub(crate) async fn update_webhook(
    State(app): State<SharedApp>,
    at: WebhookPath,
    Json(request): Json<UpdateWebhook>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &at.owner, &at.webhook()?, request).await?))
}

/// `DELETE /api/v1/webhooks/{webhook}`
pub(crate) async fn delete_webhook(State(app): State<SharedApp>, at: WebhookPath) -> Answer {
    service::delete(&app, &at.owner, &at.webhook()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/webhooks/{webhook}/test`
pub(crate) async fn test_webhook(State(app): State<SharedApp>, at: WebhookPath) -> Answer {
    Ok(json(StatusCode::CREATED, &service::test(&app, &at.owner, &at.webhook()?).await?))
}

/// `GET /api/v1/webhooks/{webhook}/deliveries`
pub(crate) async fn list_deliveries(
    State(app): State<SharedApp>,
    at: WebhookPath,
    Query(query): Query<PageQuery>,
) -> Answer {
    let (name, limit) = (at.webhook()?, limit_of(query.limit)?);
    let before = Some(number_after_of(&query)?).filter(|before| *before != 0);
    let page = service::list_deliveries(&app, &at.owner, &name, before, limit).await?;
    Ok(page_response(&format!("{}/{name}/deliveries", at.path()), &query, &page))
}

/// `POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver`
pub(crate) async fn redeliver_webhook(State(app): State<SharedApp>, at: WebhookPath) -> Answer {
    let view = service::redeliver(&app, &at.owner, &at.webhook()?, at.delivery()?).await?;
    Ok(json(StatusCode::OK, &view))
}

/// `GET /api/v1/workspaces/{workspace}/webhooks`
pub(crate) async fn list_workspace_webhooks(
    app: State<SharedApp>,
    at: WebhookPath,
    query: Query<PageQuery>,
) -> Answer {
    list_webhooks(app, at, query).await
}

/// `POST /api/v1/workspaces/{workspace}/webhooks`
pub(crate) async fn create_workspace_webhook(
    app: State<SharedApp>,
    at: WebhookPath,
    request: Json<CreateWebhook>,
) -> Answer {
    create_webhook(app, at, request).await
}

/// `GET /api/v1/workspaces/{workspace}/webhooks/{webhook}`
pub(crate) async fn get_workspace_webhook(app: State<SharedApp>, at: WebhookPath) -> Answer {
    get_webhook(app, at).await
}

/// `PATCH /api/v1/workspaces/{workspace}/webhooks/{webhook}`
pub(crate) async fn update_workspace_webhook(
    app: State<SharedApp>,
    at: WebhookPath,
    request: Json<UpdateWebhook>,
) -> Answer {
    update_webhook(app, at, request).await
}

/// `DELETE /api/v1/workspaces/{workspace}/webhooks/{webhook}`
pub(crate) async fn delete_workspace_webhook(app: State<SharedApp>, at: WebhookPath) -> Answer {
    delete_webhook(app, at).await
}

/// `POST /api/v1/workspaces/{workspace}/webhooks/{webhook}/test`
pub(crate) async fn test_workspace_webhook(app: State<SharedApp>, at: WebhookPath) -> Answer {
    test_webhook(app, at).await
}

/// `GET /api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries`
pub(crate) async fn list_workspace_deliveries(
    app: State<SharedApp>,
    at: WebhookPath,
    query: Query<PageQuery>,
) -> Answer {
    list_deliveries(app, at, query).await
}

/// `POST /api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries/{delivery}/redeliver`
pub(crate) async fn redeliver_workspace_webhook(app: State<SharedApp>, at: WebhookPath) -> Answer {
    redeliver_webhook(app, at).await
}
