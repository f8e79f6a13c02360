//! The one table of routes: every path, what it needs, and who answers it.
//!
//! The router is built from this table only, so a route without a permission cannot exist; the authorisation test walks
//! the same table.

mod publishing;
mod rest;
mod sources;
mod telling;
mod tenancy;
mod virtual_repositories;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use chandlery_core::{
    Action, Actor, Error, Permission, Place, RepositoryPath, Result, WorkspaceName, authorise, see,
};
use chandlery_store::workspaces::{self, WorkspaceRow};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Method};

use crate::app::{STORE_REPOSITORY, Scope, SharedApp, WorkspaceScope, peer_of};
use crate::config::{Access, Config};
use crate::error::{ApiError, ChartMuseumError};
use crate::http::{charts, documentation, files, logins, operations, search, uploads};
use crate::idempotency::{self, Repeats};
use crate::observe::RoutePattern;
use crate::oidc::CALLBACK;
use crate::openapi::Operation;
use crate::service::apps::AppScope;
use crate::service::logins::BEGIN;

/// What a request needs before its handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Credentials are checked if there are any; what is shown depends on them.
    Anyone,
    /// An account, whatever its permissions.
    Account,
    /// An account, by its password or a token without limits.
    FullAccount,
    /// A permission on the platform.
    Platform(Permission),
    /// A permission in the workspace that the path names.
    Workspace(Permission),
    /// Any right in the workspace that the path names.
    Member,
    /// A permission in the workspace of the app that the path names. Reviewers read apps that were submitted as well.
    App(Permission),
    /// What the lifecycle of app versions asks for an action on the app or version that the path names.
    Lifecycle(Action),
    /// A permission in the repository that the path names.
    Repository(Permission),
    /// To read the store: the visibility of its repository says who may.
    Store,
}

/// How errors are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// problem+json
    Rest,
    /// `{"error":"…"}`
    ChartMuseum,
}

/// A row of the table.
struct Route {
    method: Method,
    paths: Vec<&'static str>,
    need: Need,
    dialect: Dialect,
    handler: MethodRouter<SharedApp>,
    /// A row of the REST API without is refused when it is asked with query parameters.
    takes_query: bool,
    /// What is done about requests that are sent again.
    repeats: Repeats,
    /// What the OpenAPI document says of it: of every row of the REST API.
    operation: Option<Operation>,
}

/// A row of the REST API, as its document needs it.
pub(crate) struct Documented {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    pub(crate) repeats: Repeats,
    pub(crate) operation: Operation,
}

/// The paths under which a repository's files are: at the root for the default one, and by name.
macro_rules! file_paths {
    ($suffix:literal) => {
        vec![$suffix, concat!("/{workspace}/{repository}", $suffix)]
    };
}

/// The paths under which a repository's ChartMuseum API is: ChartMuseum puts the tenant behind `/api`; people expect it
/// before.
macro_rules! api_paths {
    ($suffix:literal) => {
        vec![
            concat!("/api", $suffix),
            concat!("/api/{workspace}/{repository}", $suffix),
            concat!("/{workspace}/{repository}/api", $suffix),
        ]
    };
}

/// Routes that speak ChartMuseum's and Helm's language.
fn chart_routes(config: &Config) -> Vec<Route> {
    use Permission::{AppsCreate, AppsManage, AppsView};
    let row = |method, paths, permission, handler| Route {
        method,
        paths,
        need: Need::Repository(permission),
        dialect: Dialect::ChartMuseum,
        handler,
        takes_query: true,
        repeats: Repeats::Allowed,
        operation: None,
    };
    let get = |paths, handler| row(Method::GET, paths, AppsView, handler);
    let post = |paths, handler| row(Method::POST, paths, AppsCreate, handler);
    use axum::routing as to;
    let mut routes = vec![
        get(file_paths!("/index.yaml"), to::get(files::get_index)),
        get(file_paths!("/charts/{file}"), to::get(files::get_file)),
        get(file_paths!("/artifacthub-repo.yml"), to::get(files::get_artifacthub_repository)),
    ];
    let store =
        |path, handler| Route { need: Need::Store, ..row(Method::GET, vec![path], AppsView, handler) };
    routes.extend([
        store("/store/index.yaml", to::get(files::get_index)),
        store("/store/charts/{file}", to::get(files::get_file)),
        store("/store/artifacthub-repo.yml", to::get(files::get_artifacthub_repository)),
    ]);
    if config.chartmuseum.disable_api {
        return routes;
    }
    routes.extend([
        get(api_paths!("/charts"), to::get(charts::list_charts)),
        get(api_paths!("/charts/{name}"), to::get(charts::get_chart)),
        get(api_paths!("/charts/{name}/{version}"), to::get(charts::get_version)),
        get(api_paths!("/charts/{name}/{version}/templates"), to::get(charts::get_templates)),
        get(api_paths!("/charts/{name}/{version}/values"), to::get(charts::get_values)),
        post(api_paths!("/charts"), to::post(uploads::upload_package)),
        post(api_paths!("/prov"), to::post(uploads::upload_provenance)),
    ]);
    if !config.chartmuseum.disable_delete {
        let path = api_paths!("/charts/{name}/{version}");
        routes.push(row(Method::DELETE, path, AppsManage, to::delete(charts::delete_version)));
    }
    routes
}

/// Routes for people, probes and Prometheus.
fn operation_routes(config: &Config) -> Vec<Route> {
    use Dialect::ChartMuseum;
    let get = |path, need, handler| Route {
        method: Method::GET,
        paths: vec![path],
        need,
        dialect: ChartMuseum,
        handler,
        takes_query: true,
        repeats: Repeats::Allowed,
        operation: None,
    };
    use axum::routing as to;
    let mut routes = vec![
        get("/", Need::Nothing, to::get(operations::welcome)),
        get("/health", Need::Nothing, to::get(operations::health)),
        get("/info", Need::Nothing, to::get(operations::info)),
        get("/livez", Need::Nothing, to::get(operations::livez)),
        get("/readyz", Need::Nothing, to::get(operations::readyz)),
        get(BEGIN, Need::Nothing, to::get(logins::begin_login)),
        get(CALLBACK, Need::Nothing, to::get(logins::finish_login)),
        get("/api/docs", Need::Nothing, to::get(documentation::get_page)),
        get("/api/chartsvc/v1/charts/search", Need::Anyone, to::get(search::search_hub)),
    ];
    match config.metrics {
        Access::Open => routes.push(get("/metrics", Need::Nothing, to::get(operations::metrics))),
        Access::Account => routes.push(get("/metrics", Need::Account, to::get(operations::metrics))),
        Access::Off => {}
    }
    routes
}

fn table(config: &Config) -> Vec<Route> {
    let mut routes = chart_routes(config);
    routes.extend(operation_routes(config));
    routes.extend(rest::rows());
    routes
}

/// Every method, path and need, for tests that walk them all.
pub fn listed(config: &Config) -> Vec<(Method, &'static str, Need)> {
    table(config)
        .into_iter()
        .flat_map(|route| route.paths.into_iter().map(move |path| (route.method.clone(), path, route.need)))
        .collect()
}

/// The rows of the REST API.
pub(crate) fn documented() -> Vec<Documented> {
    let document = |route: Route| {
        let operation = route.operation?;
        let path = *route.paths.first()?;
        Some(Documented { method: route.method, path, need: route.need, repeats: route.repeats, operation })
    };
    rest::rows().into_iter().filter_map(document).collect()
}

/// The router of the whole table.
pub(crate) fn router(app: &SharedApp) -> Router {
    let mut router = Router::new();
    for route in table(&app.config) {
        for &path in &route.paths {
            let guard = Guard {
                app: app.clone(),
                pattern: path,
                need: route.need,
                dialect: route.dialect,
                takes_query: route.takes_query,
                repeats: route.repeats,
            };
            router = router.route(path, route.handler.clone().layer(from_fn_with_state(guard, admit)));
        }
    }
    router
        .fallback(crate::http::unknown_path)
        .method_not_allowed_fallback(crate::http::method_not_allowed)
        .with_state(app.clone())
}

/// What stands before a handler.
#[derive(Clone)]
struct Guard {
    app: SharedApp,
    pattern: &'static str,
    need: Need,
    dialect: Dialect,
    takes_query: bool,
    repeats: Repeats,
}

async fn admit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    // Paths of the REST API that look like a repository's are words of the REST API all the same.
    let rest = guard.dialect == Dialect::Rest || is_rest(request.uri().path());
    let is_page = rest && guard.app.authentication.cookies().is_page(request.headers());
    let mut response = match guard.authorised(request).await {
        Ok(request) => {
            let wants_cors = guard.app.config.cors_allow_origin.is_some() && guard.pattern.contains("/api");
            let mut response = idempotency::run(&guard.app, guard.repeats, request, next).await;
            if wants_cors {
                allow_origin(&guard.app.config, &mut response);
            }
            response
        }
        Err(error) if rest => ApiError(error).into_response(),
        Err(error) => ChartMuseumError(error).into_response(),
    };
    if is_page && let Some(challenge) = response.headers_mut().get_mut(WWW_AUTHENTICATE) {
        *challenge = HeaderValue::from_static("Session");
    }
    response.extensions_mut().insert(RoutePattern(guard.pattern));
    response
}

/// Whether a path, also one that is in no table, belongs to the REST API.
pub(crate) fn is_rest(path: &str) -> bool {
    path.strip_prefix("/api/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn allow_origin(config: &Config, response: &mut Response) {
    let origin = config.cors_allow_origin.as_deref().and_then(|origin| origin.parse().ok());
    if let Some(origin) = origin {
        response.headers_mut().insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

impl Guard {
    /// Lets a request pass with what its handler may use: an [`Actor`], and a [`Scope`] for a repository.
    async fn authorised(&self, mut request: Request) -> Result<Request> {
        if self.need == Need::Nothing {
            self.check_query(&request)?;
            return Ok(request);
        }
        let peer = peer_of(request.extensions());
        let authentication = &self.app.authentication;
        let actor = match self.dialect {
            Dialect::Rest => {
                let (method, uri, headers) = (request.method(), request.uri(), request.headers());
                authentication.identify_caller(method, uri, headers, peer).await?
            }
            // Programs do not come with cookies, and pages have no business here.
            Dialect::ChartMuseum => authentication.identify(request.headers(), peer).await?,
        };
        match self.need {
            Need::Nothing | Need::Anyone => {}
            Need::Account if actor == Actor::Anonymous => return Err(Error::Unauthenticated),
            Need::Account => {}
            Need::FullAccount => drop(actor.in_full()?),
            Need::Platform(permission) => authorise(&actor, permission, Place::Platform)?,
            Need::Workspace(permission) => {
                let scope = self.workspace_scope(actor.clone(), &mut request).await?;
                scope.require(permission)?;
                request.extensions_mut().insert(scope);
            }
            Need::Member => {
                let scope = self.workspace_scope(actor.clone(), &mut request).await?;
                see(&actor, scope.place())?;
                request.extensions_mut().insert(scope);
            }
            Need::App(permission) => {
                let scope = self.app_scope(actor.clone(), &mut request).await?;
                scope.require(permission)?;
                request.extensions_mut().insert(scope);
            }
            Need::Lifecycle(action) => {
                let scope = self.app_scope(actor.clone(), &mut request).await?;
                scope.require_chance(action)?;
                request.extensions_mut().insert(scope);
            }
            Need::Store => {
                let scope = self.scope(actor.clone(), Ok(STORE_REPOSITORY.clone())).await?;
                scope.require(Permission::AppsView)?;
                request.extensions_mut().insert(scope);
            }
            Need::Repository(permission) => {
                let (mut parts, body) = request.into_parts();
                let path = self.repository_path(&mut parts).await;
                let scope = self.scope(actor.clone(), path).await?;
                scope.require(permission)?;
                request = Request::from_parts(parts, body);
                request.extensions_mut().insert(scope);
            }
        }
        self.check_query(&request)?;
        request.extensions_mut().insert(actor);
        Ok(request)
    }

    /// Refuses query parameters that nobody reads: they would say what does not happen.
    fn check_query(&self, request: &Request) -> Result<()> {
        match request.uri().query() {
            None | Some("") => Ok(()),
            Some(_) if self.takes_query => Ok(()),
            Some(_) => Err(Error::invalid("query", "this operation takes no query parameters")),
        }
    }

    /// The repository that the path names: the one parsed form that authorisation and handler share.
    async fn repository_path(&self, parts: &mut http::request::Parts) -> Result<RepositoryPath> {
        if !self.pattern.contains("{workspace}") {
            return Ok(self.app.config.default_repository.clone());
        }
        let parameters = path_parameters(parts).await?;
        RepositoryPath::new(parameters.get("workspace"), parameters.get("repository"))
    }

    /// Looks the workspace up. Nobody learns from the answer whether it exists unless they may see it.
    async fn workspace_scope(&self, actor: Actor, request: &mut Request) -> Result<WorkspaceScope> {
        let (mut parts, body) = std::mem::take(request).into_parts();
        let name = path_parameters(&mut parts).await;
        let name = name.map(|parameters| parameters.get("workspace").parse::<WorkspaceName>());
        *request = Request::from_parts(parts, body);
        let found: Option<WorkspaceRow> = match name? {
            Ok(name) => workspaces::find(self.app.store.database().reader(), &name).await?,
            Err(_) => None,
        };
        match found {
            Some(workspace) => Ok(WorkspaceScope { actor, workspace: Arc::new(workspace) }),
            None if actor == Actor::Anonymous => Err(Error::Unauthenticated),
            // In the words for one that exists and may not be seen.
            None => Err(Error::not_found("workspace")),
        }
    }

    /// Looks the app up that the path names. Nobody learns from the answer whether it exists unless they may see it.
    async fn app_scope(&self, actor: Actor, request: &mut Request) -> Result<AppScope> {
        let (mut parts, body) = std::mem::take(request).into_parts();
        let name = path_parameters(&mut parts).await.map(|parameters| parameters.get("app").parse());
        *request = Request::from_parts(parts, body);
        match self.workspace_scope(actor, request).await {
            Ok(scope) => AppScope::find(&self.app, scope, name?).await,
            // In the words for an app that may not be seen.
            Err(Error::NotFound(_)) => Err(Error::not_found("app")),
            Err(error) => Err(error),
        }
    }

    /// Looks the repository up. Nobody learns from the answer whether it exists unless they may see it.
    async fn scope(&self, actor: Actor, path: Result<RepositoryPath>) -> Result<Scope> {
        let found = match path {
            Ok(path) => self.app.repositories.find(&path).await,
            Err(_) => Err(Error::not_found("repository")),
        };
        match found {
            Ok(repository) => Ok(Scope { actor, repository }),
            Err(Error::NotFound(_)) if actor == Actor::Anonymous => Err(Error::Unauthenticated),
            // In the words for one that exists and may not be seen.
            Err(Error::NotFound(_)) => Err(Error::not_found("repository")),
            Err(error) => Err(error),
        }
    }
}

/// The named parts of the path.
struct PathParameters(RawPathParams);

impl PathParameters {
    /// The part of a name; empty if the pattern has none.
    fn get(&self, wanted: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
    }
}

async fn path_parameters(parts: &mut http::request::Parts) -> Result<PathParameters> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await;
    parameters.map(PathParameters).map_err(|_| Error::invalid("path", "is not valid UTF-8"))
}

impl<S: Sync> FromRequestParts<S> for WorkspaceScope {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError(Error::internal("the route of this handler needs no workspace"));
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for AppScope {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError(Error::internal("the route of this handler needs no app"));
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for Scope {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError(Error::internal("the route of this handler needs no repository"));
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// Who makes the request, for handlers outside repositories.
pub(crate) struct Caller(pub(crate) Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError(Error::internal("the route of this handler needs nobody"));
        parts.extensions.get::<Actor>().cloned().map(Self).ok_or_else(missing)
    }
}
