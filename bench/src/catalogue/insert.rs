//! Many rows at once: statements with hundreds of rows each, written out as text.

use anyhow::Result;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

/// A statement is sent when it is this long, in bytes.
const LONGEST: usize = 256 << 10;

/// A value of a column.
pub(super) enum Value<'a> {
    /// A number.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// A truth value.
    Truth(bool),
    /// Nothing.
    Null,
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl Value<'_> {
    fn write(&self, sql: &mut String) {
        match self {
            Self::Number(number) => sql.push_str(&number.to_string()),
            Self::Text(text) => {
                sql.push('\'');
                sql.push_str(&text.replace('\'', "''"));
                sql.push('\'');
            }
            Self::Truth(true) => sql.push_str("TRUE"),
            Self::Truth(false) => sql.push_str("FALSE"),
            Self::Null => sql.push_str("NULL"),
        }
    }
}

/// Rows for one table.
pub(super) struct Insert {
    head: String,
    sql: String,
}

impl Insert {
    /// No rows yet. `columns` as in the statement.
    pub(super) fn into(table: &str, columns: &str) -> Self {
        Self { head: format!("INSERT INTO {table} ({columns}) VALUES "), sql: String::new() }
    }

    /// One more row.
    pub(super) async fn row(&mut self, connection: &DatabaseConnection, values: &[Value<'_>]) -> Result<()> {
        self.sql.push_str(if self.sql.is_empty() { &self.head } else { "," });
        for (place, value) in values.iter().enumerate() {
            self.sql.push(if place == 0 { '(' } else { ',' });
            value.write(&mut self.sql);
        }
        self.sql.push(')');
        if self.sql.len() >= LONGEST { self.flush(connection).await } else { Ok(()) }
    }

    /// Sends what was not sent.
    pub(super) async fn flush(&mut self, connection: &DatabaseConnection) -> Result<()> {
        if !self.sql.is_empty() {
            connection.execute_unprepared(&self.sql).await?;
            self.sql.clear();
        }
        Ok(())
    }
}
