//! Chandlery's durable state: SQL rows and content-addressed blobs.
//!
//! [`Store`] holds both. Rows live in SQLite or PostgreSQL behind one code path: the modules [`accounts`], [`tokens`],
//! [`workspaces`], [`repositories`], [`charts`], [`packages`] and [`provenance`] are functions over a [`Connection`],
//! so that a service can put several of them into one [`Transaction`]. Bytes live in [`Blobs`], named by their sha256,
//! in a directory or an S3-compatible bucket. [`Store::publish`] is the one way in for packages: bytes first, then
//! all rows in one transaction. A secret that is kept for use goes into its column as [`Sealed`] by the [`Keyring`].

mod blobs;
mod db;
mod error;
mod garbage;
mod migration;
mod sealing;
mod settings;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use blobs::{BlobReader, BlobSource, BlobStream, Blobs, FinishedBlob, StorageKey, TempBlob};
pub use db::{
    Connection, Database, Pool, Transaction, accounts, app_versions, apps, attachments, audit, categories,
    charts, deliveries, external_charts, external_provenances, groups, idempotency_keys, identities, imports,
    invitations, listings, members, notification_choices, packages, platform_settings, projects, provenance,
    repositories, reviews, robots, roles, sessions, source_runs, sources, storefront, tokens,
    virtual_repositories, webhooks, workspaces,
};
pub use garbage::GarbageReport;
pub use sealing::{Keyring, Sealed};
pub use settings::{BlobsUrl, DatabaseUrl, S3Credentials, StoreSettings};
pub use store::Store;
