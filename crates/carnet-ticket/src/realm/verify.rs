//! Task tickets before the gate: the text is an id, and everything it is worth stands in its row.

use super::TicketId;
use crate::id;
use crate::id::UniqueId;
use crate::time::Timestamp;
use crate::verify::{Class, Facts, Presented, Reason, Verified, Verify};

/// The class of task tickets; their data is the id text `ticket:<ULID>`.
pub const CLASS: UniqueId = id!("carnet.ticket.realm");

/// The content id of a task ticket.
pub fn content_id(id: &TicketId) -> UniqueId {
    CLASS.derive(id.to_string())
}

/// Judges task tickets by their row. Knowing the id is holding the ticket: the row was found by it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealmTickets;

impl Verify for RealmTickets {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        let id = TicketId::from_credential(text).map_err(|_| Reason::Malformed)?;
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        if row.content_id != content_id(&id) {
            return Err(Reason::Unknown);
        }
        Verified::of_row(Class::Realm, row, facts, now)
    }
}
