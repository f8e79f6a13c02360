//! Who an account is at an identity provider.

use chandlery_core::{Error, Result};

use super::Connection;
use super::accounts::{self, AccountRow};
use super::columns::Columns;

/// The account of a subject of an issuer, disabled or not.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, issuer: &str, subject: &str) -> Result<Option<AccountRow>> {
    let sql = format!(
        "SELECT {} FROM identities JOIN accounts ON accounts.id = identities.account_id
         WHERE identities.issuer = $1 AND identities.subject = $2",
        accounts::COLUMNS
    );
    let row = connection.query_optional(&sql, vec![issuer.into(), subject.into()]).await?;
    row.map(|row| AccountRow::take(&mut Columns::of(&row))).transpose()
}

/// Notes that a subject of an issuer is this account.
///
/// # Errors
/// [`Error::AlreadyExists`] when the subject has an account.
pub async fn create(
    connection: &impl Connection,
    issuer: &str,
    subject: &str,
    account_id: i64,
) -> Result<()> {
    let sql =
        "INSERT INTO identities (issuer, subject, account_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    match connection.execute(sql, vec![issuer.into(), subject.into(), account_id.into()]).await? {
        0 => Err(Error::AlreadyExists("this identity".to_owned())),
        _ => Ok(()),
    }
}
