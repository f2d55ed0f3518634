//! [`Store`]: opening and closing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use carnet_authority::audit::Event;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tokio::sync::Mutex;

use crate::audit::{self, ChainEnd};
use crate::error::StoreError;
use crate::readers::{Readers, keep_statements};
use crate::writer::Writer;
use crate::{migrate, sql};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The database file. It is made, readable by its owner alone, when it is not there.
    pub path: PathBuf,
    /// How long a lock is waited for.
    pub busy_timeout: Duration,
    /// How many connections read.
    pub readers: u32,
}

/// Everything durable. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// What its changes are recorded as.
    event: Option<Arc<Event>>,
}

struct Inner {
    readers: Readers,
    writer: Writer,
    chain_end: ChainEnd,
    /// Revocations are handed to a gate in order.
    feed: Mutex<()>,
}

impl Store {
    /// Opens the database, makes it if there is none, and brings its schema up to date.
    pub fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let lock = lock(&options.path)?;
        create(&options.path)?;
        let chain_end = ChainEnd::default();
        let writer = Writer::start(connect(options)?, lock, chain_end.clone())?;
        let readers = Readers::open(options.path.clone(), options.busy_timeout, options.readers)?;
        let inner = Inner { readers, writer, chain_end, feed: Mutex::default() };
        Ok(Self { inner: Arc::new(inner), event: None })
    }

    /// Writes what is waiting and closes the database, after which another process may have it. What is asked
    /// afterwards is [`StoreError::Closed`].
    pub async fn close(&self) {
        // The last connection to close folds the log into the database, and only one that writes can.
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// Gives the room of what was removed back to the file system.
    pub async fn shrink(&self) -> Result<(), StoreError> {
        while !self.inner.writer.shrink().await? {}
        Ok(())
    }

    /// Whether the database answers those who read and those who write.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection| sql::exists(connection, "SELECT 1", [])).await?;
        self.inner.writer.run(|_| Ok(())).await
    }

    /// Runs `query`, which finds a few rows by their keys, on a connection that reads.
    pub(crate) async fn look_up<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.inner.readers.look_up(query).await
    }

    /// Runs any other `query` on a connection that reads.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.inner.readers.run(query).await
    }

    pub(crate) fn chain_end(&self) -> ChainEnd {
        self.inner.chain_end.clone()
    }

    pub(crate) fn feed_lock(&self) -> &Mutex<()> {
        &self.inner.feed
    }

    /// This store, for one change that is recorded: whatever is changed through what this returns is audited as
    /// `event`, in the same transaction. Without its row the change does not happen; a change that fails, or finds
    /// nothing to change, leaves none.
    #[must_use]
    pub fn audited(&self, event: Event) -> Self {
        Self { inner: Arc::clone(&self.inner), event: Some(Arc::new(event)) }
    }

    /// Runs `operation` in the next transaction of the writer, and records what it is audited as. When it fails,
    /// what it did is undone and the others of the transaction are not; when the commit fails, it has not happened.
    pub(crate) async fn write<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        self.write_if(operation, |_| true).await
    }

    /// Deletes what `statement` finds; whether there was any.
    pub(crate) async fn delete<const N: usize>(
        &self,
        statement: &'static str,
        params: [String; N],
    ) -> Result<bool, StoreError> {
        let delete = move |connection: &Connection| {
            Ok(sql::execute(connection, statement, params_from_iter(params))? > 0)
        };
        self.write_if(delete, |deleted| *deleted).await
    }

    /// As [`Self::write`], of an operation that may find nothing to change: then nothing is recorded.
    pub(crate) async fn write_if<T, E, F>(
        &self,
        operation: F,
        has_changed: fn(&T) -> bool,
    ) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let Some(event) = self.event.clone() else {
            return self.inner.writer.run(operation).await;
        };
        let end = self.chain_end();
        let recorded = self.inner.writer.run(move |connection| {
            let done = operation(connection)?;
            if has_changed(&done) {
                audit::append(connection, &event, &end)?;
            }
            Ok(done)
        });
        recorded.await
    }
}

/// The connection that writes, to a database whose schema is up to date.
fn connect(options: &StoreOptions) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&options.path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    keep_statements(&connection)?;
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON",
    )?;
    migrate::run(&mut connection)?;
    Ok(connection)
}

/// Takes the advisory lock beside the database.
fn lock(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = open_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(StoreError::InUse { path: database.to_owned() })
        }
        Err(std::fs::TryLockError::Error(source)) => Err(StoreError::of_file(&path, source)),
    }
}

/// Makes the file before SQLite would, which does not ask who may read it.
fn create(database: &Path) -> Result<(), StoreError> {
    open_private(database).map(drop)
}

fn open_private(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(|source| StoreError::of_file(path, source))
}
