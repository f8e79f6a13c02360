//! What all requests share.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock, OnceLock};

use axum::Router;
use axum::body::Body;
use chandlery_core::{Actor, Error, Permission, Place, RepositoryPath, Result, authorise};
use chandlery_source::mail::Mailer;
use chandlery_source::outbound::Outbound;
use chandlery_store::workspaces::WorkspaceRow;
use chandlery_store::{Keyring, Store};
use http::uri::{PathAndQuery, Uri};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::Service;

use crate::authentication::Authentication;
use crate::config::Config;
use crate::http::documentation::Documentation;
use crate::index::Indexes;
use crate::observe::{self, Metrics};
use crate::oidc::{Attempts, Oidc};
use crate::service::downloads::Downloads;
use crate::service::notifications::Notifications;
use crate::service::packages::PackageCache;
use crate::service::repositories::{Repositories, Repository};
use crate::service::search_index::SearchIndex;
use crate::service::sources::Syncs;
use crate::service::sources::packages::Fetches;
use crate::transport::{Handler, Peer};

/// The repository that holds what was released: `/store` shows it. Releases fill it and nobody else.
pub(crate) static STORE_REPOSITORY: LazyLock<RepositoryPath> =
    LazyLock::new(|| RepositoryPath::new("system", "store").expect("both are valid names"));

/// The state of the server.
pub(crate) struct App {
    /// What the operator set.
    pub(crate) config: Config,
    /// All durable state.
    pub(crate) store: Arc<Store>,
    /// What seals secrets that are kept for use; see [`App::keyring`].
    pub(crate) keyring: Option<Keyring>,
    /// The client for every URL that somebody else wrote.
    pub(crate) outbound: Outbound,
    /// What sends mail, if the operator named a relay.
    pub(crate) mailer: Option<Mailer>,
    /// What wakes who sends notifications.
    pub(crate) notifications: Notifications,
    /// Who sends a request.
    pub(crate) authentication: Authentication,
    /// Repositories by path, with their newest generation.
    pub(crate) repositories: Repositories,
    /// Packages by file name.
    pub(crate) packages: PackageCache,
    /// Apps by their words.
    pub(crate) search_index: SearchIndex,
    /// Looks at the sources of external repositories.
    pub(crate) syncs: Syncs,
    /// Fetches packages of external repositories.
    pub(crate) fetches: Fetches,
    /// What was pulled from the store.
    pub(crate) downloads: Downloads,
    /// Index documents.
    pub(crate) indexes: Indexes,
    /// Figures for operators.
    pub(crate) metrics: Arc<Metrics>,
    /// Login by an identity provider, if the operator named one.
    pub(crate) oidc: Option<OidcLogins>,
    /// The description of the REST API, once somebody asked for it.
    pub(crate) documentation: OnceLock<Documentation>,
}

impl App {
    /// What seals and opens the secrets that are kept for use: of webhooks, of foreign repositories.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the operator of a shared database gave no key: keeping them would be careless.
    pub(crate) fn keyring(&self) -> Result<&Keyring> {
        self.keyring.as_ref().ok_or_else(|| {
            Error::Conflict(
                "this server has no key to keep secrets with: its operator sets encryption-key-file, the same for all \
                 replicas"
                    .to_owned(),
            )
        })
    }
}

/// Login by an identity provider.
pub(crate) struct OidcLogins {
    /// The provider.
    pub(crate) provider: Oidc,
    /// Logins that were begun.
    pub(crate) attempts: Attempts,
}

/// The state, as handlers get it.
pub(crate) type SharedApp = Arc<App>;

/// Somebody at one repository, as the authoriser of the route let them in: the only way for a handler to a repository.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Who.
    pub(crate) actor: Actor,
    /// Where.
    pub(crate) repository: Arc<Repository>,
}

impl Scope {
    /// Checks a permission of the actor here: the first line of every service method.
    pub(crate) fn require(&self, permission: Permission) -> Result<()> {
        authorise(&self.actor, permission, self.repository.place())?;
        // Whatever the role: what is in the store was reviewed.
        match permission {
            Permission::AppsCreate | Permission::AppsManage if self.repository.is_store => {
                Err(filled_by_releases())
            }
            Permission::AppsCreate | Permission::AppsManage if self.repository.source.is_some() => {
                Err(filled_by_source(&self.repository.path))
            }
            Permission::AppsCreate | Permission::AppsManage if self.repository.merge.is_some() => {
                Err(filled_by_members(&self.repository.path))
            }
            _ => Ok(()),
        }
    }
}

/// Why nobody changes what is in the store's repository.
pub(crate) fn filled_by_releases() -> Error {
    let path = &*STORE_REPOSITORY;
    Error::Forbidden(format!(
        "{path} is the store's repository: it is filled by releases of app versions that passed review, and emptied by suspending them"
    ))
}

/// Why nobody changes what is in an external repository.
fn filled_by_source(path: &RepositoryPath) -> Error {
    Error::Forbidden(format!(
        "{path} is an external repository: it shows what its source has; push to another repository"
    ))
}

/// Why nobody changes what is in a virtual repository.
fn filled_by_members(path: &RepositoryPath) -> Error {
    Error::Forbidden(format!(
        "{path} is a virtual repository: it shows what its members have; push to one of them, or delete there"
    ))
}

/// Somebody in one workspace, as the authoriser of the route let them in: the only way for a handler to what belongs
/// to a workspace.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceScope {
    /// Who.
    pub(crate) actor: Actor,
    /// Where.
    pub(crate) workspace: Arc<WorkspaceRow>,
}

impl WorkspaceScope {
    /// Checks a permission of the actor here: the first line of every service method.
    pub(crate) fn require(&self, permission: Permission) -> Result<()> {
        authorise(&self.actor, permission, self.place())
    }

    /// Where this is, for the permission table.
    pub(crate) fn place(&self) -> Place {
        Place::Workspace(self.workspace.id)
    }
}

/// The root of the server's URL paths as connections see it: request ids, context path, metrics, then the routes.
#[derive(Clone)]
pub(crate) struct Root {
    /// The state.
    pub(crate) app: SharedApp,
    /// The routes.
    pub(crate) router: Router,
}

impl Handler for Root {
    async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        let root = self.clone();
        observe::observed(&self.app.metrics, request, |request| root.route(request)).await
    }
}

impl Root {
    async fn route(self, mut request: Request<Incoming>) -> Response<Body> {
        let context_path = &self.app.config.context_path;
        if !context_path.is_empty() {
            match below(context_path, request.uri()) {
                Some(uri) => *request.uri_mut() = uri,
                None => return crate::http::unknown_path(request.uri().clone()).await,
            }
        }
        // Names are text; a path that is none names nothing.
        if percent_encoding::percent_decode_str(request.uri().path()).decode_utf8().is_err() {
            return crate::http::unknown_path(request.uri().clone()).await;
        }
        let mut router = self.router;
        match router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(infallible) => match infallible {},
        }
    }
}

/// The URI without the context path; `None` if it is not below it.
fn below(context_path: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(context_path)?;
    let rest = match rest.as_bytes().first() {
        None => "/".to_owned(),
        Some(b'/') => rest.to_owned(),
        Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// The client's address, as the connection put it into the request.
pub(crate) fn peer_of(extensions: &http::Extensions) -> IpAddr {
    const UNKNOWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    extensions.get::<Peer>().map_or(UNKNOWN, |peer| peer.0.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_paths_end_at_a_segment() {
        let cases = [
            ("/ctx", Some("/")),
            ("/ctx/", Some("/")),
            ("/ctx?a=b", Some("/?a=b")),
            ("/ctx/index.yaml?a=b", Some("/index.yaml?a=b")),
            ("/ctxx/index.yaml", None),
            ("/index.yaml", None),
        ];
        for (path, expected) in cases {
            let below = below("/ctx", &path.parse().unwrap());
            assert_eq!(below.map(|uri| uri.to_string()), expected.map(ToOwned::to_owned), "{path}");
        }
    }
}
