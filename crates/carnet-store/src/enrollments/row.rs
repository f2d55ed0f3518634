//! [`Enrollment`] as a row.

use carnet_authority::ca::Serial;
use carnet_authority::enroll::{Enrollment, Use};
use carnet_ticket::enrollment::{EnrollmentId, SecretDigest};
use carnet_ticket::identity::Kind;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::row::{bytes_as, join_texts, maybe_moment, moment, parsed, text, texts};
use crate::{sql, worker_identities};

const INSERT: &str = "INSERT INTO enrollments (id, name, kind, dns, ip, capabilities, labels, cert_ttl, secret, \
    expires_at, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const FIND: &str = "SELECT * FROM enrollments WHERE id = ?1";
const OF_SECRET: &str = "SELECT * FROM enrollments WHERE secret = ?1";
const USE: &str = "UPDATE enrollments SET used_at = ?2, used_by = ?3, serial = ?4, spki_sha256 = ?5 WHERE id = ?1";

pub(super) fn insert(connection: &Connection, enrollment: &Enrollment) -> Result<(), StoreError> {
    let values = params![
        enrollment.id.to_string(),
        enrollment.name.as_str(),
        enrollment.kind.as_str(),
        join_texts(&enrollment.dns),
        join_texts(&enrollment.ip),
        join_texts(&enrollment.capabilities),
        serde_json::json!(enrollment.labels).to_string(),
        enrollment.cert_ttl.as_secs(),
        enrollment.secret.0,
        enrollment.expires_at.0,
        enrollment.created_by,
        enrollment.created_at.0,
    ];
    sql::execute(connection, INSERT, values)?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    id: EnrollmentId,
) -> Result<Option<Enrollment>, StoreError> {
    sql::one(connection, FIND, [id.to_string()], read)
}

pub(super) fn of_secret(
    connection: &Connection,
    secret: SecretDigest,
) -> Result<Option<Enrollment>, StoreError> {
    sql::one(connection, OF_SECRET, [secret.0], read)
}

/// Uses an enrollment up.
pub(super) fn mark_used(
    connection: &Connection,
    id: EnrollmentId,
    (now, by): (Timestamp, &str),
    (serial, spki_sha256): (Serial, &[u8; 32]),
) -> Result<(), StoreError> {
    let values = params![id.to_string(), now.0, by, serial.to_string(), spki_sha256];
    sql::execute(connection, USE, values)?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> Result<Enrollment, StoreError> {
    let kind = Kind::from_name(text(row, "kind")?);
    let labels = serde_json::from_str(text(row, "labels")?);
    let used = maybe_moment(row, "used_at")?.map(|at| {
        Ok::<_, StoreError>(Use {
            at,
            by: row.get("used_by")?,
            serial: parsed(row, "serial")?,
            spki_sha256: bytes_as(row, "spki_sha256")?,
        })
    });
    Ok(Enrollment {
        id: parsed(row, "id")?,
        name: parsed(row, "name")?,
        kind: kind.ok_or(StoreError::BadRow { column: "kind" })?,
        dns: texts(row, "dns")?,
        ip: texts(row, "ip")?,
        capabilities: texts(row, "capabilities")?,
        labels: labels.map_err(|_| StoreError::BadRow { column: "labels" })?,
        cert_ttl: worker_identities::lifetime(row, "cert_ttl")?,
        secret: SecretDigest(bytes_as(row, "secret")?),
        expires_at: moment(row, "expires_at")?,
        created_by: row.get("created_by")?,
        created_at: moment(row, "created_at")?,
        revoked_at: maybe_moment(row, "revoked_at")?,
        used: used.transpose()?,
    })
}
