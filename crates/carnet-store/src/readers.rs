//! [`Readers`]: connections that read, side by side with each other and with the writer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::StoreError;

/// How much of the file is read through memory that it is mapped into.
const MMAP_BYTES: i64 = 256 << 20;

/// How many statements stay prepared.
const STATEMENTS: usize = 128;

/// Keeps statements prepared. A plan may not depend on what is bound: SQLite would make it anew at every use.
pub(crate) fn keep_statements(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A few connections, handed from query to query.
pub(crate) struct Readers(Arc<Inner>);

struct Inner {
    path: PathBuf,
    busy_timeout: Duration,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    count: u32,
}

impl Readers {
    /// At most `count` connections to the database at `path`, one of them open already.
    pub(crate) fn open(
        path: PathBuf,
        busy_timeout: Duration,
        count: u32,
    ) -> Result<Self, StoreError> {
        let count = count.max(1);
        let permits = Arc::new(Semaphore::new(count as usize));
        let inner = Inner { path, busy_timeout, idle: Mutex::default(), permits, count };
        let first = inner.connect()?;
        inner.idle.lock().push(first);
        Ok(Self(Arc::new(inner)))
    }

    /// Runs `query` on a thread that may wait for the disk.
    pub(crate) async fn run<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let inner = Arc::clone(&self.0);
        let queried = tokio::task::spawn_blocking(move || {
            let found = inner.run(query);
            drop(permit);
            found
        });
        queried.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `query`, which finds a few rows by their keys, where it stands: it takes less time than waking another
    /// thread would. Only when every connection is busy it waits for one, elsewhere.
    pub(crate) async fn look_up<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        match self.0.permits.try_acquire() {
            Ok(_permit) => self.0.run(query),
            Err(_) => self.run(query).await,
        }
    }

    /// Waits for the queries that run, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.0.permits.acquire_many(self.0.count).await;
        self.0.permits.close();
        drop(all);
        self.0.idle.lock().clear();
    }
}

impl Inner {
    fn run<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        let found = query(&connection);
        self.idle.lock().push(connection);
        found
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        keep_statements(&connection)?;
        connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
        Ok(connection)
    }
}
