//! A worker is forgotten, with everything that it has.

use carnet_authority::ca::RevokedBecause;
use carnet_gate::Selector;
use carnet_ticket::identity::{Member, WorkerId};
use carnet_ticket::time::Timestamp;

use super::{WorkerRow, find};
use crate::certificates::CertificateRow;
use crate::error::StoreError;
use crate::open::Store;
use crate::{revocations, sql, worker_identities};

const DELETE: &str = "DELETE FROM workers WHERE worker_id = ?1";

/// A worker that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedWorker {
    /// What was stored of it.
    pub row: WorkerRow,
    /// The certificates that it had.
    pub revoked: Vec<CertificateRow>,
}

impl Store {
    /// Forgets a worker, so that its id is anybody's, and revokes whatever its identity has; `None` where there is no
    /// such one. `member` is its identity when that is of the fleet.
    pub async fn delete_worker(
        &self,
        id: WorkerId,
        member: Option<Member>,
        now: Timestamp,
    ) -> Result<Option<DeletedWorker>, StoreError> {
        self.write_if(
            move |connection| {
                let Some(row) = find(connection, &id)? else { return Ok(None) };
                sql::execute(connection, DELETE, [id.as_str()])?;
                let because = RevokedBecause::CessationOfOperation;
                let subject = member.map_or_else(|| row.identity.clone(), |it| it.to_string());
                let revoked =
                    worker_identities::revoke_all(connection, &subject, because, None, now)?;
                let subject = Selector::Subject { subject, issued_before: now };
                let words = Some(because.as_str().to_owned());
                revocations::record(connection, subject, words, None, now)?;
                Ok(Some(DeletedWorker { row, revoked }))
            },
            Option::is_some,
        )
        .await
    }
}
