//! CA certificates. Their keys are not here.

use carnet_authority::ca::{CaRecord, CaState};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, maybe_moment, moment, signed, text, unsigned};
use crate::sql;

const WRITE: &str = "INSERT INTO ca_certificates (sha256, certificate, state, sequence, prepared_at, activated_at, \
    retiring_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (sha256) DO UPDATE SET state = excluded.state, \
    sequence = excluded.sequence, activated_at = excluded.activated_at, retiring_at = excluded.retiring_at";
const LIST: &str = "SELECT sha256, certificate, state, sequence, prepared_at, activated_at, retiring_at \
    FROM ca_certificates ORDER BY prepared_at, sha256";
const LAST_END: &str = "SELECT MAX(expires_at) AS last FROM certificates WHERE ca_sha256 = ?1";

/// A CA certificate as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaRow {
    /// SHA-256 of the certificate, which also names its key.
    pub sha256: [u8; 32],
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// Where it is in its life.
    pub state: CaState,
    /// The bundle's sequence since it is there.
    pub sequence: u64,
    /// When it was made.
    pub prepared_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When the next one took over.
    pub retiring_at: Option<Timestamp>,
}

impl From<&CaRecord> for CaRow {
    fn from(record: &CaRecord) -> Self {
        Self {
            sha256: record.sha256(),
            certificate: record.certificate.clone(),
            state: record.state,
            sequence: record.sequence,
            prepared_at: record.prepared_at,
            activated_at: record.activated_at,
            retiring_at: record.retiring_at,
        }
    }
}

impl Store {
    /// Writes CA certificates as they are now, in this order and all or none. A second active one, or a second next
    /// one, is a [`StoreError::Conflict`].
    pub async fn write_ca_certificates(&self, rows: Vec<CaRow>) -> Result<(), StoreError> {
        self.write(move |connection| rows.iter().try_for_each(|row| write(connection, row))).await
    }

    /// Every CA certificate that there ever was, the oldest first.
    pub async fn ca_certificates(&self) -> Result<Vec<CaRow>, StoreError> {
        self.read(|connection| sql::all(connection, LIST, [], read)).await
    }

    /// When the last certificate under this CA ends; none when there is none.
    pub async fn last_end_of_ca(&self, sha256: [u8; 32]) -> Result<Option<Timestamp>, StoreError> {
        let last = |row: &Row<'_>| maybe_moment(row, "last");
        self.read(move |connection| Ok(sql::one(connection, LAST_END, [sha256], last)?.flatten()))
            .await
    }
}

fn write(connection: &Connection, row: &CaRow) -> Result<(), StoreError> {
    let row = params![
        row.sha256,
        row.certificate,
        row.state.as_str(),
        signed(row.sequence),
        row.prepared_at.0,
        row.activated_at.map(|moment| moment.0),
        row.retiring_at.map(|moment| moment.0),
    ];
    sql::execute(connection, WRITE, row)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<CaRow, StoreError> {
    Ok(CaRow {
        sha256: bytes_as(row, "sha256")?,
        certificate: row.get("certificate")?,
        state: CaState::from_name(text(row, "state")?)
            .ok_or(StoreError::BadRow { column: "state" })?,
        sequence: unsigned(row, "sequence")?,
        prepared_at: moment(row, "prepared_at")?,
        activated_at: maybe_moment(row, "activated_at")?,
        retiring_at: maybe_moment(row, "retiring_at")?,
    })
}
