//! A running server, clients of it, and packages to give to it.

mod archive;
mod client;
mod process;
mod raw;
mod server;
mod tls;

pub(crate) use archive::{
    Archive, Form, big_package, chart_yaml, package, package_of, provenance, provenance_of,
};
pub(crate) use client::{Answer, Client};
pub(crate) use process::{ChildServer, ChildSettings, bucket_url};
pub(crate) use raw::RawConnection;
pub(crate) use server::{TestServer, files_below};
pub(crate) use tls::{certificate, signed_certificate};

use std::time::{Duration, Instant};

/// Whatever happens, an answer comes within this.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    const PAUSE: Duration = Duration::from_millis(20);
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < BOUND, "{what} did not happen");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The answer of something that has to end by itself.
pub(crate) async fn in_bounded_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(BOUND, work).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what} did not end"),
    }
}
