//! Real servers for tests: PostgreSQL and an S3-compatible object store, on free loopback ports, with data of their
//! own, stopped when dropped and when the test process dies; and a disk that is soon full.

mod postgres;
mod process;
mod s3;
mod small_disk;

pub use postgres::TestPostgres;
pub use s3::TestS3;
pub use small_disk::{run_on_a_small_disk, small_disk};
