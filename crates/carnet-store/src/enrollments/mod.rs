//! Enrollments: who may come into the fleet, once. Of a token only its secret's digest is stored.

mod consume;
mod row;

pub use consume::{ConsumeError, Consumption};

use carnet_authority::enroll::Enrollment;
use carnet_ticket::enrollment::{EnrollmentId, SecretDigest};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::sql::{self, Parts};

const LIST: &str = "SELECT * FROM enrollments WHERE id < ";
const OPEN: &str = " AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ";
const REVOKE: &str = "UPDATE enrollments SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
const SWEEP: &str = "DELETE FROM enrollments WHERE expires_at < ?1";

/// Later than every id: ids are `enroll:` and a ULID.
const AFTER_ALL: &str = "enroll:~";

/// How long an enrollment is kept after its end.
const KEEP_AFTER_END_MS: i64 = 30 * 24 * 3_600_000;

/// Why an enrollment was not revoked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeEnrollmentError {
    /// There is no such enrollment.
    #[error("there is no such enrollment")]
    NotFound,
    /// It has given its certificate, which is revoked by itself.
    #[error("the enrollment has been used")]
    Used,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Stores an enrollment.
    pub async fn insert_enrollment(&self, enrollment: Enrollment) -> Result<(), StoreError> {
        self.write(move |connection| row::insert(connection, &enrollment)).await
    }

    /// The enrollment with this id.
    pub async fn enrollment(&self, id: EnrollmentId) -> Result<Option<Enrollment>, StoreError> {
        self.look_up(move |connection| row::find(connection, id)).await
    }

    /// The enrollment whose token has this secret.
    pub async fn enrollment_of_secret(
        &self,
        secret: SecretDigest,
    ) -> Result<Option<Enrollment>, StoreError> {
        self.look_up(move |connection| row::of_secret(connection, secret)).await
    }

    /// At most `limit` enrollments older than `before`, newest first: those that are open at `open_at`, or all.
    pub async fn list_enrollments(
        &self,
        open_at: Option<Timestamp>,
        before: Option<EnrollmentId>,
        limit: u32,
    ) -> Result<Vec<Enrollment>, StoreError> {
        let mut query = Parts::new(LIST);
        query.push("", before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()));
        if let Some(now) = open_at {
            query.push(OPEN, now.0);
        }
        query.push(" ORDER BY id DESC LIMIT ", limit);
        self.read(move |connection| query.all(connection, row::read)).await
    }

    /// Withdraws an enrollment; again, it stays as it is. Tells whether that is new.
    pub async fn revoke_enrollment(
        &self,
        id: EnrollmentId,
        now: Timestamp,
    ) -> Result<bool, RevokeEnrollmentError> {
        let revoke = move |connection: &Connection| {
            let enrollment = row::find(connection, id)?.ok_or(RevokeEnrollmentError::NotFound)?;
            if enrollment.used.is_some() {
                return Err(RevokeEnrollmentError::Used);
            }
            Ok(sql::execute(connection, REVOKE, params![id.to_string(), now.0])? > 0)
        };
        self.write_if(revoke, |is_new| *is_new).await
    }

    /// Forgets enrollments a month after their end.
    pub async fn sweep_enrollments(&self, now: Timestamp) -> Result<u64, StoreError> {
        let ended_before = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write(move |connection| sql::execute(connection, SWEEP, [ended_before])).await
    }
}
