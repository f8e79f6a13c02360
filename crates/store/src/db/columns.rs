//! Rows to values and values to parameters.

use std::str::FromStr;

use chandlery_core::{Error, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, TryGetable, Value};

use crate::error;

/// Takes the columns of one row in their order.
pub(crate) struct Columns<'row> {
    row: &'row QueryResult,
    next: usize,
}

impl<'row> Columns<'row> {
    pub(crate) fn of(row: &'row QueryResult) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: TryGetable>(&mut self) -> Result<T> {
        let value = self.row.try_get_by_index(self.next).map_err(error::database)?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, a text that was checked before it was written.
    pub(crate) fn parse<T: FromStr<Err = Error>>(&mut self) -> Result<T> {
        self.take::<String>()?.parse().map_err(Error::internal)
    }

    /// The next column, a number that is never negative.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        self.take::<i64>()?.try_into().map_err(Error::internal)
    }

    /// The next column, a number that is never negative, or NULL.
    pub(crate) fn unsigned_or_null(&mut self) -> Result<Option<u64>> {
        self.take::<Option<i64>>()?.map(u64::try_from).transpose().map_err(Error::internal)
    }

    /// The next column, a time.
    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.take::<i64>().and_then(timestamp)
    }

    /// The next column, a time or NULL.
    pub(crate) fn time_or_null(&mut self) -> Result<Option<Timestamp>> {
        self.take::<Option<i64>>()?.map(timestamp).transpose()
    }
}

fn timestamp(nanoseconds: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).map_err(Error::internal)
}

/// Row numbers as a list in a statement.
pub(crate) fn joined<'a>(numbers: impl IntoIterator<Item = &'a i64>) -> String {
    numbers.into_iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// A time as the database keeps it: unix nanoseconds, held inside what 64 bits can say (the years 1677 to 2262).
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// A size or a limit as the database keeps it; none of ours reaches 2^63.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An optional limit as a parameter.
pub(crate) fn signed_or_null(number: Option<u64>) -> Value {
    number.map(signed).into()
}
