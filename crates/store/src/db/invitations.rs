//! Invitations to a workspace. Only the hash of a secret is stored.

use chandlery_core::{AccountName, Digest, Error, Result, RoleName};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// An invitation as it is stored, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// Its row number.
    pub id: i64,
    /// The workspace.
    pub workspace_id: i64,
    /// The role of whoever accepts it.
    pub role: RoleName,
    /// Who invited.
    pub created_by: AccountName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "id, workspace_id, role, created_by, created_at, expires_at";

impl InvitationRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            workspace_id: columns.take()?,
            role: columns.parse()?,
            created_by: columns.parse()?,
            created_at: columns.time()?,
            expires_at: columns.time()?,
        })
    }
}

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation<'a> {
    /// The workspace.
    pub workspace_id: i64,
    /// The role of whoever accepts it.
    pub role: &'a RoleName,
    /// The sha256 of the whole secret.
    pub secret_hash: Digest,
    /// Who invites.
    pub created_by: &'a AccountName,
    /// Now.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Makes an invitation.
///
/// # Errors
/// Faults of the database only.
pub async fn create(connection: &impl Connection, invitation: &NewInvitation<'_>) -> Result<InvitationRow> {
    let sql = format!(
        "INSERT INTO invitations (workspace_id, role, secret_hash, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING {COLUMNS}"
    );
    let values = vec![
        invitation.workspace_id.into(),
        invitation.role.as_str().into(),
        invitation.secret_hash.to_hex().into(),
        invitation.created_by.as_str().into(),
        nanoseconds(invitation.created_at).into(),
        nanoseconds(invitation.expires_at).into(),
    ];
    let row = connection.query_optional(&sql, values).await?;
    InvitationRow::from_row(&row.ok_or_else(|| Error::internal("an insert returned nothing"))?)
}

/// The invitations of a workspace behind the row `after`, in the order they were made; expired ones too.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<InvitationRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM invitations WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    let values = vec![workspace_id.into(), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(InvitationRow::from_row).collect()
}

/// Takes the invitation with this secret, if it is good at the time `now`: it works once.
///
/// # Errors
/// Faults of the database only.
pub async fn take(
    connection: &impl Connection,
    secret_hash: &Digest,
    now: Timestamp,
) -> Result<Option<InvitationRow>> {
    let sql =
        format!("DELETE FROM invitations WHERE secret_hash = $1 AND expires_at > $2 RETURNING {COLUMNS}");
    let values = vec![secret_hash.to_hex().into(), nanoseconds(now).into()];
    let row = connection.query_optional(&sql, values).await?;
    row.as_ref().map(InvitationRow::from_row).transpose()
}

/// Revokes an invitation of a workspace, and returns it.
///
/// # Errors
/// [`Error::NotFound`] when the workspace has none of this row number.
pub async fn delete(connection: &impl Connection, workspace_id: i64, id: i64) -> Result<InvitationRow> {
    let sql = format!("DELETE FROM invitations WHERE workspace_id = $1 AND id = $2 RETURNING {COLUMNS}");
    match connection.query_optional(&sql, vec![workspace_id.into(), id.into()]).await? {
        Some(row) => InvitationRow::from_row(&row),
        None => Err(Error::not_found(format_args!("invitation {id}"))),
    }
}

/// Revokes what somebody who lost rights handed out: in one workspace, or everywhere.
///
/// # Errors
/// Faults of the database only.
pub async fn delete_of(
    connection: &impl Connection,
    workspace_id: Option<i64>,
    created_by: &AccountName,
) -> Result<()> {
    let sql = "DELETE FROM invitations WHERE created_by = $1 AND ($2 = 0 OR workspace_id = $2)";
    let values = vec![created_by.as_str().into(), workspace_id.unwrap_or(0).into()];
    connection.execute(sql, values).await.map(drop)
}
