//! `/api/v1/admin/enrollments`: who may come into the fleet.

mod create;
mod delete;
mod list;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use list::list;

use carnet_authority::enroll::Enrollment;
use carnet_ticket::identity::{Member, TrustDomain};
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

use super::ca::texts;

/// An enrollment as it is shown: never the token.
fn shown(enrollment: &Enrollment, trust_domain: &TrustDomain, now: Timestamp) -> Value {
    let member = Member { kind: enrollment.kind, name: enrollment.name.clone() };
    let used = enrollment.used.as_ref();
    json!({
        "id": enrollment.id.to_string(),
        "name": enrollment.name.as_str(),
        "spiffe_id": member.spiffe_id(trust_domain.clone()).to_string(),
        "dns": texts(&enrollment.dns),
        "ip": texts(&enrollment.ip),
        "capabilities": texts(&enrollment.capabilities),
        "labels": enrollment.labels,
        "cert_ttl": enrollment.cert_ttl.to_string(),
        "expires_at": enrollment.expires_at.to_string(),
        "created_by": enrollment.created_by,
        "created_at": enrollment.created_at.to_string(),
        "status": status(enrollment, now),
        "used_at": used.map(|used| used.at.to_string()),
        "used_by": used.map(|used| used.by.as_str()),
        "serial": used.map(|used| used.serial.to_string()),
    })
}

fn status(enrollment: &Enrollment, now: Timestamp) -> &'static str {
    if enrollment.used.is_some() {
        "used"
    } else if enrollment.revoked_at.is_some() {
        "revoked"
    } else if enrollment.expires_at <= now {
        "expired"
    } else {
        "open"
    }
}
