//! What the store shows, page by page, and what finding things needs: lists of listings, released versions, apps by
//! their rows, downloads.

use chandlery_core::{AppName, CategoryName, Result, VersionState, WorkspaceName};
use sea_orm::{QueryResult, Value};

use super::apps::{self, AppRow};
use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::listings::{self, ListingRow};
use super::{Connection, Transaction};

/// The order of listings; those that are equal in it follow by their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingOrder {
    /// By the name people read, in lower case.
    Name,
    /// The last released first.
    Newest,
    /// The most downloaded first.
    Downloads,
}

impl ListingOrder {
    fn column(self) -> &'static str {
        match self {
            Self::Name => "sort_name",
            Self::Newest => "released_at",
            Self::Downloads => "downloads",
        }
    }
}

/// The place of a listing in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingPlace {
    /// What it is sorted by.
    pub value: PlaceValue,
    /// Its app's row.
    pub app_id: i64,
}

/// What a listing is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceValue {
    /// With [`ListingOrder::Name`].
    Name(String),
    /// With any other.
    Number(i64),
}

impl ListingRow {
    /// Its place in an order.
    #[must_use]
    pub fn place(&self, order: ListingOrder) -> ListingPlace {
        let value = match order {
            ListingOrder::Name => PlaceValue::Name(self.sort_name.clone()),
            ListingOrder::Newest => PlaceValue::Number(nanoseconds(self.released_at)),
            ListingOrder::Downloads => PlaceValue::Number(signed(self.downloads)),
        };
        ListingPlace { value, app_id: self.app.id }
    }
}

/// Which listings; every field that is set narrows the list.
#[derive(Clone, Debug, Default)]
pub struct ListingFilter {
    /// On this shelf.
    pub category: Option<CategoryName>,
    /// Of this workspace (its row).
    pub workspace_id: Option<i64>,
    /// One of these apps (their rows).
    pub among: Option<Vec<i64>>,
    /// Those whose display name, in lower case, or chart name begins so.
    pub prefix: Option<String>,
    /// Those whose information contains all of these texts: slow, for when there is no better way.
    pub containing: Vec<String>,
}

/// A statement in the making.
struct Clauses {
    sql: String,
    values: Vec<Value>,
}

impl Clauses {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn and(&mut self, clause: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(clause);
    }

    fn and_one_of(&mut self, column: &str, numbers: &[i64]) {
        let list: Vec<String> = numbers.iter().map(|number| self.parameter(*number)).collect();
        // Neither database takes an empty list.
        let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
        self.and(&format!("{column} IN ({list})"));
    }

    fn filter(&mut self, filter: &ListingFilter) {
        if let Some(category) = &filter.category {
            let name = self.parameter(category.as_str());
            self.and(&format!("category_id = (SELECT id FROM categories WHERE name = {name})"));
        }
        if let Some(id) = filter.workspace_id {
            let id = self.parameter(id);
            self.and(&format!("workspace_id = {id}"));
        }
        if let Some(among) = &filter.among {
            self.and_one_of("app_id", among);
        }
        if let Some(prefix) = &filter.prefix {
            let prefix = self.parameter(prefix.as_str());
            self.and(&format!(
                "(SUBSTR(sort_name, 1, LENGTH({prefix})) = {prefix} OR SUBSTR(chart_name, 1, LENGTH({prefix})) = {prefix})"
            ));
        }
        for text in &filter.containing {
            let text = self.parameter(format!("%{}%", escaped(text)));
            self.and(&format!("LOWER(information) LIKE {text} ESCAPE '!'"));
        }
    }

    /// The page behind `after` by a column.
    fn page(&mut self, order: ListingOrder, after: Option<&ListingPlace>, limit: u32) {
        let column = order.column();
        let (comparison, direction) = if order == ListingOrder::Name { (">", "") } else { ("<", "DESC") };
        if let Some(place) = after {
            let value = match &place.value {
                PlaceValue::Name(name) => self.parameter(name.as_str()),
                PlaceValue::Number(number) => self.parameter(*number),
            };
            let id = self.parameter(place.app_id);
            self.and(&format!("({column}, app_id) {comparison} ({value}, {id})"));
        }
        let limit = self.parameter(i64::from(limit));
        self.sql.push_str(&format!(" ORDER BY {column} {direction}, app_id {direction} LIMIT {limit}"));
    }
}

/// A text for `LIKE … ESCAPE '!'` that stands for itself.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The listings behind `after` in an order, at most `limit`.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    filter: &ListingFilter,
    order: ListingOrder,
    after: Option<&ListingPlace>,
    limit: u32,
) -> Result<Vec<ListingRow>> {
    let mut page = Clauses::new("SELECT app_id FROM listings WHERE visible");
    page.filter(filter);
    page.page(order, after, limit);
    let direction = if order == ListingOrder::Name { "" } else { "DESC" };
    // The page is found along one index, and only then joined with what it shows.
    let sql = format!(
        "SELECT {} {} WHERE listings.app_id IN ({}) ORDER BY listings.{} {direction}, listings.app_id {direction}",
        listings::COLUMNS,
        listings::from(),
        page.sql,
        order.column()
    );
    connection.query(&sql, page.values).await?.iter().map(ListingRow::from_row).collect()
}

/// The listings of these apps (their rows), in any order.
///
/// # Errors
/// Faults of the database only.
pub async fn find_many(connection: &impl Connection, app_ids: &[i64]) -> Result<Vec<ListingRow>> {
    let mut clauses = Clauses::new(&format!("SELECT {} {} WHERE 1 = 1", listings::COLUMNS, listings::from()));
    clauses.and_one_of("listings.app_id", app_ids);
    connection.query(&clauses.sql, clauses.values).await?.iter().map(ListingRow::from_row).collect()
}

/// The listing of an app by the names of its workspace and its own.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    workspace: &WorkspaceName,
    app: &AppName,
) -> Result<Option<ListingRow>> {
    let sql = format!(
        "SELECT {} {} WHERE workspaces.name = $1 AND apps.name = $2",
        listings::COLUMNS,
        listings::from()
    );
    let row = connection.query_optional(&sql, vec![workspace.as_str().into(), app.as_str().into()]).await?;
    row.as_ref().map(ListingRow::from_row).transpose()
}

/// Whether the app (its row) ever had a version released, whatever the store shows of it now.
///
/// # Errors
/// Faults of the database only.
pub async fn was_released(connection: &impl Connection, app_id: i64) -> Result<bool> {
    let sql = "SELECT 1 FROM listings WHERE app_id = $1";
    Ok(connection.query_optional(sql, vec![app_id.into()]).await?.is_some())
}

/// These apps (their rows), in any order.
///
/// # Errors
/// Faults of the database only.
pub async fn find_apps(connection: &impl Connection, ids: &[i64]) -> Result<Vec<AppRow>> {
    let mut clauses = Clauses::new(&format!("SELECT {} {} WHERE 1 = 1", apps::COLUMNS, apps::FROM));
    clauses.and_one_of("apps.id", ids);
    apps_of(&connection.query(&clauses.sql, clauses.values).await?)
}

fn apps_of(rows: &[QueryResult]) -> Result<Vec<AppRow>> {
    rows.iter().map(|row| AppRow::take(&mut Columns::of(row))).collect()
}

/// The apps of these workspaces (their rows; of all if `None`) whose name or display name begins with `prefix`, behind
/// the row `after`, in the order of their rows: slow, for when there is no better way.
///
/// # Errors
/// Faults of the database only.
pub async fn list_apps(
    connection: &impl Connection,
    workspaces: Option<&[i64]>,
    prefix: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<AppRow>> {
    let mut clauses = Clauses::new(&format!("SELECT {} {} WHERE 1 = 1", apps::COLUMNS, apps::FROM));
    if let Some(ids) = workspaces {
        clauses.and_one_of("apps.workspace_id", ids);
    }
    let prefix = clauses.parameter(prefix);
    clauses.and(&format!(
        "(SUBSTR(LOWER(apps.display_name), 1, LENGTH({prefix})) = {prefix} OR SUBSTR(apps.name, 1, LENGTH({prefix})) = {prefix})"
    ));
    let after = clauses.parameter(after);
    clauses.and(&format!("apps.id > {after}"));
    let limit = clauses.parameter(i64::from(limit));
    clauses.sql.push_str(&format!(" ORDER BY apps.id LIMIT {limit}"));
    apps_of(&connection.query(&clauses.sql, clauses.values).await?)
}

/// A version as the store shows it in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedVersion {
    /// The row.
    pub version: super::app_versions::AppVersionRow,
    /// How often its package was downloaded.
    pub downloads: u64,
}

/// The active versions of an app (its row) below the sort key `before`, newest first, with their downloads.
///
/// # Errors
/// Faults of the database only.
pub async fn versions(
    connection: &impl Connection,
    app_id: i64,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<ReleasedVersion>> {
    let rows =
        super::app_versions::list_in_state(connection, app_id, VersionState::Active, before, limit).await?;
    let sql = "SELECT version, downloads FROM downloads WHERE app_id = $1";
    let counted = connection.query(sql, vec![app_id.into()]).await?;
    let mut downloads = std::collections::HashMap::new();
    for row in &counted {
        let mut columns = Columns::of(row);
        downloads.insert(columns.take::<String>()?, columns.unsigned()?);
    }
    let with_downloads = |version: super::app_versions::AppVersionRow| ReleasedVersion {
        downloads: downloads.get(&version.version).copied().unwrap_or_default(),
        version,
    };
    Ok(rows.into_iter().map(with_downloads).collect())
}

/// How often the package of a version of an app (its row) was downloaded.
///
/// # Errors
/// Faults of the database only.
pub async fn downloads(connection: &impl Connection, app_id: i64, version: &str) -> Result<u64> {
    let sql = "SELECT downloads FROM downloads WHERE app_id = $1 AND version = $2";
    let row = connection.query_optional(sql, vec![app_id.into(), version.into()]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).unsigned())
}

/// Adds downloads of files of a repository (its row) to the versions of the store's apps that they are packages of.
/// Files that are none of these any more are left out.
///
/// # Errors
/// Faults of the database only.
pub async fn add_downloads(
    transaction: &Transaction,
    repository_id: i64,
    files: &[(String, u64)],
) -> Result<()> {
    // In one order, so that two replicas never wait for each other.
    let mut files: Vec<_> = files.iter().collect();
    files.sort();
    for (file_name, count) in files {
        let sql = "INSERT INTO downloads (app_id, version, downloads)
            SELECT listings.app_id, versions.version, $3 FROM versions
            JOIN charts ON charts.id = versions.chart_id JOIN listings ON listings.chart_name = charts.name
            WHERE versions.repository_id = $1 AND versions.file_name = $2
            ON CONFLICT (app_id, version) DO UPDATE SET downloads = downloads.downloads + excluded.downloads
            RETURNING app_id";
        let values = vec![repository_id.into(), file_name.as_str().into(), signed(*count).into()];
        let Some(row) = transaction.query_optional(sql, values).await? else { continue };
        let app_id: i64 = Columns::of(&row).take()?;
        let sql = "UPDATE listings SET downloads = downloads + $2 WHERE app_id = $1";
        transaction.execute(sql, vec![app_id.into(), signed(*count).into()]).await?;
    }
    Ok(())
}
