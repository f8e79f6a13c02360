//! The Chandlery server: configuration, services and HTTP faces.
//!
//! [`Server::start`] opens everything, [`Server::run`] serves. A request comes in through `transport` (connections),
//! `observe` (ids, logs, metrics), `routes` (the one table: path, permission, handler), a handler in `http`, a rule in
//! `service`, and the store.

mod app;
mod authentication;
mod body;
mod config;
mod error;
mod folder;
mod http;
mod idempotency;
mod index;
pub mod media;
mod observe;
mod oidc;
mod openapi;
mod range;
pub mod routes;
mod run;
mod service;
pub mod telemetry;
mod transport;

pub use config::{
    Access, AllowList, ChartMuseumConfig, Config, Keyring, Limits, MailSettings, MailTls, OidcConfig,
    OutboundConfig, OutboundSettings, Proxies, Secret, Timeouts, TlsConfig, TlsSettings,
};
pub use folder::FolderServer;
pub use run::Server;
pub use service::sources::validation_view;
