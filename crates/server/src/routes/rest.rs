//! The REST API's rows. docs/ADDING-AN-ENDPOINT.md says how to add one.

use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use chandlery_api::{
    AccountView, AppHit, CategoryView, CreatedToken, Page, RepositoryView, SearchHit, StoreAppView,
    StorePage, StoreVersion, StoreVersionView, TokenView, Whoami,
};
use chandlery_core::Permission::{AppsView, CategoriesManage, RepositoriesManage, UsersManage};
use http::{Method, StatusCode};
use utoipa::ToSchema;

use super::Need::{self, Account, Anyone, FullAccount, Nothing, Platform, Repository, Store};
use super::{Dialect, Route};
use crate::app::SharedApp;
use crate::http::{accounts, categories, documentation, repositories, search, store, tokens};
use crate::idempotency::Repeats;
use crate::openapi::{Answer, Inputs, Operation, reference};

const ACCOUNTS: &str = "/api/v1/accounts";
const ACCOUNT: &str = "/api/v1/accounts/{account}";
const TOKENS: &str = "/api/v1/tokens";
const TOKEN: &str = "/api/v1/tokens/{token}";
const REPOSITORIES: &str = "/api/v1/repositories";
const REPOSITORY: &str = "/api/v1/repositories/{workspace}/{repository}";
const CATEGORIES: &str = "/api/v1/categories";
const CATEGORY: &str = "/api/v1/categories/{category}";
const STORE_APPS: &str = "/api/v1/store/apps";
const STORE_APP: &str = "/api/v1/store/apps/{workspace}/{app}";
const STORE_VERSIONS: &str = "/api/v1/store/apps/{workspace}/{app}/versions";
const STORE_VERSION: &str = "/api/v1/store/apps/{workspace}/{app}/versions/{version}";
const STORE_FILE: &str = "/api/v1/store/apps/{workspace}/{app}/versions/{version}/file";
const STORE_PICTURE: &str = "/api/v1/store/apps/{workspace}/{app}/pictures/{picture}";
const STORE_JSON_FEED: &str = "/api/v1/store/apps/{workspace}/{app}/feed.json";
const STORE_RSS_FEED: &str = "/api/v1/store/apps/{workspace}/{app}/feed.rss";
const APP_CATEGORY: &str = "/api/v1/workspaces/{workspace}/apps/{app}/category";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let mut rows = account_rows();
    rows.extend(super::tenancy::rows());
    rows.extend(repository_rows());
    rows.extend(super::sources::rows());
    rows.extend(super::virtual_repositories::rows());
    rows.extend(category_rows());
    rows.extend(store_rows());
    rows.extend(super::publishing::rows());
    rows.extend(super::telling::rows());
    rows.push(
        get("/api/v1/openapi.json", Nothing, documentation::get_openapi)
            .sends("application/json", "Get the OpenAPI document of this API"),
    );
    rows
}

fn account_rows() -> Vec<Route> {
    let manage = Platform(UsersManage);
    vec![
        get("/api/v1/whoami", Anyone, accounts::whoami).gives::<Whoami>("Say whom the credentials stand for"),
        put("/api/v1/password", FullAccount, accounts::update_password)
            .gives_nothing("Change the caller's password"),
        get(ACCOUNTS, manage, accounts::list_accounts).gives::<Page<AccountView>>("List accounts"),
        post(ACCOUNTS, manage, accounts::create_account).creates::<AccountView>("Create an account"),
        get(ACCOUNT, manage, accounts::get_account).gives::<AccountView>("Get an account"),
        patch(ACCOUNT, manage, accounts::update_account)
            .gives::<AccountView>("Change an account")
            .or(StatusCode::CONFLICT),
        delete(ACCOUNT, manage, accounts::delete_account)
            .gives_nothing("Delete an account")
            .or(StatusCode::CONFLICT),
        get(TOKENS, Account, tokens::list_tokens).gives::<Page<TokenView>>("List the caller's tokens"),
        post(TOKENS, Account, tokens::create_token)
            .creates::<CreatedToken>("Create a token")
            .or(StatusCode::FORBIDDEN)
            .or(StatusCode::NOT_FOUND),
        delete(TOKEN, FullAccount, tokens::delete_token).gives_nothing("Delete a token"),
    ]
}

fn repository_rows() -> Vec<Route> {
    let manage = Repository(RepositoriesManage);
    vec![
        get(REPOSITORIES, Anyone, repositories::list_repositories)
            .gives::<Page<RepositoryView>>("List the repositories that the caller may read"),
        // In the workspace that the body names.
        post(REPOSITORIES, Account, repositories::create_repository)
            .creates::<RepositoryView>("Create a repository")
            .or(StatusCode::FORBIDDEN)
            .or(StatusCode::NOT_FOUND),
        get(REPOSITORY, Repository(AppsView), repositories::get_repository)
            .gives::<RepositoryView>("Get a repository"),
        patch(REPOSITORY, manage, repositories::update_repository)
            .gives::<RepositoryView>("Change the settings of a repository"),
        delete(REPOSITORY, manage, repositories::delete_repository)
            .gives_nothing("Delete a repository with all its packages")
            .or(StatusCode::CONFLICT),
        get("/api/v1/search", Anyone, search::search_charts).gives::<Page<SearchHit>>("Search charts"),
    ]
}

fn category_rows() -> Vec<Route> {
    let manage = Platform(CategoriesManage);
    vec![
        get(CATEGORIES, Store, categories::list_categories)
            .gives::<Page<CategoryView>>("List the categories of the store"),
        post(CATEGORIES, manage, categories::create_category).creates::<CategoryView>("Create a category"),
        get(CATEGORY, Store, categories::get_category).gives::<CategoryView>("Get a category"),
        patch(CATEGORY, manage, categories::update_category).gives::<CategoryView>("Change a category"),
        delete(CATEGORY, manage, categories::delete_category).gives_nothing("Delete a category"),
        // By those who curate the categories, or who manage the app as long as it was never released.
        put(APP_CATEGORY, Account, categories::set_app_category)
            .gives_nothing("Set the category of an app")
            .or(StatusCode::FORBIDDEN)
            .or(StatusCode::NOT_FOUND)
            .or(StatusCode::CONFLICT),
    ]
}

fn store_rows() -> Vec<Route> {
    vec![
        get(STORE_APPS, Store, store::list_store_apps)
            .gives::<StorePage>("List and search the apps of the store"),
        get(STORE_APP, Store, store::get_store_app).gives::<StoreAppView>("Get an app of the store"),
        get(STORE_VERSIONS, Store, store::list_store_versions)
            .gives::<Page<StoreVersion>>("List the released versions of an app"),
        get(STORE_VERSION, Store, store::get_store_version)
            .gives::<StoreVersionView>("Get a released version with what is in its package"),
        get(STORE_FILE, Store, store::get_store_file)
            .sends("application/octet-stream", "Get a file of a released version"),
        get(STORE_PICTURE, Store, store::get_store_picture)
            .sends("image/*", "Get the icon or a screenshot of an app"),
        get(STORE_JSON_FEED, Store, store::get_store_json_feed)
            .sends("application/feed+json", "Get the releases of an app as JSON Feed"),
        get(STORE_RSS_FEED, Store, store::get_store_rss_feed)
            .sends("application/rss+xml", "Get the releases of an app as RSS"),
        get("/api/v1/apps", Account, search::search_apps)
            .gives::<Page<AppHit>>("Search the apps of the workspaces that the caller may see"),
    ]
}

/// A row that does not say yet what it answers.
#[must_use]
pub(super) struct Undocumented {
    method: Method,
    path: &'static str,
    need: Need,
    handler: axum::routing::MethodRouter<SharedApp>,
    name: &'static str,
    reads: fn(&mut crate::openapi::Reads),
    takes_query: bool,
}

macro_rules! methods {
    ($($function:ident $method:ident),*) => {
        $(pub(super) fn $function<H, T>(path: &'static str, need: Need, handler: H) -> Undocumented
        where
            H: Handler<T, SharedApp>,
            T: Inputs + 'static,
        {
            row(Method::$method, path, need, handler)
        })*
    };
}

methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

fn row<H, T>(method: Method, path: &'static str, need: Need, handler: H) -> Undocumented
where
    H: Handler<T, SharedApp>,
    T: Inputs + 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("a method of HTTP");
    Undocumented {
        method,
        path,
        need,
        handler: on(filter, handler),
        name: std::any::type_name::<H>(),
        reads: T::describe,
        takes_query: T::QUERY,
    }
}

impl Undocumented {
    /// 200 and JSON.
    pub(super) fn gives<T: ToSchema>(self, summary: &'static str) -> Route {
        self.answers(StatusCode::OK, Answer::Json(reference::<T>), summary)
    }

    /// 201 and JSON, or 409 because there is one already.
    pub(super) fn creates<T: ToSchema>(self, summary: &'static str) -> Route {
        self.answers(StatusCode::CREATED, Answer::Json(reference::<T>), summary).or(StatusCode::CONFLICT)
    }

    /// 204.
    pub(super) fn gives_nothing(self, summary: &'static str) -> Route {
        self.answers(StatusCode::NO_CONTENT, Answer::Nothing, summary)
    }

    /// 200 and something of another media type than our JSON.
    pub(super) fn sends(self, media_type: &'static str, summary: &'static str) -> Route {
        self.answers(StatusCode::OK, Answer::Media(media_type), summary)
    }

    fn answers(self, status: StatusCode, answer: Answer, summary: &'static str) -> Route {
        let repeats = match self.need {
            _ if self.method != Method::POST => Repeats::Allowed,
            // Nobody's account is there for the key to belong to: what is given is a session.
            Need::Nothing | Need::Anyone => Repeats::Refused,
            _ if answer.has_secret() => Repeats::Refused,
            _ => Repeats::AnsweredFromMemory,
        };
        let operation =
            Operation { handler: self.name, summary, reads: self.reads, status, answer, errors: Vec::new() };
        Route {
            method: self.method,
            paths: vec![self.path],
            need: self.need,
            dialect: Dialect::Rest,
            handler: self.handler,
            takes_query: self.takes_query,
            repeats,
            operation: Some(operation),
        }
    }
}

impl Route {
    /// One more error that the handler answers with.
    pub(super) fn or(mut self, status: StatusCode) -> Self {
        if let Some(operation) = &mut self.operation {
            operation.errors.push(status);
        }
        self
    }
}
