//! Real servers for tests: PostgreSQL and an S3-compatible object store, on free loopback ports, with data of their
//! own, stopped when dropped and when the test process dies.

mod postgres;
mod process;
mod s3;

pub use postgres::TestPostgres;
pub use s3::TestS3;
