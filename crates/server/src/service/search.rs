//! Search over charts: the newest version of each, by words in its name, keywords and description.

use chandlery_api::{SearchHit, SearchQuery};
use chandlery_chart::{Metadata, compare_newest_first};
use chandlery_core::{Actor, Result};
use chandlery_store::charts::{self, VersionRow};

use crate::app::App;
use crate::service::repositories::{Repository, readable};

/// The charts in all repositories that `actor` may read which contain every word, at most `limit`: names that begin with
/// the query first, then in the order of repository and name.
pub(crate) async fn search(
    app: &App,
    actor: &Actor,
    query: &SearchQuery,
    limit: u32,
) -> Result<Vec<SearchHit>> {
    let text = query.q.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut candidates = Vec::new();
    for repository in readable(app, actor, None, usize::MAX).await? {
        let names = charts::containing(app.store.database().reader(), repository.id, &words).await?;
        candidates.extend(names.into_iter().map(|name| (repository.clone(), name)));
    }
    candidates.sort_by_key(|(_, name)| !name.to_lowercase().starts_with(&text));
    let mut hits = Vec::new();
    for (repository, name) in candidates {
        hits.extend(newest(app, &repository, &name).await?.filter(|hit| contains_all(hit, &words)));
        if hits.len() >= limit as usize {
            break;
        }
    }
    Ok(hits)
}

async fn newest(app: &App, repository: &Repository, name: &str) -> Result<Option<SearchHit>> {
    let rows = charts::versions(app.store.database().reader(), repository.id, name).await?;
    let newest = rows.into_iter().min_by(|left, right| compare_newest_first(&left.version, &right.version));
    Ok(newest.and_then(|row| hit(app, repository, row)))
}

fn hit(app: &App, repository: &Repository, row: VersionRow) -> Option<SearchHit> {
    let metadata: Metadata = serde_json::from_str(&row.metadata).ok()?;
    let url = app.indexes.links().repository_url(&repository.path);
    let base = app.indexes.links().of(&repository.path, repository.is_default);
    Some(SearchHit {
        repository: repository.path.clone(),
        name: metadata.name.parse().ok()?,
        version: row.version,
        app_version: metadata.app_version.clone(),
        description: metadata.description.clone(),
        icon: metadata.icon.clone(),
        metadata: serde_json::from_str(&row.metadata).ok()?,
        digest: row.digest.to_hex(),
        urls: vec![base.absolute_package(&url, &row.file_name)],
        created: row.created_at,
    })
}

fn contains_all(hit: &SearchHit, words: &[&str]) -> bool {
    let keywords = hit.metadata["keywords"].as_array().into_iter().flatten().filter_map(|word| word.as_str());
    let mut texts = vec![hit.name.as_str().to_lowercase(), hit.description.to_lowercase()];
    texts.extend(keywords.map(str::to_lowercase));
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}
