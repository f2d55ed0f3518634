//! Leases: who works on something. Each change is one conditional statement, and makes the generation grow.

use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{Lease, LeaseMark};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_parsed, maybe_text, moment, signed, text, unsigned};
use crate::sql;

/// Free, run out, or held by whoever asks.
const ACQUIRE: &str = "INSERT INTO leases (resource_id, resource_type, holder_id, instance, generation, expires_at) \
    VALUES (?1, ?2, ?3, ?4, 1, ?5) ON CONFLICT (resource_id) DO UPDATE SET \
    resource_type = ?2, holder_id = ?3, instance = ?4, generation = leases.generation + 1, expires_at = ?5 \
    WHERE leases.holder_id IS NULL OR leases.expires_at <= ?6 OR leases.holder_id = ?3 RETURNING *";
const RENEW: &str = "UPDATE leases SET generation = generation + 1, expires_at = ?4 \
    WHERE resource_id = ?1 AND holder_id = ?2 AND instance = ?3 AND expires_at > ?5 \
    AND ?6 >= COALESCE((SELECT generation FROM tasks WHERE id = ?1), 0) RETURNING *";
const RELEASE: &str = "UPDATE leases SET holder_id = NULL, instance = NULL \
    WHERE resource_id = ?1 AND holder_id = ?2";
const FENCE: &str = "UPDATE leases SET generation = generation + 1, holder_id = NULL, instance = NULL \
    WHERE resource_id = ?1";
const FIND: &str = "SELECT * FROM leases WHERE resource_id = ?1";

/// The shortest and the longest time for which something is leased at once.
const TTL_MIN: Duration = Duration::from_secs(1);
const TTL_MAX: Duration = Duration::from_mins(15);

/// Why a lease was not given, renewed or given back.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseFault {
    /// Somebody else holds it.
    #[error("somebody else holds the lease")]
    Held,
    /// Who asks does not hold it.
    #[error("the lease is not held by who asks")]
    NotHeld,
    /// Less than a second, or more than 15 minutes.
    #[error("a lease lasts 1 s to 15 m")]
    TtlOutOfRange,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who wants a lease of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leasing {
    /// What is leased: `task:<ULID>`.
    pub resource_id: String,
    /// What kind of thing that is.
    pub resource_type: String,
    /// Who wants it.
    pub holder: WorkerId,
    /// The process that wants it.
    pub instance: String,
}

impl Store {
    /// Leases something that is free, has run out, or is the holder's own.
    pub async fn acquire_lease(
        &self,
        leasing: Leasing,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Lease, LeaseFault> {
        self.write(move |connection| acquire(connection, &leasing, ttl, now)).await
    }

    /// Makes a lease last for `ttl` from now on, for whoever holds it. Of a task it has to be that of its attempt, or
    /// newer: what a process holds of an attempt before does not keep the next one.
    pub async fn renew_lease(
        &self,
        resource: String,
        holder: WorkerId,
        mark: LeaseMark,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Lease, LeaseFault> {
        self.write(move |connection| {
            let end = end(ttl, now)?;
            let LeaseMark { instance, generation } = mark;
            let generation = signed(generation);
            let row = params![resource, holder.as_str(), instance, end.0, now.0, generation];
            sql::one(connection, RENEW, row, read)?.flatten().ok_or(LeaseFault::NotHeld)
        })
        .await
    }

    /// Gives a lease back.
    pub async fn release_lease(
        &self,
        resource: String,
        holder: WorkerId,
    ) -> Result<(), LeaseFault> {
        self.write(move |connection| {
            let released = release(connection, &resource, &holder)?;
            released.then_some(()).ok_or(LeaseFault::NotHeld)
        })
        .await
    }

    /// Takes a lease away from whoever holds it.
    pub async fn fence_lease(&self, resource: String) -> Result<(), StoreError> {
        self.write(move |connection| fence(connection, &resource)).await
    }
}

pub(crate) fn acquire(
    connection: &Connection,
    leasing: &Leasing,
    ttl: Duration,
    now: Timestamp,
) -> Result<Lease, LeaseFault> {
    let end = end(ttl, now)?;
    let row = params![
        leasing.resource_id,
        leasing.resource_type,
        leasing.holder.as_str(),
        leasing.instance,
        end.0,
        now.0,
    ];
    sql::one(connection, ACQUIRE, row, read)?.flatten().ok_or(LeaseFault::Held)
}

/// Gives a lease back; whether it was the holder's.
pub(crate) fn release(
    connection: &Connection,
    resource: &str,
    holder: &WorkerId,
) -> Result<bool, StoreError> {
    Ok(sql::execute(connection, RELEASE, params![resource, holder.as_str()])? > 0)
}

pub(crate) fn fence(connection: &Connection, resource: &str) -> Result<(), StoreError> {
    sql::execute(connection, FENCE, [resource])?;
    Ok(())
}

/// The lease of something, if somebody holds it.
pub(crate) fn held(connection: &Connection, resource: &str) -> Result<Option<Lease>, StoreError> {
    Ok(sql::one(connection, FIND, [resource], read)?.flatten())
}

/// Whether `holder` may act on something at `now` under the lease that `mark` names, which is no older than
/// `since`.
pub(crate) fn is_current(
    connection: &Connection,
    resource: &str,
    holder: &WorkerId,
    mark: &LeaseMark,
    since: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lease = held(connection, resource)?;
    Ok(lease.is_some_and(|lease| {
        lease.holder == *holder
            && lease.instance.as_ref() == Some(&mark.instance)
            && (since..=lease.generation).contains(&mark.generation)
            && lease.expires_at > now
    }))
}

fn end(ttl: Duration, now: Timestamp) -> Result<Timestamp, LeaseFault> {
    let is_in_range = (TTL_MIN..=TTL_MAX).contains(&ttl);
    if is_in_range { Ok(now.after(ttl)) } else { Err(LeaseFault::TtlOutOfRange) }
}

/// The lease, if somebody holds it.
fn read(row: &Row<'_>) -> Result<Option<Lease>, StoreError> {
    let Some(holder) = maybe_parsed(row, "holder_id")? else { return Ok(None) };
    Ok(Some(Lease {
        resource_id: text(row, "resource_id")?.to_owned(),
        resource_type: text(row, "resource_type")?.to_owned(),
        holder,
        instance: maybe_text(row, "instance")?.map(str::to_owned),
        generation: unsigned(row, "generation")?,
        expires_at: moment(row, "expires_at")?,
    }))
}
