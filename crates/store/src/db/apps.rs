//! Apps: what a workspace publishes.

use chandlery_core::{AppName, CategoryName, Error, Result, VersionState, WorkspaceName};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::{Connection, Transaction, categories};

/// An app as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Its row number, never used again.
    pub id: i64,
    /// The row and the name of its workspace.
    pub workspace: (i64, WorkspaceName),
    /// Its name in the workspace.
    pub name: AppName,
    /// The name in the `Chart.yaml` of all its packages.
    pub chart_name: String,
    /// What people call it.
    pub display_name: String,
    /// What else people read of it, as JSON; the draft, of which the store shows a copy made at release.
    pub information: String,
    /// Its shelf in the store.
    pub category: CategoryName,
    /// Follows from the states of its versions.
    pub state: VersionState,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it, or one of its versions, last changed.
    pub updated_at: Timestamp,
    /// Grows with every change of its own fields.
    pub revision: i64,
}

pub(super) const COLUMNS: &str = "apps.id, apps.workspace_id, workspaces.name, apps.name, apps.chart_name, apps.display_name,
    apps.information, categories.name, apps.state, apps.created_by, apps.created_at, apps.updated_at, apps.revision";

pub(super) const FROM: &str = "FROM apps JOIN workspaces ON workspaces.id = apps.workspace_id
    JOIN categories ON categories.id = apps.category_id";

impl AppRow {
    pub(super) fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: columns.take()?,
            workspace: (columns.take()?, columns.parse()?),
            name: columns.parse()?,
            chart_name: columns.take()?,
            display_name: columns.take()?,
            information: columns.take()?,
            category: columns.parse()?,
            state: columns.parse()?,
            created_by: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
            revision: columns.take()?,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }
}

/// An app to be made, as a draft on the shelf of what has none.
#[derive(Clone, Debug)]
pub struct NewApp<'a> {
    /// The row of its workspace.
    pub workspace_id: i64,
    /// Its name in the workspace.
    pub name: &'a AppName,
    /// The name in the `Chart.yaml` of its first package.
    pub chart_name: &'a str,
    /// What people call it.
    pub display_name: &'a str,
    /// What else people read of it, as JSON.
    pub information: &'a str,
    /// Who makes it.
    pub created_by: &'a str,
    /// Now.
    pub created_at: Timestamp,
}

/// Makes an app and returns its row number.
///
/// # Errors
/// [`Error::AlreadyExists`] when the workspace has one of this name.
pub async fn create(transaction: &Transaction, app: &NewApp<'_>) -> Result<i64> {
    let generation = next_generation(transaction).await?;
    let sql =
        "INSERT INTO apps (workspace_id, name, chart_name, display_name, information, category_id, state,
          created_by, created_at, updated_at, revision, generation)
        SELECT $1, $2, $3, $4, $5, categories.id, 'draft', $6, $7, $7, 1, $8
        FROM categories WHERE categories.name = 'uncategorized'
        ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id";
    let values = vec![
        app.workspace_id.into(),
        app.name.as_str().into(),
        app.chart_name.into(),
        app.display_name.into(),
        app.information.into(),
        app.created_by.into(),
        nanoseconds(app.created_at).into(),
        generation.into(),
    ];
    match transaction.query_optional(sql, values).await? {
        Some(row) => Columns::of(&row).take(),
        None => Err(Error::AlreadyExists(format!("app {}", app.name))),
    }
}

/// The app of a workspace (its row) with a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, workspace_id: i64, name: &AppName) -> Result<Option<AppRow>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE apps.workspace_id = $1 AND apps.name = $2");
    let row = connection.query_optional(&sql, vec![workspace_id.into(), name.as_str().into()]).await?;
    row.as_ref().map(AppRow::from_row).transpose()
}

/// The app of a row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, id: i64) -> Result<Option<AppRow>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE apps.id = $1");
    let row = connection.query_optional(&sql, vec![id.into()]).await?;
    row.as_ref().map(AppRow::from_row).transpose()
}

/// Which apps of a workspace to list; every field that is set narrows the list.
#[derive(Clone, Debug, Default)]
pub struct AppFilter {
    /// In this state.
    pub state: Option<VersionState>,
    /// On this shelf.
    pub category: Option<CategoryName>,
}

/// The apps of a workspace (its row) behind the name `after`, by name, each with its newest version.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: i64,
    filter: &AppFilter,
    after: &str,
    limit: u32,
) -> Result<Vec<(AppRow, Option<String>)>> {
    let mut values = vec![workspace_id.into(), after.into(), i64::from(limit).into()];
    let mut conditions = String::new();
    if let Some(state) = filter.state {
        values.push(state.as_str().into());
        conditions = format!(" AND apps.state = ${}", values.len());
    }
    if let Some(category) = &filter.category {
        values.push(category.as_str().into());
        let known = format!("SELECT id FROM categories WHERE name = ${}", values.len());
        conditions.push_str(&format!(" AND apps.category_id = ({known})"));
    }
    let newest = "SELECT version FROM app_versions WHERE app_id = apps.id ORDER BY sort_key DESC LIMIT 1";
    let sql = format!(
        "SELECT {COLUMNS}, ({newest}) {FROM} WHERE apps.workspace_id = $1 AND apps.name > $2{conditions}
         ORDER BY apps.name LIMIT $3"
    );
    let app = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok((AppRow::take(&mut columns)?, columns.take()?))
    };
    connection.query(&sql, values).await?.iter().map(app).collect()
}

/// What [`update`] writes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct AppChange {
    /// What people call it.
    pub display_name: Option<String>,
    /// What else people read of it, as JSON.
    pub information: Option<String>,
    /// Its shelf in the store.
    pub category: Option<CategoryName>,
}

/// Changes the fields of an app, if its revision is still `revision`.
///
/// # Errors
/// [`Error::Conflict`] when it changed since, [`Error::NotFound`] when the category is not there.
pub async fn update(
    transaction: &Transaction,
    id: i64,
    revision: i64,
    change: &AppChange,
    now: Timestamp,
) -> Result<()> {
    let generation = next_generation(transaction).await?;
    let category = match &change.category {
        Some(name) => Some(category_id(transaction, name).await?),
        None => None,
    };
    let sql =
        "UPDATE apps SET display_name = COALESCE($3, display_name), information = COALESCE($4, information),
          category_id = COALESCE($5, category_id), updated_at = $6, revision = revision + 1, generation = $7
        WHERE id = $1 AND revision = $2";
    let values = vec![
        id.into(),
        revision.into(),
        change.display_name.as_deref().into(),
        change.information.as_deref().into(),
        category.into(),
        nanoseconds(now).into(),
        generation.into(),
    ];
    if transaction.execute(sql, values).await? == 0 {
        let reason = "the app was changed by somebody else meanwhile: read it again";
        return Err(Error::Conflict(reason.to_owned()));
    }
    if category.is_some() {
        // The shelf is the one thing that changes in the store without a release.
        let before = categories::shown_in(transaction, id).await?;
        let sql = "UPDATE listings SET category_id = $2 WHERE app_id = $1";
        transaction.execute(sql, vec![id.into(), category.into()]).await?;
        categories::recount(transaction, id, before).await?;
    }
    Ok(())
}

async fn category_id(connection: &impl Connection, name: &CategoryName) -> Result<i64> {
    let sql = "SELECT id FROM categories WHERE name = $1";
    let row = connection.query_optional(sql, vec![name.as_str().into()]).await?;
    row.map_or_else(|| Err(Error::not_found(format_args!("category {name}"))), |row| Columns::of(&row).take())
}

/// Notes that a version of the app changed, and derives the app's state from those of its versions.
///
/// # Errors
/// Faults of the database only.
pub async fn refresh(transaction: &Transaction, id: i64, now: Timestamp) -> Result<VersionState> {
    let rows = transaction
        .query("SELECT DISTINCT state FROM app_versions WHERE app_id = $1", vec![id.into()])
        .await?;
    let states: Vec<VersionState> = rows.iter().map(|row| Columns::of(row).parse()).collect::<Result<_>>()?;
    let state = chandlery_core::app_state(states);
    let generation = next_generation(transaction).await?;
    let sql = "UPDATE apps SET state = $2, updated_at = $3, generation = $4 WHERE id = $1";
    let values: Vec<Value> =
        vec![id.into(), state.as_str().into(), nanoseconds(now).into(), generation.into()];
    transaction.execute(sql, values).await?;
    Ok(state)
}

/// Locks an app until the transaction ends, so that what happens to its versions happens one after the other.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn lock(transaction: &Transaction, id: i64) -> Result<()> {
    // An update that changes nothing is a lock on both databases.
    match transaction.execute("UPDATE apps SET id = id WHERE id = $1", vec![id.into()]).await? {
        0 => Err(Error::not_found("app")),
        _ => Ok(()),
    }
}

/// Removes an app that has no versions.
///
/// # Errors
/// [`Error::Conflict`] while it has some.
pub async fn delete(transaction: &Transaction, id: i64) -> Result<()> {
    let sql = "DELETE FROM apps WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM app_versions WHERE app_versions.app_id = apps.id)";
    if transaction.execute(sql, vec![id.into()]).await? == 0 {
        return Err(Error::Conflict("the app has versions: delete them first".to_owned()));
    }
    let generation = next_generation(transaction).await?;
    let sql = "INSERT INTO removed_apps (app_id, generation) VALUES ($1, $2)";
    transaction.execute(sql, vec![id.into(), generation.into()]).await.map(drop)
}

/// The next number of a change of any app. Changes happen one after the other: the row stays locked until the
/// transaction ends, so that whoever has seen a number has seen all smaller ones.
async fn next_generation(transaction: &Transaction) -> Result<i64> {
    advance_generation(transaction, 1).await
}

/// Lets nobody else change any app, or put one into a category, until the transaction ends.
pub(super) async fn hold(transaction: &Transaction) -> Result<()> {
    advance_generation(transaction, 0).await.map(drop)
}

/// The last of the next `count` numbers, all of which are the caller's.
pub(super) async fn advance_generation(transaction: &Transaction, count: i64) -> Result<i64> {
    let sql = "UPDATE settings SET value = CAST(CAST(value AS BIGINT) + $1 AS TEXT)
        WHERE name = 'apps-generation' RETURNING CAST(value AS BIGINT)";
    let row = transaction.query_optional(sql, vec![count.into()]).await?;
    let row = row.ok_or_else(|| Error::internal("the table settings has no row apps-generation"))?;
    Columns::of(&row).take()
}

/// The number of the last change of any app.
///
/// # Errors
/// Faults of the database only.
pub async fn generation(connection: &impl Connection) -> Result<i64> {
    let sql = "SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'apps-generation'";
    let row = connection.query_optional(sql, vec![]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).take())
}

/// The apps that changed after `generation`, in the order of their changes, each with the number of its change.
///
/// # Errors
/// Faults of the database only.
pub async fn changed_since(
    connection: &impl Connection,
    generation: i64,
    limit: u32,
) -> Result<Vec<(i64, AppRow)>> {
    let sql = format!(
        "SELECT apps.generation, {COLUMNS} {FROM} WHERE apps.generation > $1 ORDER BY apps.generation LIMIT $2"
    );
    let rows = connection.query(&sql, vec![generation.into(), i64::from(limit).into()]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, AppRow::take(&mut columns)?))
        })
        .collect()
}

/// The apps that were removed after `generation`: their rows, each with the number of its removal.
///
/// # Errors
/// Faults of the database only.
pub async fn removed_since(connection: &impl Connection, generation: i64) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT generation, app_id FROM removed_apps WHERE generation > $1 ORDER BY generation";
    let rows = connection.query(sql, vec![generation.into()]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.take()?))
        })
        .collect()
}
