//! Attachments: which pictures an app uses, so that their bytes stay. Which of them are its icon and its screenshots, in
//! which order, says its information.

use chandlery_core::{AppName, Digest, Result, WorkspaceName};
use jiff::Timestamp;

use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// A picture of an app.
#[derive(Clone, Debug)]
pub struct NewAttachment<'a> {
    /// The row of the app.
    pub app_id: i64,
    /// What it is for: `icon` or `screenshot`.
    pub kind: &'a str,
    /// The sha256 of the bytes, which the transaction has made sure of.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// The media type.
    pub content_type: &'a str,
    /// In pixels; 0 where nobody knows.
    pub width: u32,
    /// In pixels; 0 where nobody knows.
    pub height: u32,
    /// Now.
    pub created_at: Timestamp,
}

/// Notes that an app uses a picture.
///
/// # Errors
/// Faults of the database only.
pub async fn add(transaction: &Transaction, attachment: &NewAttachment<'_>) -> Result<()> {
    let sql = "INSERT INTO attachments (app_id, kind, digest, size, content_type, width, height, created_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8
        WHERE NOT EXISTS (SELECT 1 FROM attachments WHERE app_id = $1 AND kind = $2 AND digest = $3)";
    let values = vec![
        attachment.app_id.into(),
        attachment.kind.into(),
        attachment.digest.to_hex().into(),
        signed(attachment.size).into(),
        attachment.content_type.into(),
        i64::from(attachment.width).into(),
        i64::from(attachment.height).into(),
        nanoseconds(attachment.created_at).into(),
    ];
    transaction.execute(sql, values).await.map(drop)
}

/// The pictures that an app uses.
///
/// # Errors
/// Faults of the database only.
pub async fn digests(connection: &impl Connection, app_id: i64) -> Result<Vec<Digest>> {
    let sql = "SELECT digest FROM attachments WHERE app_id = $1 ORDER BY id";
    let rows = connection.query(sql, vec![app_id.into()]).await?;
    rows.iter().map(|row| Columns::of(row).parse()).collect()
}

/// Notes that an app no longer uses a picture, whatever it was for: garbage collection may have its bytes.
///
/// # Errors
/// Faults of the database only.
pub async fn remove(transaction: &Transaction, app_id: i64, digest: &Digest) -> Result<()> {
    let sql = "DELETE FROM attachments WHERE app_id = $1 AND digest = $2";
    transaction.execute(sql, vec![app_id.into(), digest.to_hex().into()]).await.map(drop)
}

/// What people read of an app, as JSON: the draft, and what the store shows if it was ever released.
///
/// # Errors
/// Faults of the database only.
pub async fn information(connection: &impl Connection, app_id: i64) -> Result<Vec<String>> {
    let sql = "SELECT information FROM apps WHERE id = $1
        UNION ALL SELECT information FROM listings WHERE app_id = $1";
    let rows = connection.query(sql, vec![app_id.into()]).await?;
    rows.iter().map(|row| Columns::of(row).take()).collect()
}

/// An app of the store that has, or had, an icon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingWithIcon {
    /// The name of its chart.
    pub chart_name: String,
    /// Its workspace.
    pub workspace: WorkspaceName,
    /// Its name in the workspace.
    pub app: AppName,
    /// What people read of it, as JSON, as of its last release.
    pub information: String,
}

/// The apps of the store that may have an icon: all, or the one of a chart.
///
/// # Errors
/// Faults of the database only.
pub async fn listings_with_icons(
    connection: &impl Connection,
    chart_name: Option<&str>,
) -> Result<Vec<ListingWithIcon>> {
    let sql = "SELECT listings.chart_name, workspaces.name, apps.name, listings.information
        FROM listings JOIN apps ON apps.id = listings.app_id JOIN workspaces ON workspaces.id = apps.workspace_id
        WHERE ($1 = '' OR listings.chart_name = $1) AND EXISTS
          (SELECT 1 FROM attachments WHERE attachments.app_id = listings.app_id AND attachments.kind = 'icon')";
    let rows = connection.query(sql, vec![chart_name.unwrap_or_default().into()]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok(ListingWithIcon {
                chart_name: columns.take()?,
                workspace: columns.parse()?,
                app: columns.parse()?,
                information: columns.take()?,
            })
        })
        .collect()
}
