//! Versions of apps: their packages, texts and files.

use std::collections::HashMap;

use chandlery_api::{AppVersionView, PackageFile, Page, PageQuery, ReviewSettings, ReviewSummary};
use chandlery_chart::review::{Comparison, Settings, compare};
use chandlery_chart::{Limits, Metadata, contents, inspect};
use chandlery_core::{Action, Actor, Digest, Error, Permission, Result};
use chandlery_store::app_versions::{self, AppVersionChange, AppVersionRow, NewAppVersion, VersionPackage};
use chandlery_store::apps::{self, AppRow};
use chandlery_store::charts::VersionRow;
use chandlery_store::reviews::{self, ReviewRow};
use chandlery_store::{FinishedBlob, Transaction, audit};
use jiff::Timestamp;

use crate::app::{App, Scope};
use crate::http::conditional::IfMatch;
use crate::http::pages::limit_of;
use crate::service::apps::{AppScope, about};
use crate::service::lifecycle::{possible_actions, settings};
use crate::service::packages::{read_stored, stored_provenance, stored_version};
use crate::service::publish::{checked_package, checked_provenance};
use crate::service::version_order::sort_key;
use crate::service::{charts, virtual_repositories};

/// A package on its way into an app: checked, with the bytes that have to be brought to their place.
pub(crate) struct NewPackage {
    metadata: Metadata,
    row: VersionPackage,
    blobs: Vec<FinishedBlob>,
}

impl NewPackage {
    /// Checks what a client sent.
    pub(crate) async fn uploaded(package: FinishedBlob, provenance: Option<FinishedBlob>) -> Result<Self> {
        let checked = checked_package(&package, None).await?;
        let metadata: Metadata = serde_json::from_str(&checked.metadata).map_err(Error::internal)?;
        let signed = match &provenance {
            Some(blob) => {
                let signed = checked_provenance(blob)?;
                require_same(&signed.file_name, &checked.file_name)?;
                Some((signed.digest, signed.size))
            }
            None => None,
        };
        let row = row_of(&metadata, checked.metadata, checked.digest, checked.size, signed);
        let mut blobs = vec![package];
        blobs.extend(provenance);
        Ok(Self { metadata, row, blobs })
    }

    /// Takes a version that a repository holds, whose bytes are in their place.
    pub(crate) async fn of_repository(app: &App, scope: &Scope, chart: &str, version: &str) -> Result<Self> {
        scope.require(Permission::AppsView)?;
        let sources = virtual_repositories::sources(app, scope, chart).await?;
        let held = charts::exact_version(app, &sources, chart, version).await?;
        let held = held.ok_or_else(|| {
            Error::invalid("version", format!("the repository has no version {version} of chart {chart}"))
        })?;
        let repository = held.repository.clone();
        let found = stored_version(app, held).await?;
        let signed = stored_provenance(app, &repository, &found.file_name).await?;
        let signed = signed.map(|file| (file.digest, file.size));
        let (metadata, text) = match repository.source {
            // What is kept of it was said by a listing, and not by the package.
            Some(_) => listed_metadata(app, &found, chart).await?,
            None => (serde_json::from_str(&found.metadata).map_err(Error::internal)?, found.metadata),
        };
        let row = row_of(&metadata, text, found.digest, found.size, signed);
        Ok(Self { metadata, row, blobs: Vec::new() })
    }

    /// What `Chart.yaml` says.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The bytes to be brought to their place.
    pub(crate) fn blobs(&self) -> &[FinishedBlob] {
        &self.blobs
    }
}

/// What the package of an external repository says of itself, if it is the chart and the version that were listed.
async fn listed_metadata(app: &App, found: &VersionRow, chart: &str) -> Result<(Metadata, String)> {
    let read = |reader| inspect(reader, &Limits::default());
    let summary = read_stored(app, &found.digest, found.size, read).await?;
    let metadata = summary.map_err(|error| Error::invalid("package", error.to_string()))?.metadata;
    if (metadata.name.as_str(), metadata.version.as_str()) != (chart, found.version.as_str()) {
        return Err(Error::invalid(
            "package",
            format!("is {} {}, and was listed as {chart} {}", metadata.name, metadata.version, found.version),
        ));
    }
    let text = serde_json::to_string(&metadata).map_err(Error::internal)?;
    Ok((metadata, text))
}

fn row_of(
    metadata: &Metadata,
    text: String,
    digest: Digest,
    size: u64,
    provenance: Option<(Digest, u64)>,
) -> VersionPackage {
    VersionPackage {
        sort_key: sort_key(&metadata.version),
        app_version: metadata.app_version.clone(),
        digest,
        size,
        provenance,
        metadata: text,
    }
}

fn require_same(signed: &str, package: &str) -> Result<()> {
    match signed.strip_suffix(".prov") == Some(package) {
        true => Ok(()),
        false => {
            Err(Error::invalid("provenance", format!("belongs to {signed}, and the package is {package}")))
        }
    }
}

/// A version to be made.
pub(crate) struct NewVersion {
    /// Its package.
    pub(crate) package: NewPackage,
    /// What its maker says has changed.
    pub(crate) update_log: String,
}

/// The most characters of an update log.
const LONGEST_UPDATE_LOG: usize = 20_000;

fn check_update_log(text: &str) -> Result<()> {
    match text.chars().count() > LONGEST_UPDATE_LOG {
        true => Err(Error::invalid("update_log", format!("is longer than {LONGEST_UPDATE_LOG} characters"))),
        false => Ok(()),
    }
}

/// Refuses a package of another chart than the app's others.
fn require_chart(app: &AppRow, metadata: &Metadata) -> Result<()> {
    match app.chart_name == metadata.name {
        true => Ok(()),
        false => Err(Error::invalid(
            "package",
            format!("its chart is called {:?}, and those of this app {:?}", metadata.name, app.chart_name),
        )),
    }
}

/// Writes the rows of a new version.
pub(crate) async fn record_version(
    transaction: &Transaction,
    actor: &Actor,
    app: &AppRow,
    version: &NewVersion,
    now: Timestamp,
) -> Result<()> {
    require_chart(app, &version.package.metadata)?;
    check_update_log(&version.update_log)?;
    let new = NewAppVersion {
        app_id: app.id,
        version: &version.package.metadata.version,
        package: &version.package.row,
        update_log: &version.update_log,
        created_by: actor.name(),
        created_at: now,
    };
    let row = app_versions::create(transaction, &new).await?;
    apps::refresh(transaction, app.id, now).await?;
    let entry = audit::AuditEntry {
        to_state: row.state.as_str().to_owned(),
        ..about_version(actor, "upload", app, &row, now)
    };
    audit::append(transaction, &entry).await
}

/// An entry of the audit log about a version.
pub(crate) fn about_version(
    actor: &Actor,
    action: &str,
    app: &AppRow,
    version: &AppVersionRow,
    now: Timestamp,
) -> audit::AuditEntry {
    audit::AuditEntry {
        kind: "version".to_owned(),
        name: format!("{} {}", app.name, version.version),
        version_id: Some(version.id),
        digest: Some(version.package.digest),
        ..about(actor, action, app, now)
    }
}

/// Makes another version of an app.
pub(crate) async fn create(app: &App, scope: &AppScope, version: NewVersion) -> Result<AppVersionView> {
    scope.require(Permission::AppsCreate)?;
    let now = Timestamp::now();
    let transaction = app.store.begin_with(version.package.blobs()).await?;
    apps::lock(&transaction, scope.app.id).await?;
    record_version(&transaction, &scope.actor, &scope.app, &version, now).await?;
    transaction.commit().await?;
    get(app, scope, &version.package.metadata.version).await
}

/// The versions of an app, newest first.
pub(crate) async fn list(app: &App, scope: &AppScope, query: &PageQuery) -> Result<Page<AppVersionView>> {
    scope.require(Permission::AppsView)?;
    let limit = limit_of(query.limit)?;
    let reader = app.store.database().reader();
    let before = query.cursor.as_deref().map(sort_key);
    let only_submitted = scope.submitted_only();
    let mut rows =
        app_versions::list(reader, scope.app.id, only_submitted, before.as_deref(), limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.version.clone());
    let submissions: Vec<i64> = rows.iter().filter_map(|row| row.review_id).collect();
    let submissions = reviews::find_all(reader, &submissions).await?;
    let mut submissions: HashMap<i64, ReviewRow> = submissions.into_iter().map(|row| (row.id, row)).collect();
    let settings = settings(reader).await?;
    let shape = |row: AppVersionRow| {
        let review = row.review_id.and_then(|id| submissions.remove(&id));
        shape(scope, row, review, &settings)
    };
    Ok(Page { items: rows.into_iter().map(shape).collect::<Result<_>>()?, next })
}

/// One version as the caller sees it.
pub(crate) async fn get(app: &App, scope: &AppScope, version: &str) -> Result<AppVersionView> {
    scope.require(Permission::AppsView)?;
    let row = scope.version(app, version).await?;
    view(app, scope, row).await
}

/// A version with its last submission and what the caller may do.
pub(crate) async fn view(app: &App, scope: &AppScope, row: AppVersionRow) -> Result<AppVersionView> {
    let reader = app.store.database().reader();
    let review = match row.review_id {
        Some(id) => reviews::find(reader, id).await?,
        None => None,
    };
    shape(scope, row, review, &settings(reader).await?)
}

fn shape(
    scope: &AppScope,
    row: AppVersionRow,
    review: Option<ReviewRow>,
    settings: &ReviewSettings,
) -> Result<AppVersionView> {
    Ok(AppVersionView {
        workspace: scope.workspace.name.clone(),
        app: scope.app.name.clone(),
        actions: possible_actions(&scope.actor, scope.place(), row.state, review.as_ref(), settings),
        version: row.version,
        app_version: row.package.app_version,
        state: row.state,
        review: review.map(summary),
        update_log: row.update_log,
        digest: row.package.digest,
        size: row.package.size,
        signed: row.package.provenance.is_some(),
        metadata: serde_json::from_str(&row.package.metadata).map_err(Error::internal)?,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
        released_at: row.released_at,
        revision: row.revision,
    })
}

/// A submission in short.
pub(crate) fn summary(review: ReviewRow) -> ReviewSummary {
    ReviewSummary {
        phase: review.phase().cloned(),
        id: review.id,
        state: review.state,
        phases: review.phases,
        submitter: review.submitter,
        reviewer: Some(review.reviewer).filter(|name| !name.is_empty()),
        digest: review.digest,
        submitted_at: review.submitted_at,
        updated_at: review.updated_at,
    }
}

/// What an edit brings.
pub(crate) enum Edit {
    /// Another update log.
    UpdateLog(String),
    /// Another package of the same chart and version.
    Package(Box<NewPackage>),
}

/// Edits a draft, or a rejected version, which becomes a draft again.
pub(crate) async fn edit(
    app: &App,
    scope: &AppScope,
    version: &str,
    if_match: &IfMatch,
    edit: Edit,
) -> Result<AppVersionView> {
    scope.require_chance(Action::Edit)?;
    let blobs = match &edit {
        Edit::UpdateLog(_) => &[],
        Edit::Package(package) => package.blobs(),
    };
    let now = Timestamp::now();
    let transaction = app.store.begin_with(blobs).await?;
    apps::lock(&transaction, scope.app.id).await?;
    let seen = app_versions::find(&transaction, scope.app.id, version).await?;
    let seen = seen.filter(|row| scope.shows(row)).ok_or_else(|| Error::not_found("version"))?;
    if_match.check(seen.revision)?;
    let state = crate::service::lifecycle::next_state(&transaction, scope, &seen, Action::Edit).await?;
    let mut change = AppVersionChange { state, ..AppVersionChange::default() };
    match edit {
        Edit::UpdateLog(text) => {
            check_update_log(&text)?;
            change.update_log = Some(text);
        }
        Edit::Package(package) => {
            require_chart(&scope.app, &package.metadata)?;
            if package.metadata.version != seen.version {
                return Err(Error::invalid(
                    "package",
                    format!("is version {}, and this one is {}", package.metadata.version, seen.version),
                ));
            }
            change.package = Some(package.row);
        }
    }
    let row = app_versions::update(&transaction, &seen, &change, now).await?;
    apps::refresh(&transaction, scope.app.id, now).await?;
    let entry = audit::AuditEntry {
        from_state: seen.state.as_str().to_owned(),
        to_state: row.state.as_str().to_owned(),
        ..about_version(&scope.actor, "edit", &scope.app, &row, now)
    };
    audit::append(&transaction, &entry).await?;
    transaction.commit().await?;
    view(app, scope, row).await
}

/// The files of a version's package.
pub(crate) async fn files(app: &App, scope: &AppScope, version: &str) -> Result<Page<PackageFile>> {
    scope.require(Permission::AppsView)?;
    let row = scope.version(app, version).await?;
    let list = |reader| contents::list_files(reader, &Limits::default());
    let files = read_stored(app, &row.package.digest, row.package.size, list).await?;
    let file =
        |file: contents::FileEntry| PackageFile { path: file.path, size: file.size, binary: file.is_binary };
    let items = files.map_err(Error::internal)?.into_iter().map(file).collect();
    Ok(Page { items, next: None })
}

/// The most bytes of one file that are sent.
const LARGEST_FILE: usize = 4 << 20;

/// One file of a version's package.
pub(crate) async fn file(
    app: &App,
    scope: &AppScope,
    version: &str,
    path: String,
) -> Result<contents::FileContent> {
    scope.require(Permission::AppsView)?;
    let row = scope.version(app, version).await?;
    let read = move |reader| contents::read_content(reader, &path, LARGEST_FILE, &Limits::default());
    let found = read_stored(app, &row.package.digest, row.package.size, read).await?;
    let found = found.map_err(Error::internal)?.ok_or_else(|| Error::not_found("file"))?;
    match found.is_cut {
        true => Err(Error::TooLarge { what: "the file".to_owned(), limit: LARGEST_FILE as u64 }),
        false => Ok(found),
    }
}

/// What differs between two versions of an app.
pub(crate) async fn difference(app: &App, scope: &AppScope, version: &str, from: &str) -> Result<Comparison> {
    scope.require(Permission::AppsView)?;
    let [before, after] = [scope.version(app, from).await?, scope.version(app, version).await?];
    let [before, after] = [bytes(app, &before).await?, bytes(app, &after).await?];
    let compared =
        tokio::task::spawn_blocking(move || compare(&before, &after, &Settings::new(Timestamp::now())));
    compared.await.map_err(Error::internal)?.map_err(|error| Error::Conflict(error.to_string()))
}

/// The package of a version.
pub(crate) async fn bytes(app: &App, row: &AppVersionRow) -> Result<Vec<u8>> {
    stored_bytes(app, &row.package.digest, row.package.size).await
}

/// A stored file.
pub(crate) async fn stored_bytes(app: &App, digest: &Digest, size: u64) -> Result<Vec<u8>> {
    let read = |mut reader: Box<dyn std::io::Read>| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut bytes).map(|_| bytes)
    };
    let bytes = read_stored(app, digest, size, read).await?;
    bytes.map_err(|error| Error::unavailable("the blob store", error))
}
