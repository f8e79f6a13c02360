//! How many charts and versions repositories hold: counted again only when their content changed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chandlery_core::Result;
use chandlery_store::Connection;
use chandlery_store::charts::{self, Counts};

/// What was counted, by the row of a repository, with the generation that it had.
#[derive(Default)]
pub(crate) struct RepositoryCounts(Mutex<HashMap<i64, (i64, Counts)>>);

impl RepositoryCounts {
    /// What repositories (their rows and generations) hold, in their order.
    pub(crate) async fn of(
        &self,
        reader: &impl Connection,
        repositories: &[(i64, i64)],
    ) -> Result<Vec<Counts>> {
        let stale: Vec<(i64, i64)> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_known =
                |(id, generation)| known.get(&id).is_some_and(|(counted, _)| *counted >= generation);
            repositories.iter().copied().filter(|repository| !is_known(*repository)).collect()
        };
        let ids: Vec<i64> = stale.iter().map(|(id, _)| *id).collect();
        let counted: HashMap<i64, Counts> = charts::counts(reader, &ids).await?.into_iter().collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, generation) in stale {
            known.insert(id, (generation, counted.get(&id).copied().unwrap_or_default()));
        }
        let counts = |(id, _): &(i64, i64)| known.get(id).map(|(_, counts)| *counts).unwrap_or_default();
        Ok(repositories.iter().map(counts).collect())
    }

    /// Forgets a repository that was deleted.
    pub(crate) fn forget(&self, repository_id: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&repository_id);
    }
}
