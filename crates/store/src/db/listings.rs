//! Listings: what the store shows of apps, as of their last release.

use chandlery_core::{AppName, CategoryName, Error, Result, WorkspaceName};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::apps::{self, AppRow};
use super::categories;
use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// Which app a listing is of, and what holds of it now, whatever was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedApp {
    /// Its row number.
    pub id: i64,
    /// The row and the name of its workspace.
    pub workspace: (i64, WorkspaceName),
    /// Its name in the workspace.
    pub name: AppName,
    /// The name in the `Chart.yaml` of all its packages.
    pub chart_name: String,
    /// Its shelf in the store.
    pub category: CategoryName,
}

/// An app of the store. The texts of its draft, which are large, are not read with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRow {
    /// The app.
    pub app: ListedApp,
    /// What people called it at its last release.
    pub display_name: String,
    /// What people read of it, as JSON, as of its last release.
    pub information: String,
    /// The newest released version.
    pub latest_version: String,
    /// When the first version was released.
    pub first_released_at: Timestamp,
    /// When the last version was released.
    pub released_at: Timestamp,
    /// How often its packages were downloaded.
    pub downloads: u64,
    /// The display name in lower case, by which the store sorts.
    pub sort_name: String,
}

pub(super) const COLUMNS: &str = "apps.id, apps.workspace_id, workspaces.name, apps.name, apps.chart_name, categories.name,
    listings.display_name, listings.information, listings.latest_version, listings.first_released_at, listings.released_at,
    listings.downloads, listings.sort_name";

pub(super) fn from() -> String {
    format!("{} JOIN listings ON listings.app_id = apps.id AND listings.visible", apps::FROM)
}

impl ListingRow {
    pub(super) fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            app: ListedApp {
                id: columns.take()?,
                workspace: (columns.take()?, columns.parse()?),
                name: columns.parse()?,
                chart_name: columns.take()?,
                category: columns.parse()?,
            },
            display_name: columns.take()?,
            information: columns.take()?,
            latest_version: columns.take()?,
            first_released_at: columns.time()?,
            released_at: columns.time()?,
            downloads: columns.unsigned()?,
            sort_name: columns.take()?,
        })
    }
}

/// Puts what the app's workspace has now into the store, with its newest active version.
///
/// # Errors
/// [`Error::Conflict`] when another app of the store has this chart name.
pub async fn release(
    transaction: &Transaction,
    app: &AppRow,
    latest_version: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO listings (app_id, workspace_id, category_id, chart_name, visible, display_name, sort_name,
          information, latest_version, downloads, first_released_at, released_at)
        SELECT $1, apps.workspace_id, apps.category_id, $2, $3, $4, $5, $6, $7, 0, $8, $8 FROM apps WHERE apps.id = $1
        ON CONFLICT (app_id) DO UPDATE SET visible = excluded.visible, category_id = excluded.category_id,
          display_name = excluded.display_name, sort_name = excluded.sort_name, information = excluded.information,
          latest_version = excluded.latest_version, released_at = excluded.released_at";
    let owner = "SELECT workspaces.name, apps.name FROM listings JOIN apps ON apps.id = listings.app_id
        JOIN workspaces ON workspaces.id = apps.workspace_id WHERE listings.chart_name = $1 AND listings.app_id <> $2";
    let values = vec![app.chart_name.as_str().into(), app.id.into()];
    if transaction.query_optional(owner, values).await?.is_some() {
        return Err(Error::Conflict(format!(
            "the store has another app whose chart is called {:?}: one name is one app's",
            app.chart_name
        )));
    }
    let values = vec![
        app.id.into(),
        app.chart_name.as_str().into(),
        true.into(),
        app.display_name.as_str().into(),
        app.display_name.to_lowercase().into(),
        app.information.as_str().into(),
        latest_version.into(),
        nanoseconds(now).into(),
    ];
    let before = categories::shown_in(transaction, app.id).await?;
    transaction.execute(sql, values).await?;
    categories::recount(transaction, app.id, before).await
}

/// Notes which version is the newest active one, or that there is none: then the app is not shown.
///
/// # Errors
/// Faults of the database only.
pub async fn refresh(transaction: &Transaction, app_id: i64, latest_version: Option<&str>) -> Result<()> {
    let sql =
        "UPDATE listings SET visible = $2, latest_version = COALESCE($3, latest_version) WHERE app_id = $1";
    let values = vec![app_id.into(), latest_version.is_some().into(), latest_version.into()];
    let before = categories::shown_in(transaction, app_id).await?;
    transaction.execute(sql, values).await?;
    categories::recount(transaction, app_id, before).await
}

/// The app of the store with this row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, app_id: i64) -> Result<Option<ListingRow>> {
    let sql = format!("SELECT {COLUMNS} {} WHERE listings.app_id = $1", from());
    let row = connection.query_optional(&sql, vec![app_id.into()]).await?;
    row.as_ref().map(ListingRow::from_row).transpose()
}

/// The app of the store with this chart name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, chart_name: &str) -> Result<Option<ListingRow>> {
    let sql = format!("SELECT {COLUMNS} {} WHERE listings.chart_name = $1", from());
    let row = connection.query_optional(&sql, vec![chart_name.into()]).await?;
    row.as_ref().map(ListingRow::from_row).transpose()
}
