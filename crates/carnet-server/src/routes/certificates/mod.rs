//! `/api/v1/admin/certificates`: what members of the fleet were given.

mod list;
mod revoke;

pub(super) use list::list;
pub(super) use revoke::revoke;

use carnet_authority::ca::RevokedBecause;
use carnet_authority::enroll::Standing;
use carnet_store::CertificateRow;
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

/// A certificate as it is shown.
pub(crate) fn shown(row: &CertificateRow, now: Timestamp) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let status = match row.standing(false, now) {
        Standing::Revoked => "revoked",
        Standing::Expired => "expired",
        _ => "live",
    };
    json!({
        "serial": row.serial.to_string(),
        "subject": row.member.to_string(),
        "generation": row.generation.0,
        "issued_at": row.issued_at.to_string(),
        "not_after": row.expires_at.to_string(),
        "status": status,
        "used_at": moment(row.used_at),
        "revoked_at": moment(row.revoked_at),
        "reason": row.reason.map(RevokedBecause::as_str),
    })
}
