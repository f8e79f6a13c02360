//! Charts and their versions, as the ChartMuseum API shows them.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use chandlery_chart::{SelectError, compare_newest_first, select_version};
use chandlery_core::{Error, Permission, Result};
use chandlery_store::charts::{self, VersionRow};
use futures_util::stream;

use crate::app::{App, Scope, SharedApp};
use crate::error::escaped_for_html;
use crate::index::Indexes;
use crate::service::repositories::Repository;

/// The versions of a chart, newest first.
pub(crate) async fn versions(app: &App, scope: &Scope, name: &str) -> Result<Vec<VersionRow>> {
    scope.require(Permission::AppsView)?;
    let rows = sorted(app, scope.repository.id, name).await?;
    if rows.is_empty() {
        return Err(Error::not_found("chart"));
    }
    Ok(rows)
}

async fn sorted(app: &App, repository_id: i64, name: &str) -> Result<Vec<VersionRow>> {
    let mut rows = charts::versions(app.store.database().reader(), repository_id, name).await?;
    rows.sort_by(|left, right| compare_newest_first(&left.version, &right.version));
    Ok(rows)
}

/// The version of a chart that `wanted` means: an exact version, `latest`, or a constraint.
pub(crate) async fn version(app: &App, scope: &Scope, name: &str, wanted: &str) -> Result<VersionRow> {
    scope.require(Permission::AppsView)?;
    let reader = app.store.database().reader();
    // The usual question is whether an exact version exists: one row, however many versions the chart has.
    if let Some(row) = charts::version(reader, scope.repository.id, name, wanted).await? {
        return Ok(row);
    }
    let mut rows = sorted(app, scope.repository.id, name).await?;
    if rows.is_empty() {
        return Err(missing("no chart name found".to_owned()));
    }
    let texts: Vec<&str> = rows.iter().map(|row| row.version.as_str()).collect();
    let index = select_version(name, &texts, wanted).map_err(|error| match error {
        SelectError::NotFound { .. } | SelectError::Constraint(_) => missing(error.to_string()),
    })?;
    Ok(rows.swap_remove(index))
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
    let reader = app.store.database().reader();
    let names = charts::names(reader, scope.repository.id, offset, limit.unwrap_or(EVERYTHING)).await?;
    let state = Listing {
        app: app.clone(),
        repository: scope.repository.clone(),
        names: names.into(),
        separator: "{",
        ended: false,
    };
    Ok(Body::from_stream(stream::try_unfold(state, Listing::next)))
}

struct Listing {
    app: SharedApp,
    repository: Arc<Repository>,
    names: VecDeque<String>,
    separator: &'static str,
    ended: bool,
}

impl Listing {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        while let Some(name) = self.names.pop_front() {
            let rows = sorted(&self.app, self.repository.id, &name).await?;
            if rows.is_empty() {
                continue;
            }
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
