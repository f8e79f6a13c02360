//! Charts and their versions, as the ChartMuseum API shows them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use chandlery_chart::{SelectError, select_version};
use chandlery_core::{Error, Permission, Result};
use chandlery_store::charts::{self, VersionRow};
use futures_util::stream;

use crate::app::{App, Scope, SharedApp};
use crate::error::escaped_for_html;
use crate::index::Indexes;
use crate::service::repositories::Repository;
use crate::service::virtual_repositories::{self, Held, Merged, Sourced};

/// The versions of a chart, newest first.
pub(crate) async fn versions(app: &App, scope: &Scope, name: &str) -> Result<Vec<VersionRow>> {
    scope.require(Permission::AppsView)?;
    let sources = virtual_repositories::sources(app, scope, name).await?;
    let (versions, _) = virtual_repositories::versions(app, &sources, name).await?;
    if versions.is_empty() {
        return Err(Error::not_found("chart"));
    }
    Ok(versions.into_iter().map(|held| held.row).collect())
}

/// The version of a chart that `wanted` means: an exact version, `latest`, or a constraint.
pub(crate) async fn version(app: &App, scope: &Scope, name: &str, wanted: &str) -> Result<Held> {
    scope.require(Permission::AppsView)?;
    let sources = virtual_repositories::sources(app, scope, name).await?;
    if let Some(held) = exact_version(app, &sources, name, wanted).await? {
        return Ok(held);
    }
    let (mut versions, _) = virtual_repositories::versions(app, &sources, name).await?;
    if versions.is_empty() {
        return Err(missing("no chart name found".to_owned()));
    }
    let texts: Vec<&str> = versions.iter().map(|held| held.row.version.as_str()).collect();
    let index = select_version(name, &texts, wanted).map_err(|error| match error {
        SelectError::NotFound { .. } | SelectError::Constraint(_) => missing(error.to_string()),
    })?;
    Ok(versions.swap_remove(index))
}

/// A version by its text in the first of these repositories that has it. The usual question is whether it exists: one
/// row, however many versions the chart has.
pub(crate) async fn exact_version(
    app: &App,
    sources: &[Arc<Repository>],
    name: &str,
    version: &str,
) -> Result<Option<Held>> {
    let reader = app.store.database().reader();
    for repository in sources {
        if let Some(row) = charts::version(reader, repository.id, name, version).await? {
            return Ok(Some(Held { repository: repository.clone(), row }));
        }
    }
    Ok(None)
}

/// A 404 in ChartMuseum's words.
fn missing(text: String) -> Error {
    Error::NotFound(text)
}

/// One version as JSON: its metadata, then where it is.
pub(crate) fn object(repository: &Repository, indexes: &Indexes, row: &VersionRow) -> String {
    let base = indexes.links().of(&repository.path, repository.is_default);
    let url = serde_json::Value::from(base.package(&row.file_name));
    let metadata = row.metadata.strip_suffix('}').unwrap_or(&row.metadata);
    let comma = if metadata.ends_with('{') { "" } else { "," };
    format!(r#"{metadata}{comma}"urls":[{url}],"created":"{}","digest":"{}"}}"#, row.created_at, row.digest)
}

/// Versions as a JSON array.
pub(crate) fn array(repository: &Repository, indexes: &Indexes, rows: &[VersionRow]) -> String {
    let objects: Vec<String> = rows.iter().map(|row| object(repository, indexes, row)).collect();
    format!("[{}]", objects.join(","))
}

/// Charts by name with their versions, as a JSON object that is written while it is read: no more than one chart is in
/// memory, however many there are.
pub(crate) async fn list(app: &SharedApp, scope: &Scope, offset: u64, limit: Option<u64>) -> Result<Body> {
    scope.require(Permission::AppsView)?;
    const EVERYTHING: u64 = i64::MAX as u64;
    let limit = limit.unwrap_or(EVERYTHING);
    let state = Listing {
        app: app.clone(),
        repository: scope.repository.clone(),
        charts: page(app, scope, offset, limit).await?,
        separator: "{",
        ended: false,
    };
    Ok(Body::from_stream(stream::try_unfold(state, Listing::next)))
}

/// The charts from `offset` on, with the repositories they come from.
async fn page(app: &App, scope: &Scope, offset: u64, limit: u64) -> Result<VecDeque<Sourced>> {
    if let Some(merged) = Merged::of(app, scope).await? {
        let bounded = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let charts = merged.charts(app).await?.into_iter();
        return Ok(charts.skip(bounded(offset)).take(bounded(limit)).collect());
    }
    let reader = app.store.database().reader();
    let names = charts::names(reader, scope.repository.id, offset, limit).await?;
    let own: Arc<[Arc<Repository>]> = [scope.repository.clone()].into();
    Ok(names.into_iter().map(|name| (name, own.clone())).collect())
}

struct Listing {
    app: SharedApp,
    repository: Arc<Repository>,
    charts: VecDeque<Sourced>,
    separator: &'static str,
    ended: bool,
}

impl Listing {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        while let Some((name, sources)) = self.charts.pop_front() {
            let (versions, _) = virtual_repositories::versions(&self.app, &sources, &name).await?;
            if versions.is_empty() {
                continue;
            }
            let rows: Vec<VersionRow> = versions.into_iter().map(|held| held.row).collect();
            let versions = array(&self.repository, &self.app.indexes, &rows);
            let text = format!("{}{}:{versions}", self.separator, serde_json::Value::from(name));
            self.separator = ",";
            return Ok(Some((escaped_for_html(text).into(), self)));
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let end = if self.separator == "{" { "{}" } else { "}" };
        Ok(Some((Bytes::from_static(end.as_bytes()), self)))
    }
}
