//! Workers that have registered: a row each. What they said of themselves is a text that the registry reads.

mod delete;
mod order;

pub use delete::DeletedWorker;
pub use order::{OrderError, WorkerOrder};

use carnet_ticket::identity::WorkerId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_text, moment, parsed, text, unsigned};
use crate::sql;

const REGISTER: &str = "INSERT INTO workers \
    (worker_id, identity, registration, last_heartbeat, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4, ?4) \
    ON CONFLICT (worker_id) DO UPDATE SET registration = ?3, last_heartbeat = ?4, updated_at = ?4";
const DEREGISTER: &str = "UPDATE workers SET registration = NULL, updated_at = ?2 WHERE worker_id = ?1 AND registration IS NOT NULL";
const HEARD: &str = "UPDATE workers SET last_heartbeat = ?2 WHERE worker_id = ?1";
const FIND: &str = "SELECT * FROM workers WHERE worker_id = ?1";
const COUNT: &str = "SELECT count(*) AS count FROM workers";
const COUNT_OWN: &str = "SELECT count(*) AS count FROM workers WHERE identity = ?1";
const ALL: &str = "SELECT * FROM workers ORDER BY worker_id";

/// Worker ids that are kept.
pub const WORKERS_MAX: u64 = 100_000;

/// Ids that one identity may have.
pub const IDS_MAX: u64 = 64;

/// A worker as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its id.
    pub id: WorkerId,
    /// Who it is: a SPIFFE ID.
    pub identity: String,
    /// What it said when it registered; nothing once it has gone.
    pub registration: Option<String>,
    /// Whether an administrator keeps work from it.
    pub cordoned: bool,
    /// Whether an administrator has it finish what it has.
    pub draining: bool,
    /// Whether it is kept out; of members of the fleet their own row says so.
    pub quarantined: bool,
    /// Why, in an administrator's words.
    pub reason: Option<String>,
    /// When it was last heard, to some seconds.
    pub last_heartbeat: Timestamp,
    /// When it first registered.
    pub created_at: Timestamp,
    /// When it last registered, went, or was set.
    pub updated_at: Timestamp,
}

/// Why a worker was not registered.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The id is another identity's.
    #[error("the worker id is another identity's")]
    IdTaken,
    /// There are as many as may be.
    #[error("there are {WORKERS_MAX} workers already")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Registers a worker, anew or again. The first that comes with an id has it.
    pub async fn register_worker(
        &self,
        id: WorkerId,
        identity: String,
        registration: String,
        now: Timestamp,
    ) -> Result<WorkerRow, RegisterError> {
        self.write(move |connection| {
            match find(connection, &id)? {
                Some(known) if known.identity != identity => return Err(RegisterError::IdTaken),
                Some(_) => {}
                None => {
                    let own =
                        sql::one(connection, COUNT_OWN, [&identity], |row| unsigned(row, "count"))?;
                    if own.unwrap_or(0) >= IDS_MAX {
                        return Err(RegisterError::TooMany);
                    }
                    let count = sql::one(connection, COUNT, [], |row| unsigned(row, "count"))?;
                    if count.unwrap_or(0) >= WORKERS_MAX {
                        return Err(RegisterError::TooMany);
                    }
                }
            }
            sql::execute(
                connection,
                REGISTER,
                params![id.as_str(), identity, registration, now.0],
            )?;
            let row = find(connection, &id)?;
            row.ok_or_else(|| StoreError::BadRow { column: "worker_id" }.into())
        })
        .await
    }

    /// A worker goes; its id stays its own. Whether it was there.
    pub async fn deregister_worker(
        &self,
        id: WorkerId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Ok(sql::execute(connection, DEREGISTER, params![id.as_str(), now.0])? > 0)
        })
        .await
    }

    /// When workers were last heard, all in one transaction.
    pub async fn workers_heard(&self, heard: Vec<(WorkerId, Timestamp)>) -> Result<(), StoreError> {
        self.write(move |connection| {
            for (id, at) in &heard {
                sql::execute(connection, HEARD, params![id.as_str(), at.0])?;
            }
            Ok(())
        })
        .await
    }

    /// Every worker.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        self.read(|connection| sql::all(connection, ALL, [], read)).await
    }
}

fn find(connection: &Connection, id: &WorkerId) -> Result<Option<WorkerRow>, StoreError> {
    sql::one(connection, FIND, [id.as_str()], read)
}

fn read(row: &Row<'_>) -> Result<WorkerRow, StoreError> {
    Ok(WorkerRow {
        id: parsed(row, "worker_id")?,
        identity: text(row, "identity")?.to_owned(),
        registration: row.get("registration")?,
        cordoned: row.get("cordoned")?,
        draining: row.get("draining")?,
        quarantined: row.get("quarantined")?,
        reason: maybe_text(row, "reason")?.map(str::to_owned),
        last_heartbeat: moment(row, "last_heartbeat")?,
        created_at: moment(row, "created_at")?,
        updated_at: moment(row, "updated_at")?,
    })
}
