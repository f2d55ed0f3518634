//! [`StoreError`]: why the store could not do what it was asked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ffi;

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
        source: Arc<io::Error>,
    },
    /// The file is no database, or a damaged one.
    #[error("the database is damaged, or is not a database")]
    Corrupt(#[source] Arc<Cause>),
    /// No space is left where the database is.
    #[error("the disk is full")]
    Full(#[source] Arc<Cause>),
    /// The database may not be written.
    #[error("the database may not be written")]
    ReadOnly(#[source] Arc<Cause>),
    /// The database was held for longer than it is waited for.
    #[error("the database was locked for too long")]
    LockTimeout(#[source] Arc<Cause>),
    /// There is a row with that id already.
    #[error("it conflicts with what is stored")]
    Conflict(#[source] Arc<Cause>),
    /// It did not answer, or not as it should.
    #[error("the database did not answer")]
    Unavailable(#[source] Arc<Cause>),
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

/// What said no, below the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The database.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The file system.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl StoreError {
    /// What a failure to open or make `path` is.
    pub(crate) fn of_file(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full(Arc::new(source.into()))
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(Arc::new(source.into())),
            _ => Self::File { path: path.to_owned(), source: Arc::new(source) },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Arc::new(Cause::Database(error)).into()
    }
}

impl From<Arc<Cause>> for StoreError {
    fn from(source: Arc<Cause>) -> Self {
        let error = match &*source {
            Cause::Database(error) => error,
            Cause::File(_) => return Self::Unavailable(source),
        };
        let Some(code) = error.sqlite_error().map(|error| error.extended_code) else {
            // A column that is not there, or not of its type.
            return Self::Corrupt(source);
        };
        if code == ffi::SQLITE_IOERR_SHMSIZE {
            return Self::Full(source);
        }
        // The extended codes carry the primary ones in their low byte.
        match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Self::LockTimeout(source),
            ffi::SQLITE_PERM | ffi::SQLITE_READONLY => Self::ReadOnly(source),
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => Self::Corrupt(source),
            ffi::SQLITE_FULL => Self::Full(source),
            ffi::SQLITE_CONSTRAINT => Self::Conflict(source),
            _ => Self::Unavailable(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_or_read_only_disk_is_told_from_a_file_that_cannot_be_opened() {
        let of = |kind| StoreError::of_file(Path::new("carnet.db"), io::Error::from(kind));
        assert!(matches!(of(io::ErrorKind::StorageFull), StoreError::Full(_)));
        assert!(matches!(of(io::ErrorKind::QuotaExceeded), StoreError::Full(_)));
        assert!(matches!(of(io::ErrorKind::ReadOnlyFilesystem), StoreError::ReadOnly(_)));
        let denied = of(io::ErrorKind::PermissionDenied);
        assert!(matches!(&denied, StoreError::File { .. }));
        assert_eq!(denied.to_string(), "\"carnet.db\" cannot be opened");
    }
}
