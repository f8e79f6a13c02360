//! Settings of the platform: named JSON documents.

use chandlery_core::Result;

use super::Connection;
use super::columns::Columns;

/// The document of a name, if it was ever written.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, name: &str) -> Result<Option<String>> {
    let row =
        connection.query_optional("SELECT value FROM settings WHERE name = $1", vec![name.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// Writes the document of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn write(connection: &impl Connection, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    connection.execute(sql, vec![name.into(), value.into()]).await.map(drop)
}
