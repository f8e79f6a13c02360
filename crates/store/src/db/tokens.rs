//! Tokens: what programs log in with. Only the hash of a secret is stored.

use chandlery_core::{Digest, Error, Result, TokenName, TokenScope};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::accounts::{self, AccountRow};
use super::columns::{Columns, nanoseconds};

/// A token as it is stored, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its row number.
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may be used for.
    pub scope: TokenScope,
    /// The only repository it is good for, if it is limited to one.
    pub repository_id: Option<i64>,
    /// When it stops working, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "tokens.id, tokens.account_id, tokens.name, tokens.scope, tokens.repository_id, tokens.expires_at, tokens.created_at";

impl TokenRow {
    fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: columns.take()?,
            account_id: columns.take()?,
            name: columns.parse()?,
            scope: columns.parse()?,
            repository_id: columns.take()?,
            expires_at: columns.time_or_null()?,
            created_at: columns.time()?,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it is.
    pub account_id: i64,
    /// What its owner calls it.
    pub name: TokenName,
    /// The sha256 of the whole token as the client sends it.
    pub secret_hash: Digest,
    /// What it may be used for.
    pub scope: TokenScope,
    /// The only repository it is good for, if it is limited to one.
    pub repository_id: Option<i64>,
    /// When it stops working, if it does.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub created_at: Timestamp,
}

/// Makes a token.
///
/// # Errors
/// [`Error::AlreadyExists`] when the account has one of this name.
pub async fn create(connection: &impl Connection, token: &NewToken) -> Result<TokenRow> {
    let sql = format!(
        "INSERT INTO tokens (account_id, name, secret_hash, scope, repository_id, expires_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, name) DO NOTHING RETURNING {COLUMNS}"
    );
    let values = vec![
        token.account_id.into(),
        token.name.as_str().into(),
        token.secret_hash.to_hex().into(),
        token.scope.as_str().into(),
        token.repository_id.into(),
        token.expires_at.map(nanoseconds).into(),
        nanoseconds(token.created_at).into(),
    ];
    match connection.query_optional(&sql, values).await? {
        Some(row) => TokenRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("token {}", token.name))),
    }
}

/// The token with this secret and its account, if both are good at the time `now`: not expired, not disabled.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_secret(
    connection: &impl Connection,
    secret_hash: &Digest,
    now: Timestamp,
) -> Result<Option<(TokenRow, AccountRow)>> {
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM tokens JOIN accounts ON accounts.id = tokens.account_id
         WHERE tokens.secret_hash = $1 AND (tokens.expires_at IS NULL OR tokens.expires_at > $2)
           AND NOT accounts.disabled",
        accounts::COLUMNS
    );
    let row =
        connection.query_optional(&sql, vec![secret_hash.to_hex().into(), nanoseconds(now).into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let mut columns = Columns::of(&row);
    Ok(Some((TokenRow::take(&mut columns)?, AccountRow::take(&mut columns)?)))
}

/// The tokens of an account by name, expired ones too.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection, account_id: i64) -> Result<Vec<TokenRow>> {
    let sql = format!("SELECT {COLUMNS} FROM tokens WHERE account_id = $1 ORDER BY name");
    connection.query(&sql, vec![account_id.into()]).await?.iter().map(TokenRow::from_row).collect()
}

/// Revokes a token.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of this name.
pub async fn delete(connection: &impl Connection, account_id: i64, name: &TokenName) -> Result<()> {
    let sql = "DELETE FROM tokens WHERE account_id = $1 AND name = $2";
    match connection.execute(sql, vec![account_id.into(), name.as_str().into()]).await? {
        0 => Err(Error::not_found(format_args!("token {name}"))),
        _ => Ok(()),
    }
}
