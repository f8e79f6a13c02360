//! Downloads from the store: counted in memory, written together every few seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chandlery_core::Result;
use chandlery_store::storefront;

use crate::app::{App, STORE_REPOSITORY, SharedApp};

/// How often counts are written.
const INTERVAL: Duration = Duration::from_secs(3);

/// Downloads that are not written yet, by file name.
#[derive(Default)]
pub(crate) struct Downloads(Mutex<HashMap<String, u64>>);

impl Downloads {
    /// Counts one. The request does not wait for more than this.
    pub(crate) fn count(&self, file_name: &str) {
        self.add([(file_name.to_owned(), 1)]);
    }

    fn add(&self, counts: impl IntoIterator<Item = (String, u64)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, count) in counts {
            *all.entry(name).or_default() += count;
        }
    }

    /// Writes what was counted; what cannot be written stays for the next time.
    pub(crate) async fn flush(&self, app: &App) -> Result<()> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return Ok(());
        }
        let counts: Vec<(String, u64)> = counts.into_iter().collect();
        let written = write(app, &counts).await;
        if written.is_err() {
            self.add(counts);
        }
        written
    }
}

async fn write(app: &App, counts: &[(String, u64)]) -> Result<()> {
    let repository = app.repositories.find(&STORE_REPOSITORY).await?;
    let transaction = app.store.database().begin().await?;
    storefront::add_downloads(&transaction, repository.id, counts).await?;
    transaction.commit().await
}

/// Writes counts for as long as the server runs.
pub(crate) async fn keep_flushing(app: SharedApp) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = app.downloads.flush(&app).await {
            tracing::warn!(%error, "downloads could not be written, trying again later");
        }
    }
}
