//! `/api/v1/admin/revocations`, and the feed at `/api/v1/revocations`.

mod create;
mod list;
mod preview;
mod snapshot;
mod stream;

pub(super) use create::{create, put_in_force};
pub(super) use list::list;
pub(crate) use preview::ends;
pub(crate) use snapshot::snapshot;
pub(crate) use stream::{Since, stream};

use carnet_gate::Selector;
use carnet_store::RevocationRow;
use serde_json::{Value, json};

/// A revocation as it is shown. The id of a task ticket is the ticket, so it is shown by its fingerprint.
pub(super) fn shown(row: &RevocationRow) -> Value {
    let entry = &row.entry;
    let mut value = json!({
        "seq": entry.seq,
        "kind": entry.selector.kind().as_str(),
        "value": shown_value(&entry.selector),
        "at": entry.at.to_string(),
        "exp": entry.exp.map(|moment| moment.to_string()),
        "reason": row.reason,
    });
    match &entry.selector {
        Selector::TokenId { worker_id: Some(worker), .. } => {
            value["worker_id"] = Value::from(worker.as_str())
        }
        Selector::Subject { issued_before, .. } => {
            value["issued_before"] = Value::from(issued_before.unix_s())
        }
        _ => {}
    }
    value
}

fn shown_value(selector: &Selector) -> String {
    match (selector, selector.content()) {
        (Selector::RealmTicket(_), Some(content)) => format!("ticket:~{}", content.fingerprint()),
        _ => selector.value(),
    }
}
