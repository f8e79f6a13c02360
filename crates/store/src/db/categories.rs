//! Categories: the shelves of the store.

use chandlery_core::{CategoryName, Error, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::{Connection, Transaction, apps};

/// The shelf of apps that have no other: it is always there.
pub const UNCATEGORIZED: &str = "uncategorized";

/// A category as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryRow {
    /// Its row number.
    pub id: i64,
    /// Its name in URLs.
    pub name: CategoryName,
    /// Its fields.
    pub fields: CategoryFields,
    /// How many apps the store shows in it.
    pub apps: u64,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What people see of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryFields {
    /// Its place among the others: the smallest is shown first.
    pub position: i64,
    /// The name of an icon.
    pub icon: String,
    /// What it is called in English.
    pub title: String,
    /// What it is called in other languages, as a JSON object by language.
    pub translations: String,
    /// What belongs there.
    pub description: String,
}

const COLUMNS: &str =
    "id, name, position, icon, title, translations, description, apps, revision, created_at, updated_at";

impl CategoryRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            name: columns.parse()?,
            fields: CategoryFields {
                position: columns.take()?,
                icon: columns.take()?,
                title: columns.take()?,
                translations: columns.take()?,
                description: columns.take()?,
            },
            apps: columns.unsigned()?,
            revision: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// All categories, in the order of their positions.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection) -> Result<Vec<CategoryRow>> {
    let sql = format!("SELECT {COLUMNS} FROM categories ORDER BY position, name");
    connection.query(&sql, vec![]).await?.iter().map(CategoryRow::from_row).collect()
}

/// The category of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, name: &CategoryName) -> Result<Option<CategoryRow>> {
    let sql = format!("SELECT {COLUMNS} FROM categories WHERE name = $1");
    let row = connection.query_optional(&sql, vec![name.as_str().into()]).await?;
    row.as_ref().map(CategoryRow::from_row).transpose()
}

/// The category (its row) in which the store shows an app (its row); `None` if it does not.
pub(super) async fn shown_in(transaction: &Transaction, app_id: i64) -> Result<Option<i64>> {
    let sql = "SELECT category_id FROM listings WHERE app_id = $1 AND visible";
    let row = transaction.query_optional(sql, vec![app_id.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// Counts an app (its row) in the category in which the store shows it now, and no longer in `before`.
pub(super) async fn recount(transaction: &Transaction, app_id: i64, before: Option<i64>) -> Result<()> {
    let now = shown_in(transaction, app_id).await?;
    if now == before {
        return Ok(());
    }
    // Whoever changes categories holds the apps: two who each have what the other needs would wait for ever.
    apps::hold(transaction).await?;
    for (category, change) in [(before, -1_i64), (now, 1)] {
        let Some(category) = category else { continue };
        let sql = "UPDATE categories SET apps = apps + $2 WHERE id = $1";
        transaction.execute(sql, vec![category.into(), change.into()]).await?;
    }
    Ok(())
}

/// The position behind all others but the shelf of what has none.
///
/// # Errors
/// Faults of the database only.
pub async fn last_position(connection: &impl Connection) -> Result<i64> {
    let sql = "SELECT COALESCE(MAX(position), 0) FROM categories WHERE name <> $1";
    let row = connection.query_optional(sql, vec![UNCATEGORIZED.into()]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).take())
}

/// Makes a category.
///
/// # Errors
/// [`Error::AlreadyExists`] when the name is taken.
pub async fn create(
    transaction: &Transaction,
    name: &CategoryName,
    fields: &CategoryFields,
    now: Timestamp,
) -> Result<CategoryRow> {
    let sql = format!(
        "INSERT INTO categories (name, position, icon, title, translations, description, revision, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7) ON CONFLICT (name) DO NOTHING RETURNING {COLUMNS}"
    );
    let values = written(name, fields, now);
    match transaction.query_optional(&sql, values).await? {
        Some(row) => CategoryRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("category {name}"))),
    }
}

fn written(name: &CategoryName, fields: &CategoryFields, now: Timestamp) -> Vec<Value> {
    vec![
        name.as_str().into(),
        fields.position.into(),
        fields.icon.as_str().into(),
        fields.title.as_str().into(),
        fields.translations.as_str().into(),
        fields.description.as_str().into(),
        nanoseconds(now).into(),
    ]
}

/// Writes a category anew, if it still is as `seen`.
///
/// # Errors
/// [`Error::Conflict`] when it changed since; [`Error::AlreadyExists`] when its new name is taken.
pub async fn update(
    transaction: &Transaction,
    seen: &CategoryRow,
    name: &CategoryName,
    fields: &CategoryFields,
    now: Timestamp,
) -> Result<CategoryRow> {
    apps::hold(transaction).await?;
    let renamed = *name != seen.name;
    if renamed && find(transaction, name).await?.is_some() {
        return Err(Error::AlreadyExists(format!("category {name}")));
    }
    let sql = format!(
        "UPDATE categories SET name = $1, position = $2, icon = $3, title = $4, translations = $5, description = $6,
           updated_at = $7, revision = revision + 1
         WHERE id = $8 AND revision = $9 RETURNING {COLUMNS}"
    );
    let mut values = written(name, fields, now);
    values.extend([seen.id.into(), seen.revision.into()]);
    let row = transaction.query_optional(&sql, values).await?.ok_or_else(changed_meanwhile)?;
    if renamed {
        move_apps(transaction, seen.id, seen.id).await?;
    }
    CategoryRow::from_row(&row)
}

/// Removes a category, if it still is as `seen`; its apps go to the category (its row) `heir`.
///
/// # Errors
/// [`Error::Conflict`] when it changed since, or has apps and there is no heir.
pub async fn delete(transaction: &Transaction, seen: &CategoryRow, heir: Option<i64>) -> Result<()> {
    apps::hold(transaction).await?;
    let current = find(transaction, &seen.name).await?;
    if current.is_none_or(|current| current.revision != seen.revision) {
        return Err(changed_meanwhile());
    }
    if let Some(heir) = heir {
        move_apps(transaction, seen.id, heir).await?;
    }
    let sql = "DELETE FROM categories WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM apps WHERE apps.category_id = categories.id)";
    match transaction.execute(sql, vec![seen.id.into()]).await? {
        0 => Err(Error::Conflict(format!(
            "the category {} has apps: say where they go with ?move_to=NAME",
            seen.name
        ))),
        _ => Ok(()),
    }
}

/// Puts all apps, which the caller holds, of one category into another one (or the same under a new name), each with a number of its change.
async fn move_apps(transaction: &Transaction, from: i64, to: i64) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM apps WHERE category_id = $1";
    let row = transaction.query_optional(sql, vec![from.into()]).await?;
    let count: i64 = row.map_or(Ok(0), |row| Columns::of(&row).take())?;
    if count == 0 {
        return Ok(());
    }
    let last = apps::advance_generation(transaction, count).await?;
    // Other lists page by these numbers, so no two are the same.
    let sql = "UPDATE apps SET category_id = $2, generation = $3 + ranked.position
        FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS position FROM apps WHERE category_id = $1) AS ranked
        WHERE ranked.id = apps.id";
    let values = vec![from.into(), to.into(), (last - count).into()];
    transaction.execute(sql, values).await?;
    if from == to {
        return Ok(());
    }
    let sql = "UPDATE listings SET category_id = $2 WHERE category_id = $1";
    transaction.execute(sql, vec![from.into(), to.into()]).await?;
    let sql = "UPDATE categories SET apps = apps + (SELECT apps FROM categories WHERE id = $1) WHERE id = $2";
    transaction.execute(sql, vec![from.into(), to.into()]).await?;
    transaction.execute("UPDATE categories SET apps = 0 WHERE id = $1", vec![from.into()]).await.map(drop)
}

fn changed_meanwhile() -> Error {
    Error::Conflict("the category was changed by somebody else meanwhile: read it again".to_owned())
}
