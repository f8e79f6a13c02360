//! Faults of databases, files and object stores, in the terms of [`chandlery_core::Error`].

use std::io;

use chandlery_core::Error;
use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// What a client reads when a disk is full; "… is unavailable" follows.
const DISK_SPACE: &str = "disk space";

/// Translates a database fault.
///
/// Unique violations become [`Error::AlreadyExists`] in general words: a caller that can name the thing checks for
/// the conflict in its statement. What may pass by itself (busy, locked, gone, full, too slow) is
/// [`Error::Unavailable`], the rest [`Error::Internal`].
pub(crate) fn database(error: DbErr) -> Error {
    let kind = match &error {
        DbErr::ConnectionAcquire(_) => Kind::Unavailable("the database"),
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => sqlx_kind(cause),
        _ => Kind::Internal,
    };
    match kind {
        Kind::Unique => Error::AlreadyExists("a row with this name".to_owned()),
        Kind::Unavailable(what) => Error::unavailable(what, error),
        Kind::Internal => Error::internal(error),
    }
}

/// A fault that sqlx reports directly, without SeaORM (pool and connection set-up).
pub(crate) fn sqlx(error: SqlxError) -> Error {
    database(DbErr::Conn(RuntimeErr::SqlxError(std::sync::Arc::new(error))))
}

enum Kind {
    Unique,
    Unavailable(&'static str),
    Internal,
}

fn sqlx_kind(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Database(cause) if cause.is_unique_violation() => Kind::Unique,
        SqlxError::Database(cause) => {
            let code = cause.code().unwrap_or_default();
            match code.parse::<u32>() {
                Ok(number) if code.len() < 5 => sqlite_kind(number),
                _ => postgres_kind(&code),
            }
        }
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => Kind::Unavailable("the database"),
        _ => Kind::Internal,
    }
}

/// SQLite's result codes (sqlite.org/rescode.html); the low byte of an extended code is its primary code.
fn sqlite_kind(code: u32) -> Kind {
    match code & 0xff {
        5 | 6 => Kind::Unavailable("the database (it is locked by another process)"),
        10 => Kind::Unavailable("the database (its file cannot be read or written)"),
        13 => Kind::Unavailable("disk space for the database (the disk is full)"),
        14 => Kind::Unavailable("the database (its file cannot be opened)"),
        _ => Kind::Internal,
    }
}

/// PostgreSQL's SQLSTATE classes and codes (appendix A of its manual).
fn postgres_kind(code: &str) -> Kind {
    match code {
        "53100" => Kind::Unavailable("disk space for the database (the disk is full)"),
        "53300" => Kind::Unavailable("the database (it has too many connections)"),
        // Serialisation failure, deadlock, lock not available, statement time-out: as good as busy.
        "40001" | "40P01" | "55P03" | "57014" => Kind::Unavailable("the database (it is busy)"),
        _ if ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
            Kind::Unavailable("the database")
        }
        _ => Kind::Internal,
    }
}

/// Translates a fault of a local file; `what` names the files for the user.
pub(crate) fn file(what: &str, error: io::Error) -> Error {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Error::unavailable(format!("{DISK_SPACE} for {what} (the disk is full)"), error)
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Error::unavailable(format!("{what} (it cannot be written)"), error)
        }
        _ => Error::unavailable(what, error),
    }
}

/// Translates a fault of an object store.
pub(crate) fn object_store(error: opendal::Error) -> Error {
    use opendal::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => Error::not_found("blob"),
        ErrorKind::ConfigInvalid | ErrorKind::Unsupported => Error::internal(error),
        _ => Error::unavailable("the blob store", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases() {
        let text = |kind: Kind| match kind {
            Kind::Unique => "unique",
            Kind::Unavailable(what) => what,
            Kind::Internal => "internal",
        };
        assert!(text(sqlite_kind(5)).contains("locked"));
        assert!(text(sqlite_kind(517)).contains("locked"));
        assert!(text(sqlite_kind(13)).contains("full"));
        assert!(text(sqlite_kind(778)).contains("read or written"));
        assert_eq!(text(sqlite_kind(1)), "internal");
        assert!(text(postgres_kind("53100")).contains("full"));
        assert!(text(postgres_kind("57P01")).contains("database"));
        assert!(text(postgres_kind("08006")).contains("database"));
        assert_eq!(text(postgres_kind("42601")), "internal");
    }

    #[test]
    fn a_full_disk_is_named() {
        let error = file("packages", io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.to_string(), "disk space for packages (the disk is full) is unavailable");
    }
}
