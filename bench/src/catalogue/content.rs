//! The rows of a catalogue. Numbers below 1000 are left to the server; times go up by a second.

use anyhow::Result;
use chandlery_core::Digest;
use chandlery_search::{Document, View};
use flate2::Compression;
use flate2::write::GzEncoder;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::json;

use super::corpus::{Corpus, WORKSPACES};
use super::insert::{Insert, Value};
use super::{ADMIN, TENANT};

/// The versions of an app.
pub(crate) const VERSIONS: i64 = 10;

/// An app with many versions.
pub(crate) const BIG_APP: i64 = 0;

/// How many it has.
pub(crate) const BIG_APP_VERSIONS: i64 = 2_000;

/// A workspace with a tenth of all apps and much else.
pub(crate) const BIG_WORKSPACE: &str = "team-0";

/// A category of the store.
pub(crate) const CATEGORY: &str = "iot";

/// Distinct packages.
const PACKAGES: i64 = 2_000;

/// Accounts of people.
const ACCOUNTS: i64 = 10_000;

/// The first row number of ours in each table.
const FIRST: i64 = 1_000;

/// The time of the first row, in seconds since 1970.
const BEGIN: i64 = 1_700_000_000;

const CATEGORIES: [&str; 11] = [
    "database",
    "messaging",
    "monitoring",
    "logging",
    "storage",
    "network",
    "security",
    "web",
    "machine-learning",
    CATEGORY,
    "development",
];

/// After so many apps or accounts everything is sent in the order of the tables: rows refer to rows of other tables, which
/// have to be there first. Few enough that nothing is sent by itself before.
const STEP: i64 = 100;

/// Sends what was not sent, in this order.
async fn flush(connection: &DatabaseConnection, inserts: &mut [&mut Insert]) -> Result<()> {
    for insert in inserts {
        insert.flush(connection).await?;
    }
    Ok(())
}

/// A row of values, each turned into one.
macro_rules! row {
    ($($value:expr),* $(,)?) => { &[$(Value::from($value)),*] };
}

fn at(second: i64) -> i64 {
    (BEGIN + second) * 1_000_000_000
}

/// The name of an app, no two of which are the same.
pub(crate) fn app_name(document: &Document) -> String {
    format!("{}-{}", document.name, document.id)
}

fn workspace_of(app: i64) -> i64 {
    FIRST + if app % 10 == 0 { 0 } else { app % WORKSPACES }
}

/// Four fifths of the apps are shown; some were taken down, the rest are drafts, in every workspace.
fn state_of(app: i64) -> &'static str {
    match app / 7 % 20 {
        2 => "suspended",
        7 | 11 | 13 => "draft",
        _ => "active",
    }
}

/// The state of a version: the newest of an app is on its way, the ones before it are where the app is.
fn version_state(app: i64, number: i64, count: i64) -> &'static str {
    match (state_of(app), count - 1 - number) {
        ("draft", _) => "draft",
        (_, 0) => ["draft", "submitted", "in-review", "rejected"][(app / 20 % 4) as usize],
        (state, _) => state,
    }
}

/// The packages, each with its README.
pub(super) fn packages() -> Result<Vec<Vec<u8>>> {
    let mut corpus = Corpus::new();
    (0..PACKAGES).map(|number| package(&corpus.document(number, View::Store))).collect()
}

fn package(document: &Document) -> Result<Vec<u8>> {
    let files = [
        ("Chart.yaml", format!("apiVersion: v2\nname: {}\nversion: 1.0.0\n", document.name)),
        ("values.yaml", "replicas: 1\n".to_owned()),
        ("templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".to_owned()),
        ("README.md", document.readmes.join("\n\n")),
    ];
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{}/{path}", document.name), content.as_bytes())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// Writes everything for so many apps.
pub(super) async fn write(connection: &DatabaseConnection, apps: i64) -> Result<()> {
    connection.execute_unprepared("BEGIN").await?;
    write_people(connection).await?;
    write_big_workspace(connection).await?;
    write_categories(connection).await?;
    write_apps(connection, apps).await?;
    write_versions(connection, apps).await?;
    write_audit(connection, apps).await?;
    let generation = format!("UPDATE settings SET value = '{apps}' WHERE name = 'apps-generation'");
    connection.execute_unprepared(&generation).await?;
    let counts = "UPDATE categories SET apps = (SELECT COUNT(*) FROM listings WHERE visible AND category_id = categories.id)";
    connection.execute_unprepared(counts).await?;
    connection.execute_unprepared("COMMIT").await?;
    Ok(())
}

async fn write_people(connection: &DatabaseConnection) -> Result<()> {
    let mut workspaces = Insert::into("workspaces", "id, name, display_name, about, created_at");
    for number in 0..WORKSPACES {
        let name = format!("team-{number}");
        workspaces.row(connection, row![FIRST + number, &name, &name, "", at(number)]).await?;
    }
    workspaces.flush(connection).await?;
    let columns = "id, name, role, disabled, created_at, display_name, email, workspace_id";
    let mut accounts = Insert::into("accounts", columns);
    let mut members = Insert::into("members", "workspace_id, account_id, role, created_at");
    for number in 0..ACCOUNTS {
        let (id, name) = (FIRST + number, format!("person-{number}"));
        let values = row![id, &name, "platform-regular", false, at(number), &name, "", Value::Null];
        accounts.row(connection, values).await?;
        let big = (number % WORKSPACES != 0 && number % 5 == 0).then_some(FIRST);
        for workspace in [Some(FIRST + number % WORKSPACES), big].into_iter().flatten() {
            members.row(connection, row![workspace, id, "workspace-regular", at(number)]).await?;
        }
        if number % STEP == 0 {
            flush(connection, &mut [&mut accounts, &mut members]).await?;
        }
    }
    let tenant = FIRST - 1;
    let values = row![tenant, "tenant", "platform-regular", false, at(0), "", "", Value::Null];
    accounts.row(connection, values).await?;
    for step in 0..40 {
        let workspace = FIRST + 3 + step * 25;
        members.row(connection, row![workspace, tenant, "workspace-regular", at(0)]).await?;
    }
    flush(connection, &mut [&mut accounts, &mut members]).await?;
    write_tokens(connection, tenant).await
}

async fn write_tokens(connection: &DatabaseConnection, tenant: i64) -> Result<()> {
    let hash = |secret: &str| Digest::of(secret.as_bytes()).to_hex();
    let columns = "account_id, name, secret_hash, scope, created_at";
    let mut tokens = Insert::into("tokens", columns);
    tokens.row(connection, row![tenant, "bench", &hash(TENANT), "all", at(0)]).await?;
    tokens.flush(connection).await?;
    let admin = "SELECT id FROM accounts WHERE name = 'admin'";
    for number in 0..300 {
        let name = format!("token-{number}");
        let secret = if number == 0 { ADMIN } else { &name };
        let sql = format!(
            "INSERT INTO tokens ({columns}) VALUES (({admin}), '{name}', '{}', 'all', {})",
            hash(secret),
            at(number)
        );
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// What one workspace has besides apps, and what the platform has besides workspaces.
async fn write_big_workspace(connection: &DatabaseConnection) -> Result<()> {
    const MANY: i64 = 1_000;
    let columns = "workspace_id, name, display_name, description, created_at";
    let mut projects = Insert::into("projects", columns);
    let columns = "workspace_id, kind, name, description, permissions, created_at, updated_at";
    let mut roles = Insert::into("roles", columns);
    let columns = "workspace_id, role, secret_hash, created_by, created_at, expires_at";
    let mut invitations = Insert::into("invitations", columns);
    let columns = "id, name, role, disabled, created_at, display_name, email, workspace_id";
    let mut robots = Insert::into("accounts", columns);
    let mut members = Insert::into("members", "workspace_id, account_id, role, created_at");
    let mut tokens = Insert::into("tokens", "account_id, name, secret_hash, scope, created_at");
    let columns =
        "workspace_id, name, visibility, allow_overwrite, description, generation, created_at, updated_at";
    let mut repositories = Insert::into("repositories", columns);
    for number in 0..MANY {
        let (name, now) = (format!("thing-{number}"), at(number));
        projects.row(connection, row![FIRST, &name, &name, "", now]).await?;
        for (workspace, kind) in [(0, "platform"), (FIRST, "workspace")] {
            roles.row(connection, row![workspace, kind, &name, "", "apps.view", now, now]).await?;
        }
        let never = at(1_000_000_000);
        invitations.row(connection, row![FIRST, "workspace-regular", &name, "admin", now, never]).await?;
        let (id, robot) = (FIRST + ACCOUNTS + number, format!("robot.{name}"));
        let values = row![id, &robot, "platform-regular", false, now, "", "", FIRST];
        robots.row(connection, values).await?;
        members.row(connection, row![FIRST, id, "workspace-viewer", now]).await?;
        tokens.row(connection, row![id, "robot", &robot, "pull", now]).await?;
        let visibility = ["public", "internal", "private"][(number % 3) as usize];
        repositories.row(connection, row![FIRST, &name, visibility, false, "", 0, now, now]).await?;
    }
    let all = &mut [
        &mut projects,
        &mut roles,
        &mut invitations,
        &mut robots,
        &mut members,
        &mut tokens,
        &mut repositories,
    ];
    flush(connection, all).await
}

async fn write_categories(connection: &DatabaseConnection) -> Result<()> {
    let columns =
        "id, name, position, icon, title, translations, description, revision, created_at, updated_at";
    let mut categories = Insert::into("categories", columns);
    for (id, name) in (FIRST..).zip(CATEGORIES) {
        categories.row(connection, row![id, name, id, "", name, "{}", "", 1, at(id), at(id)]).await?;
    }
    categories.flush(connection).await
}

async fn write_apps(connection: &DatabaseConnection, count: i64) -> Result<()> {
    let columns =
        "id, workspace_id, name, chart_name, display_name, information, category_id, state, created_by,
        created_at, updated_at, revision, generation";
    let mut apps = Insert::into("apps", columns);
    let columns =
        "app_id, workspace_id, category_id, chart_name, visible, display_name, sort_name, information,
        latest_version, downloads, first_released_at, released_at";
    let mut listings = Insert::into("listings", columns);
    let mut corpus = Corpus::new();
    for app in 0..count {
        let document = corpus.document(app, View::Store);
        let (name, information) = (app_name(&document), information(&document));
        let (workspace, state) = (workspace_of(app), state_of(app));
        let category = FIRST + app % CATEGORIES.len() as i64;
        let display_name = document.display_names.first().unwrap_or(&name);
        let (id, now) = (FIRST + app, at(app));
        let values = row![
            id,
            workspace,
            &name,
            &name,
            display_name,
            &information,
            category,
            state,
            "isv",
            now,
            now,
            1,
            app + 1
        ];
        apps.row(connection, values).await?;
        if state != "draft" {
            let shown = state == "active";
            let (sort_name, latest) = (display_name.to_lowercase(), version(versions_of(app) - 2));
            let values = row![
                id,
                workspace,
                category,
                &name,
                shown,
                display_name,
                &sort_name,
                &information,
                &latest,
                app * 7_919 % 10_007,
                now,
                now
            ];
            listings.row(connection, values).await?;
        }
        if app % STEP == 0 {
            flush(connection, &mut [&mut apps, &mut listings]).await?;
        }
    }
    flush(connection, &mut [&mut apps, &mut listings]).await
}

fn information(document: &Document) -> String {
    let words: Vec<&str> = document.readmes.iter().flat_map(|text| text.split(' ')).take(100).collect();
    let maintainers: Vec<_> = document.maintainers.iter().map(|name| json!({ "name": name })).collect();
    let zh = json!({ "display_name": document.display_names.get(1), "summary": document.summaries.get(1) });
    let zh = if document.summaries.len() > 1 { zh } else { json!({}) };
    json!({
        "summary": document.summaries[0],
        "description": words.join(" "),
        "keywords": document.keywords,
        "maintainers": maintainers,
        "home": "https://example.com",
        "zh": zh,
    })
    .to_string()
}

fn versions_of(app: i64) -> i64 {
    if app == BIG_APP { BIG_APP_VERSIONS } else { VERSIONS }
}

fn version(number: i64) -> String {
    format!("1.{number}.0")
}

async fn write_versions(connection: &DatabaseConnection, apps: i64) -> Result<()> {
    let columns = "id, app_id, version, state, sort_key, app_version, package_digest, size, metadata, update_log, review_id,
        created_by, created_at, updated_at, released_at, revision";
    let mut versions = Insert::into("app_versions", columns);
    let columns =
        "id, version_id, app_id, workspace_id, state, phases, phase, submitted_by, submitter, reviewer,
        package_digest, report, submitted_at, updated_at";
    let mut reviews = Insert::into("reviews", columns);
    let mut downloads = Insert::into("downloads", "app_id, version, downloads");
    let packages: Vec<_> =
        packages()?.iter().map(|bytes| (Digest::of(bytes).to_hex(), bytes.len() as i64)).collect();
    let report =
        json!({ "checks": [{ "id": "render", "outcome": "passed", "summary": "renders" }] }).to_string();
    let mut id = FIRST;
    for app in 0..apps {
        let (digest, size) = &packages[(app % PACKAGES) as usize];
        for number in 0..versions_of(app) {
            let (text, state) = (version(number), version_state(app, number, versions_of(app)));
            // As the server makes it of such a version.
            let sort_key = format!("1{:020}{number:020}{:020}~ {text}", 1, 0);
            let metadata = format!(r#"{{"apiVersion":"v2","name":"app","version":"{text}"}}"#);
            let (review, now) = ((state != "draft").then_some(id), at(app + number));
            let values = row![
                id,
                FIRST + app,
                &text,
                state,
                &sort_key,
                "7",
                digest,
                *size,
                &metadata,
                "Faster",
                review,
                "isv",
                now,
                now,
                Some(now).filter(|_| state == "active"),
                1
            ];
            versions.row(connection, values).await?;
            // Of the reviews only the last ones, or there would be a million.
            if let Some(review) = review.filter(|_| number + 2 >= versions_of(app)) {
                let values = row![
                    review,
                    id,
                    FIRST + app,
                    workspace_of(app),
                    state,
                    "review",
                    0,
                    FIRST,
                    "person-0",
                    "",
                    digest,
                    &report,
                    now,
                    now
                ];
                reviews.row(connection, values).await?;
            }
            if state == "active" && number % 3 == 0 {
                downloads.row(connection, row![FIRST + app, &text, number + 1]).await?;
            }
            id += 1;
        }
        if app % STEP == 0 {
            flush(connection, &mut [&mut versions, &mut reviews]).await?;
        }
    }
    flush(connection, &mut [&mut versions, &mut reviews, &mut downloads]).await
}

/// Five entries per app: on the way to its first release.
async fn write_audit(connection: &DatabaseConnection, apps: i64) -> Result<()> {
    let columns =
        "at, actor, role, action, kind, name, workspace_id, workspace, app_id, version_id, phase, from_state,
        to_state, message, digest";
    let mut audit = Insert::into("audit", columns);
    let steps = [
        ("upload", "", "draft"),
        ("submit", "draft", "submitted"),
        ("start-review", "submitted", "in-review"),
        ("pass", "in-review", "passed"),
        ("release", "passed", "active"),
    ];
    for app in 0..apps {
        let (workspace, name) = (workspace_of(app), format!("app {app} 1.0.0"));
        let workspace_name = format!("team-{}", workspace - FIRST);
        for (step, (action, from, to)) in (0..).zip(steps) {
            let actor = format!("person-{}", (app + step) % ACCOUNTS);
            let values = row![
                at(app * 5 + step),
                &actor,
                "platform-regular",
                action,
                "version",
                &name,
                workspace,
                &workspace_name,
                FIRST + app,
                FIRST + app * VERSIONS,
                "",
                from,
                to,
                "",
                ""
            ];
            audit.row(connection, values).await?;
        }
    }
    audit.flush(connection).await
}
