//! One suite for every database and every blob store: SQLite and a real PostgreSQL; files, memory and a real S3 server.

mod accounts;
mod blobs;
mod crash;
mod external;
mod faults;
mod garbage;
mod notifications;
mod publish;
mod reading;
mod repositories;
mod storefront;
mod support;
mod tenancy;
mod virtual_repositories;
