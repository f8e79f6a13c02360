//! Search over charts: the newest version of each, by words in its name, keywords and description.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chandlery_api::{SearchHit, SearchQuery};
use chandlery_chart::Metadata;
use chandlery_core::{Actor, Result};
use chandlery_store::charts::{self, VersionRow};

use crate::app::App;
use crate::service::repositories::{Repository, readable};
use crate::service::virtual_repositories::{self, Merged};

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
    let mut found = HashMap::new();
    let repositories = readable(app, actor, None, usize::MAX).await?;
    for repository in repositories.iter().filter(|repository| repository.merge.is_none()) {
        let names = charts::containing(app.store.database().reader(), repository.id, &words).await?;
        candidates.extend(names.iter().map(|name| (repository, name.clone())));
        found.insert(repository.id, names);
    }
    for (repository, merge) in repositories.iter().filter_map(|one| Some((one, one.merge.as_ref()?))) {
        let names = merge.members.iter().filter_map(|member| found.get(&member.id));
        let names: BTreeSet<&String> = names.flatten().collect();
        candidates.extend(names.into_iter().map(|name| (repository, name.clone())));
    }
    candidates.sort_by(|(left, _), (right, _)| left.path.cmp(&right.path));
    candidates.sort_by_cached_key(|(_, name)| !name.to_lowercase().starts_with(&text));
    let mut hits = Vec::new();
    for (repository, name) in candidates {
        hits.extend(newest(app, actor, repository, &name).await?.filter(|hit| contains_all(hit, &words)));
        if hits.len() >= limit as usize {
            break;
        }
    }
    Ok(hits)
}

/// The newest version of a chart of a repository, which in a virtual one comes from members.
async fn newest(
    app: &App,
    actor: &Actor,
    repository: &Arc<Repository>,
    name: &str,
) -> Result<Option<SearchHit>> {
    let sources = match Merged::seen_by(app, actor, repository).await? {
        Some(merged) => merged.sources(app, name).await?,
        None => vec![repository.clone()],
    };
    let (versions, _) = virtual_repositories::versions(app, &sources, name).await?;
    Ok(versions.into_iter().next().and_then(|held| hit(app, repository, held.row)))
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
