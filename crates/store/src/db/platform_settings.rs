//! Settings of the platform: named JSON documents.

use chandlery_core::{Error, Result};

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

/// Writes the document of a name unless there is one, and returns the one that there is now: the same for all replicas
/// that begin together.
///
/// # Errors
/// Faults of the database only.
pub async fn write_first(connection: &impl Connection, name: &str, value: &str) -> Result<String> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    connection.execute(sql, vec![name.into(), value.into()]).await?;
    find(connection, name).await?.ok_or_else(|| Error::internal(format!("the setting {name} is gone")))
}
