//! Robots: accounts of a workspace, each with one role there and one token.

use chandlery_core::{AccountName, Result, RoleName, TokenName, TokenScope};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::Columns;

/// A robot as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotRow {
    /// The row of its account.
    pub account_id: i64,
    /// Its login name.
    pub account: AccountName,
    /// What it is for.
    pub description: String,
    /// Its role in the workspace.
    pub role: RoleName,
    /// The name of its token.
    pub token: TokenName,
    /// What its token may be used for.
    pub scope: TokenScope,
    /// When its token stops working, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

const SELECT: &str = "SELECT accounts.id, accounts.name, accounts.display_name, members.role, tokens.name,
      tokens.scope, tokens.expires_at, accounts.created_at
    FROM accounts
    JOIN members ON members.account_id = accounts.id AND members.workspace_id = accounts.workspace_id
    JOIN tokens ON tokens.account_id = accounts.id
    WHERE accounts.workspace_id = $1";

impl RobotRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            account_id: columns.take()?,
            account: columns.parse()?,
            description: columns.take()?,
            role: columns.parse()?,
            token: columns.parse()?,
            scope: columns.parse()?,
            expires_at: columns.time_or_null()?,
            created_at: columns.time()?,
        })
    }
}

/// The robots of a workspace behind the login name `after`, by login name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: i64,
    after: &str,
    limit: u32,
) -> Result<Vec<RobotRow>> {
    let sql = format!("{SELECT} AND accounts.name > $2 ORDER BY accounts.name LIMIT $3");
    let values = vec![workspace_id.into(), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(RobotRow::from_row).collect()
}

/// One robot of a workspace, by its login name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    workspace_id: i64,
    account: &AccountName,
) -> Result<Option<RobotRow>> {
    let sql = format!("{SELECT} AND accounts.name = $2");
    let row = connection.query_optional(&sql, vec![workspace_id.into(), account.as_str().into()]).await?;
    row.as_ref().map(RobotRow::from_row).transpose()
}
