//! What SQL runs on: a pool or a transaction, with one translation of faults and one time limit.

use std::future::Future;
use std::time::Duration;

use chandlery_core::{Error, Result};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _, Value,
};

use crate::error;

/// No statement of ours takes this long on a database that works.
const STATEMENT_TIME_LIMIT: Duration = Duration::from_secs(30);

/// Whatever the functions of this crate can run statements on: a [`Pool`], each statement by itself, or a
/// [`Transaction`].
pub trait Connection: Executor {}

impl Connection for Pool {}
impl Connection for Transaction {}

/// Connections to one database.
#[derive(Clone, Debug)]
pub struct Pool(DatabaseConnection);

impl Pool {
    pub(super) fn new(connection: DatabaseConnection) -> Self {
        Self(connection)
    }

    pub(super) async fn begin(&self) -> Result<Transaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: match self.0.get_database_backend() {
                DatabaseBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
                _ => None,
            },
            ..TransactionOptions::default()
        };
        within_time_limit(self.0.begin_with_options(options)).await.map(Transaction)
    }

    pub(super) async fn close(&self) {
        // Closing only fails for connections that are broken already.
        let _ = self.0.close_by_ref().await;
    }
}

/// Several statements that happen together or not at all. Dropped without [`commit`](Self::commit), none happened.
#[derive(Debug)]
pub struct Transaction(DatabaseTransaction);

impl Transaction {
    /// Makes everything done in this transaction durable and visible.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database went away or its disk is full; on a lost connection it is unknown
    /// whether the transaction happened.
    pub async fn commit(self) -> Result<()> {
        within_time_limit(self.0.commit()).await
    }

    /// Undoes everything, and waits until that is done (a drop leaves it to the pool).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database went away, which undoes everything as well.
    pub async fn rollback(self) -> Result<()> {
        within_time_limit(self.0.rollback()).await
    }

    pub(crate) fn inner(&self) -> &DatabaseTransaction {
        &self.0
    }
}

/// Runs statements; sealed, because its module is private.
pub trait Executor: Send + Sync {
    /// The next parameters of a statement that has very many of them, separated by commas. Each is used once, in the
    /// order of the values; `count` are to follow those before `first`, which counts from one.
    ///
    /// `$1` has a name in SQLite, and looking names up costs the square of their number.
    #[doc(hidden)]
    fn parameters(&self, first: usize, count: usize) -> String;

    /// Runs a statement that returns rows.
    #[doc(hidden)]
    fn query(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<Vec<QueryResult>>> + Send;

    /// Runs a statement that returns at most one row.
    #[doc(hidden)]
    fn query_optional(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<QueryResult>>> + Send {
        async { Ok(self.query(sql, values).await?.into_iter().next()) }
    }

    /// Runs a statement that changes rows, and says how many.
    #[doc(hidden)]
    fn execute(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<u64>> + Send;
}

impl Executor for Pool {
    fn parameters(&self, first: usize, count: usize) -> String {
        parameters(self.0.get_database_backend(), first, count)
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        query(&self.0, sql, values).await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        execute(&self.0, sql, values).await
    }
}

impl Executor for Transaction {
    fn parameters(&self, first: usize, count: usize) -> String {
        parameters(self.0.get_database_backend(), first, count)
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        query(&self.0, sql, values).await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        execute(&self.0, sql, values).await
    }
}

fn parameters(backend: DatabaseBackend, first: usize, count: usize) -> String {
    let parameter = |number: usize| match backend {
        DatabaseBackend::Sqlite => "?".to_owned(),
        _ => format!("${number}"),
    };
    (first..first + count).map(parameter).collect::<Vec<_>>().join(", ")
}

async fn query(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    within_time_limit(connection.query_all_raw(statement)).await
}

async fn execute(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    within_time_limit(connection.execute_raw(statement))
        .await
        .map(|result: ExecResult| result.rows_affected())
}

/// A server that neither answers nor closes its connection must not hang a request for ever.
async fn within_time_limit<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T> {
    match tokio::time::timeout(STATEMENT_TIME_LIMIT, work).await {
        Ok(outcome) => outcome.map_err(error::database),
        Err(elapsed) => Err(Error::unavailable("the database (it does not answer)", elapsed)),
    }
}
