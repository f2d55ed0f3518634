//! Making a task, once per key.

use carnet_ticket::task::{Life, TaskId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use super::{NewTask, TaskRow, events, find};
use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, parsed};
use crate::sql;

const INSERT: &str = "INSERT INTO tasks (id, spec, capability, realm, created_by, tenant_id, caller_expires_at, \
    state, attempt, created_at, pending_since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)";
const OF_KEY: &str = "SELECT task, digest FROM idempotency_keys WHERE actor = ?1 AND key = ?2";
const INSERT_KEY: &str = "INSERT INTO idempotency_keys (actor, key, digest, task, created_at) \
    VALUES (?1, ?2, ?3, ?4, ?5)";
const SWEEP_KEYS: &str = "DELETE FROM idempotency_keys WHERE created_at < ?1";

/// How long a key names its task.
const KEY_LIFE_MS: i64 = 24 * 3_600_000;

/// What came of a task that was to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    /// It was made.
    New(Box<TaskRow>),
    /// The same was made before, with the same key.
    Same(Box<TaskRow>),
    /// Something else was made before, with the same key.
    Other,
}

impl Store {
    /// Makes a task. With a key of its caller, and the digest of what is asked for, it is made once.
    pub async fn insert_task(
        &self,
        task: NewTask,
        key: Option<(String, [u8; 32])>,
    ) -> Result<Inserted, StoreError> {
        let is_new = |inserted: &Inserted| matches!(inserted, Inserted::New(_));
        self.write_if(move |connection| insert_once(connection, &task, key), is_new).await
    }

    /// The task that a caller's key has made, and the digest of what was asked for.
    pub async fn task_of_key(
        &self,
        actor: String,
        key: String,
    ) -> Result<Option<(TaskRow, [u8; 32])>, StoreError> {
        self.look_up(move |connection| of_key(connection, &actor, &key)).await
    }

    /// Forgets keys after a day.
    pub async fn sweep_idempotency_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.0.saturating_sub(KEY_LIFE_MS);
        self.write(move |connection| sql::execute(connection, SWEEP_KEYS, [before])).await
    }
}

fn insert_once(
    connection: &Connection,
    task: &NewTask,
    key: Option<(String, [u8; 32])>,
) -> Result<Inserted, StoreError> {
    let Some((key, digest)) = key else {
        return Ok(Inserted::New(Box::new(insert(connection, task)?)));
    };
    if let Some((row, known)) = of_key(connection, &task.created_by, &key)? {
        let is_same = known == digest;
        return Ok(if is_same { Inserted::Same(Box::new(row)) } else { Inserted::Other });
    }
    let named = params![task.created_by, key, digest, task.id.to_string(), task.created_at.0];
    sql::execute(connection, INSERT_KEY, named)?;
    Ok(Inserted::New(Box::new(insert(connection, task)?)))
}

fn of_key(
    connection: &Connection,
    actor: &str,
    key: &str,
) -> Result<Option<(TaskRow, [u8; 32])>, StoreError> {
    let known = sql::one(connection, OF_KEY, params![actor, key], |row| {
        Ok((parsed::<TaskId>(row, "task")?, bytes_as::<[u8; 32]>(row, "digest")?))
    })?;
    let Some((id, digest)) = known else { return Ok(None) };
    let row = find(connection, id)?.ok_or(StoreError::BadRow { column: "task" })?;
    Ok(Some((row, digest)))
}

fn insert(connection: &Connection, task: &NewTask) -> Result<TaskRow, StoreError> {
    let spec = serde_json::to_string(&task.spec);
    let life = Life::new(task.spec.max_attempts);
    let row = params![
        task.id.to_string(),
        spec.map_err(|_| StoreError::BadRow { column: "spec" })?,
        task.spec.capability.as_str(),
        task.realm.to_string(),
        task.created_by,
        task.tenant_id,
        task.caller_expires_at.map(|at| at.0),
        life.state.as_str(),
        life.attempt,
        task.created_at.0,
    ];
    sql::execute(connection, INSERT, row)?;
    let row = find(connection, task.id)?.ok_or(StoreError::BadRow { column: "id" })?;
    events::state(connection, &row, task.created_at)?;
    Ok(row)
}
