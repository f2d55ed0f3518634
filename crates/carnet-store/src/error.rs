//! [`StoreError`]: why the store could not do what it was asked.

use std::path::PathBuf;
use std::sync::Arc;

/// Why the store could not do what it was asked. Clones share their source: one failed commit answers many.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the database.
    #[error("the database {path:?} is in use by another process")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A file could not be opened or made.
    #[error("{path:?} cannot be opened")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// The file is no database, or a damaged one.
    #[error("the database is damaged, or is not a database")]
    Corrupt(#[source] Arc<sqlx::Error>),
    /// No space is left where the database is.
    #[error("the disk is full")]
    Full(#[source] Arc<sqlx::Error>),
    /// The database may not be written.
    #[error("the database may not be written")]
    ReadOnly(#[source] Arc<sqlx::Error>),
    /// The database was held for longer than it is waited for.
    #[error("the database was locked for too long")]
    LockTimeout(#[source] Arc<sqlx::Error>),
    /// It did not answer, or not as it should.
    #[error("the database did not answer")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A row does not read as what was written.
    #[error("column {column} of a row does not read as what was written")]
    BadRow {
        /// The column.
        column: &'static str,
    },
    /// A migration that was applied is not the one that is known by its number.
    #[error("migration {version} was changed after it was applied")]
    MigrationChanged {
        /// Its number.
        version: i64,
    },
    /// The database was made by a newer version.
    #[error("the database has schema {found}, this version knows {known}")]
    SchemaTooNew {
        /// What it has.
        found: i64,
        /// What is known.
        known: i64,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes: the extended ones carry them in their low byte.
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<u32>().ok())
            .map(|code| code & 0xff);
        let source = Arc::new(error);
        match code {
            Some(5 | 6) => Self::LockTimeout(source),
            Some(8) => Self::ReadOnly(source),
            Some(11 | 26) => Self::Corrupt(source),
            Some(13) => Self::Full(source),
            _ => Self::Unavailable(source),
        }
    }
}
