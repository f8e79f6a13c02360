//! External repositories: where they come from, and what is known of that.

mod connect;
mod entries;
mod history;
mod imports;
mod mirror;
pub(crate) mod packages;
pub(crate) mod provenances;
mod sync;

use chandlery_api::{
    AcceptDigest, ChangedDigest, Page, PageQuery, RemovalImpact, SourceCredentials, SourceHook,
    SourceRequest, SourceRunView, SourceSettings, SourceSummary, SourceView, ValidationView,
};
use chandlery_core::{Actor, Digest, Error, Permission, Place, Result, Secret, may};
use chandlery_store::source_runs::{self, SourceRunRow};
use chandlery_store::sources::{self, SourceChange, SourceRow, SourceState};
use chandlery_store::{Sealed, Transaction, external_charts, imports as imported, repositories};
use jiff::{SignedDuration, Timestamp};

use super::repositories::note_with;
use super::virtual_repositories;
use crate::app::{App, Scope, WorkspaceScope};
use crate::authentication::random_secret;
use crate::http::pages::{limit_of, page_of_first};
use connect::Checked;

pub use connect::validation_view;
pub(crate) use sync::{Syncs, keep_syncing};

/// The shortest period between two looks at a source, as KubeSphere has it.
const SHORTEST_PERIOD: u64 = 180;

/// The longest: what is looked at less often is looked at on demand.
const LONGEST_PERIOD: u64 = 31 * 24 * 3600;

/// Patterns of one list.
const MOST_PATTERNS: usize = 100;

/// The shortest time between two looks that a hook asks for.
const HOOK_PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// What secrets of this repository are sealed for.
fn purpose(repository_id: i64) -> String {
    format!("source of repository {repository_id}")
}

/// Makes a new repository external, in the transaction that makes it.
pub(crate) async fn insert(
    app: &App,
    transaction: &Transaction,
    actor: &Actor,
    repository_id: i64,
    request: SourceRequest,
) -> Result<()> {
    let checked = connect::checked(app, request)?;
    if let Some(row) = repositories::find_by_id(transaction, repository_id).await? {
        imports::authorise(transaction, actor, row.workspace_id, &checked.settings).await?;
    }
    let credentials = match checked.credentials.clone().flatten() {
        Some(credentials) => seal(app, repository_id, &credentials)?,
        None => String::new(),
    };
    let settings = encoded(&checked.settings)?;
    let change = row_of(&checked, &settings, &credentials, "created", actor);
    sources::create(transaction, repository_id, &change).await
}

fn row_of<'a>(
    checked: &'a Checked,
    settings: &'a str,
    credentials: &'a str,
    cause: &'a str,
    actor: &'a Actor,
) -> SourceChange<'a> {
    SourceChange {
        kind: &checked.kind,
        url: &checked.settings.url,
        settings,
        credentials,
        next_at: Some(Timestamp::now()),
        cause,
        actor: actor.name(),
    }
}

fn encoded(settings: &SourceSettings) -> Result<String> {
    serde_json::to_string(settings).map_err(Error::internal)
}

fn settings_of(row: &SourceRow) -> Result<SourceSettings> {
    serde_json::from_str(&row.settings).map_err(Error::internal)
}

fn seal(app: &App, repository_id: i64, credentials: &SourceCredentials) -> Result<String> {
    let text = Secret::new(serde_json::to_string(credentials).map_err(Error::internal)?);
    Ok(app.keyring()?.seal(&purpose(repository_id), &text).as_str().to_owned())
}

fn unseal(app: &App, row: &SourceRow) -> Result<Option<SourceCredentials>> {
    if row.credentials.is_empty() {
        return Ok(None);
    }
    let sealed: Sealed = row.credentials.parse()?;
    let text = app.keyring()?.open(&purpose(row.repository_id), &sealed)?;
    serde_json::from_str(text.expose()).map(Some).map_err(Error::internal)
}

/// Refuses settings that cannot be, whatever the kind of the source.
fn check(settings: &SourceSettings) -> Result<()> {
    if settings.period != 0 && !(SHORTEST_PERIOD..=LONGEST_PERIOD).contains(&settings.period) {
        return Err(Error::invalid(
            "period",
            format!("is 0 for only on demand, or between {SHORTEST_PERIOD} and {LONGEST_PERIOD} seconds"),
        ));
    }
    check_patterns("include", settings.include.iter())?;
    check_patterns("exclude", settings.exclude.iter())?;
    settings.import.as_ref().map_or(Ok(()), imports::check)?;
    if settings.cache_quota.is_some_and(|quota| i64::try_from(quota).is_err()) {
        return Err(Error::invalid("cache_quota", "is larger than 2^63 bytes"));
    }
    Ok(())
}

/// Refuses lists that are too long, and patterns that are none.
fn check_patterns<'a>(field: &str, mut patterns: impl ExactSizeIterator<Item = &'a String>) -> Result<()> {
    if patterns.len() > MOST_PATTERNS {
        return Err(Error::invalid(field, format!("has more than {MOST_PATTERNS} patterns")));
    }
    patterns.try_for_each(|pattern| {
        let parsed = glob::Pattern::new(pattern);
        parsed.map(drop).map_err(|error| Error::invalid(field, format!("{pattern:?} is no pattern: {error}")))
    })
}

/// The source of the repository in `scope`.
async fn find(app: &App, scope: &Scope) -> Result<SourceRow> {
    let row = sources::find(app.store.database().reader(), scope.repository.id).await?;
    row.ok_or_else(|| Error::not_found(format_args!("source of {}", scope.repository.path)))
}

/// The source, for those who manage the repository.
pub(crate) async fn get(app: &App, scope: &Scope) -> Result<SourceView> {
    scope.require(Permission::RepositoriesManage)?;
    const SHOWN: u64 = 100;
    let row = find(app, scope).await?;
    let reader = app.store.database().reader();
    let cached = external_charts::cached(reader, row.repository_id).await?;
    let claims = external_charts::claims(reader, row.repository_id, SHOWN).await?;
    let (imported_apps, _) = imported::apps(reader, row.repository_id, 0).await?;
    let failures = imported::failures(reader, row.repository_id, SHOWN).await?;
    let settings = settings_of(&row)?;
    let changed = |claim: external_charts::Claim| ChangedDigest {
        chart: claim.chart,
        version: claim.version,
        digest: claim.digest,
        claimed: claim.claimed,
    };
    Ok(SourceView {
        warnings: warnings(&settings),
        settings,
        has_credentials: !row.credentials.is_empty(),
        state: state_of(row.state, row.leased_until).to_owned(),
        message: Some(row.message).filter(|message| !message.is_empty()),
        kind: row.kind,
        failures: row.failures,
        checked_at: row.checked_at,
        synced_at: row.synced_at,
        next_at: row.next_at,
        cached_packages: cached.packages,
        cached_bytes: cached.bytes,
        vanished_versions: cached.vanished,
        changed_digests: claims.into_iter().map(changed).collect(),
        imported_apps,
        import_problems: failures.into_iter().map(|failure| failure.problem).collect(),
    })
}

fn warnings(settings: &SourceSettings) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.skip_tls_verification {
        warnings.push(
            "the certificate of the source is not verified: whoever answers is trusted with the credentials, and with \
             what is served from here"
                .to_owned(),
        );
    }
    if settings.url.starts_with("http://") || settings.tls == Some(false) {
        warnings.push("the source is not encrypted: anybody on the way can read and change it".to_owned());
    }
    warnings
}

fn state_of(state: SourceState, leased_until: Timestamp) -> &'static str {
    match leased_until > Timestamp::now() {
        true => "syncing",
        false => state.as_str(),
    }
}

/// What everybody who may read a repository may know of its source.
pub(crate) fn summary(source: &repositories::SourceSummary) -> SourceSummary {
    SourceSummary {
        kind: source.kind.clone(),
        state: state_of(source.state, source.leased_until).to_owned(),
        synced_at: source.synced_at,
    }
}

/// Replaces the source. Its charts stay until the next look, which is at once.
pub(crate) async fn replace(app: &App, scope: &Scope, request: SourceRequest) -> Result<SourceView> {
    scope.require(Permission::RepositoriesManage)?;
    let row = find(app, scope).await?;
    let checked = connect::checked(app, request)?;
    let (reader, workspace_id) = (app.store.database().reader(), scope.repository.workspace_id);
    imports::authorise(reader, &scope.actor, workspace_id, &checked.settings).await?;
    let credentials = match &checked.credentials {
        Some(Some(credentials)) => seal(app, row.repository_id, credentials)?,
        Some(None) => String::new(),
        None => {
            stays_there(&row, &checked)?;
            row.credentials.clone()
        }
    };
    let settings = encoded(&checked.settings)?;
    let transaction = app.store.database().begin().await?;
    let change = row_of(&checked, &settings, &credentials, "changed", &scope.actor);
    sources::update(&transaction, row.repository_id, row.revision, &change).await?;
    if settings_of(&row)?.import != checked.settings.import {
        imported::restart(&transaction, row.repository_id).await?;
    }
    note(&transaction, scope, "source.replace", checked.settings.url.clone()).await?;
    transaction.commit().await?;
    app.syncs.wake();
    get(app, scope).await
}

/// Credentials go to the scheme, host and port they were given for: whoever may set the address but does not know them
/// cannot have them sent elsewhere.
fn stays_there(row: &SourceRow, checked: &Checked) -> Result<()> {
    let stored = settings_of(row)?;
    if row.credentials.is_empty() || connect::origin(&stored)? == connect::origin(&checked.settings)? {
        return Ok(());
    }
    Err(Error::invalid(
        "credentials",
        "are needed again, or null for none: the source has another scheme, host or port, and what was given for the \
         old one is not sent there",
    ))
}

async fn note(transaction: &Transaction, scope: &Scope, action: &'static str, message: String) -> Result<()> {
    note_with(transaction, &scope.actor, action, &scope.repository.path, message).await
}

/// Has the source looked at now.
pub(crate) async fn request_sync(app: &App, scope: &Scope) -> Result<()> {
    scope.require(Permission::RepositoriesManage)?;
    find(app, scope).await?;
    let writer = app.store.database().writer();
    sources::request(writer, scope.repository.id, Timestamp::now(), "demand", scope.actor.name()).await?;
    app.syncs.wake();
    Ok(())
}

/// The last looks, newest first.
pub(crate) async fn runs(app: &App, scope: &Scope, query: &PageQuery) -> Result<Page<SourceRunView>> {
    scope.require(Permission::RepositoriesManage)?;
    find(app, scope).await?;
    let limit = limit_of(query.limit)?;
    let before = query.cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| Error::invalid("cursor", "is not one that a page gave"))?;
    let reader = app.store.database().reader();
    let rows = source_runs::list(reader, scope.repository.id, before, u64::from(limit) + 1).await?;
    let views = rows.into_iter().map(run_view).collect::<Result<Vec<_>>>()?;
    Ok(page_of_first(views, limit, |run| run.id.to_string()))
}

fn run_view(row: SourceRunRow) -> Result<SourceRunView> {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(SourceRunView {
        id: row.id,
        cause: row.cause,
        actor: given(row.actor),
        outcome: row.outcome,
        message: given(row.message),
        problems: serde_json::from_str(&row.problems).map_err(Error::internal)?,
        charts: row.counts.charts,
        versions: row.counts.versions,
        added: row.counts.added,
        changed: row.counts.changed,
        vanished: row.counts.vanished,
        skipped: row.counts.skipped,
        imported: row.counts.imported,
        started_at: row.started_at,
        ended_at: row.ended_at,
    })
}

/// Tries a source that is not stored.
pub(crate) async fn validate_new(
    app: &App,
    scope: &WorkspaceScope,
    request: SourceRequest,
) -> Result<ValidationView> {
    scope.require(Permission::RepositoriesManage)?;
    connect::validate(app, request.settings, request.credentials.flatten()).await
}

/// Tries the source of a repository, or what somebody would make of it.
pub(crate) async fn validate(
    app: &App,
    scope: &Scope,
    request: Option<SourceRequest>,
) -> Result<ValidationView> {
    scope.require(Permission::RepositoriesManage)?;
    let row = find(app, scope).await?;
    let Some(request) = request else {
        return connect::validate(app, settings_of(&row)?, unseal(app, &row)?).await;
    };
    let given = request.credentials.clone();
    let checked = connect::checked(app, request.clone());
    let credentials = match (given, checked) {
        (Some(credentials), _) => credentials,
        // What cannot be is told stage by stage, without credentials.
        (None, Err(_)) => None,
        (None, Ok(checked)) if checked.credentials.is_some() => checked.credentials.flatten(),
        (None, Ok(checked)) => {
            stays_there(&row, &checked)?;
            unseal(app, &row)?
        }
    };
    connect::validate(app, request.settings, credentials).await
}

/// Takes over what the source names now as the digest of a version.
pub(crate) async fn accept_digest(app: &App, scope: &Scope, request: AcceptDigest) -> Result<()> {
    scope.require(Permission::RepositoriesManage)?;
    find(app, scope).await?;
    let AcceptDigest { chart, version, digest } = request;
    let id = scope.repository.id;
    let transaction = app.store.database().begin().await?;
    let accepted =
        external_charts::accept_claim(&transaction, id, &chart, &version, &digest, Timestamp::now()).await?;
    let Some(generation) = accepted else {
        return Err(Error::not_found(format_args!(
            "digest {digest} that the source names for {chart} {version}"
        )));
    };
    note(&transaction, scope, "source.accept-digest", format!("{chart} {version}: {digest}")).await?;
    sources::forget_validator(&transaction, id).await?;
    transaction.commit().await?;
    scope.repository.advance(generation);
    Ok(())
}

/// Makes the secret address that has the source looked at; the one before stops working.
pub(crate) async fn create_hook(app: &App, scope: &Scope) -> Result<SourceHook> {
    scope.require(Permission::RepositoriesManage)?;
    find(app, scope).await?;
    let secret = random_secret("chh_")?;
    let transaction = app.store.database().begin().await?;
    let hash = Digest::of(secret.as_bytes()).to_hex();
    sources::set_hook(&transaction, scope.repository.id, Some(&hash)).await?;
    note(&transaction, scope, "source.create-hook", String::new()).await?;
    transaction.commit().await?;
    Ok(SourceHook { secret: app.indexes.links().absolute(&format!("/api/v1/hooks/{secret}")) })
}

/// Takes the secret address away.
pub(crate) async fn delete_hook(app: &App, scope: &Scope) -> Result<()> {
    scope.require(Permission::RepositoriesManage)?;
    find(app, scope).await?;
    let transaction = app.store.database().begin().await?;
    sources::set_hook(&transaction, scope.repository.id, None).await?;
    note(&transaction, scope, "source.delete-hook", String::new()).await?;
    transaction.commit().await
}

/// Has a source looked at by whoever knows its secret address; soon again only after a pause.
pub(crate) async fn run_hook(app: &App, secret: &str) -> Result<()> {
    let hash = Digest::of(secret.as_bytes()).to_hex();
    let reader = app.store.database().reader();
    let unknown = || Error::not_found("hook");
    let id = sources::find_hook(reader, &hash).await?.ok_or_else(unknown)?;
    let row = sources::find(reader, id).await?.ok_or_else(unknown)?;
    let now = Timestamp::now();
    let pause = row.checked_at.map_or(now, |checked_at| checked_at + HOOK_PAUSE);
    sources::request(app.store.database().writer(), id, now.max(pause), "hook", "").await?;
    app.syncs.wake();
    Ok(())
}

/// What removing the repository would do.
pub(crate) async fn removal_impact(app: &App, scope: &Scope) -> Result<RemovalImpact> {
    const MOST_NAMES: u64 = 100;
    scope.require(Permission::RepositoriesManage)?;
    let reader = app.store.database().reader();
    let id = scope.repository.id;
    let counts = app.repositories.counts.of(reader, &[(id, scope.repository.generation())]).await?;
    let counts = counts.first().copied().unwrap_or_default();
    let cached = external_charts::cached(reader, id).await?;
    let (_, names) = imported::apps(reader, id, MOST_NAMES).await?;
    let sees_apps = may(&scope.actor, Permission::AppsView, Place::Workspace(scope.repository.workspace_id));
    let (virtual_repositories, hidden_virtual_repositories) =
        virtual_repositories::containing(app, &scope.actor, id).await?;
    Ok(RemovalImpact {
        virtual_repositories,
        hidden_virtual_repositories,
        imported_apps: if sees_apps { names } else { Vec::new() },
        charts: counts.charts,
        versions: counts.versions,
        cached_packages: cached.packages,
        cached_bytes: cached.bytes,
        apps: external_charts::apps_of(reader, id).await?,
    })
}
