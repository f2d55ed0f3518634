//! What the gate is told about task tickets.

use carnet_gate::{Gate, StatusSource};
use carnet_store::{Store, StoreError, TicketRow};
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::{self, TicketId};
use carnet_ticket::rights::{Holder, RealmRights, RealmRole, Rights, Roots, WriteLimits};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{
    Class, Facts, Limits, Presented, Proof, Reason, Row, RowEnd, Verified,
};
use futures::future::BoxFuture;

/// Reads the rows of task tickets for the gate.
pub struct TicketStatusSource {
    store: Store,
    gate: Gate,
}

impl TicketStatusSource {
    /// A source over `store` for `gate`.
    pub fn new(store: Store, gate: Gate) -> Self {
        Self { store, gate }
    }

    /// A ticket, and whether its realm's owner has no role any more.
    async fn read(&self, id: &TicketId) -> Result<(Option<TicketRow>, bool), StoreError> {
        let Some(row) = self.store.ticket(id).await? else { return Ok((None, false)) };
        let role = self.store.set_role(&row.ticket.realm).await?;
        Ok((Some(row), role == Some(RealmRole::Unauthorized)))
    }
}

impl StatusSource for TicketStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            let id = TicketId::from_credential(text).map_err(|_| Reason::Malformed)?;
            let epoch = self.gate.epoch();
            let (row, is_closed) = self.read(&id).await.map_err(|error| {
                tracing::error!(%error, "a ticket's row could not be read");
                Reason::StatusUnavailable
            })?;
            let ancestors = row.as_ref().map(above).unwrap_or_default();
            let row = row.as_ref().map(|row| Row {
                // To an owner without a role the realm is closed, and to whatever it gave out.
                rights: (!is_closed).then(|| Rights::Realm(rights_of(row))),
                ..row_of(row)
            });
            Ok(Facts { epoch, row, ancestors, home: None })
        })
    }
}

/// The ticket as the gate takes it, if it counts at `now`.
pub(super) fn verified(row: &TicketRow, now: Timestamp) -> Option<Verified> {
    let facts = Facts { ancestors: above(row), ..Facts::none() };
    let row = Some(row_of(row)).filter(|row| row.ended.is_none())?;
    Verified::of_row(Class::Realm, &row, &facts, now).ok()
}

/// What a ticket derives from: those above it, what issued them all and whom that acts for, as far as these can be
/// withdrawn, and the owner of the realm.
fn above(row: &TicketRow) -> Vec<UniqueId> {
    let tickets = row.ancestors.iter().map(|above| realm::content_id(&above.id));
    let issuer = [Some(&row.ticket.issuer), row.issuer_owner.as_ref()].into_iter().flatten();
    let issuer = issuer.filter_map(|issuer| realm::issuer_content_id(issuer));
    tickets.chain(issuer).chain([realm::owner_content_id(&row.ticket.realm)]).collect()
}

fn row_of(row: &TicketRow) -> Row {
    let ended = match (row.revoked_at, row.output) {
        (Some(_), None) => Some(RowEnd::Revoked),
        (Some(_), Some(_)) => Some(RowEnd::Archived),
        (None, _) if !row.rests_on_live() => Some(RowEnd::Parent),
        (None, _) => (!row.is_issuer_live).then_some(RowEnd::Issuer),
    };
    Row {
        content_id: realm::content_id(&row.ticket.id),
        subject: row.ticket.issuer.clone(),
        proof: Proof::None,
        issued_at: row.ticket.created_at,
        // The last moment at which it counts is expires_at itself.
        expires: Expiration::At(Timestamp(row.ticket.expires_at.0.saturating_add(1))),
        ended,
        rights: None,
        limits: Limits::none(),
    }
}

/// Reads its input and its output; writes while neither it nor anything above it has an output.
pub(super) fn rights_of(row: &TicketRow) -> RealmRights {
    let ticket = &row.ticket;
    let may_write = row.may_write() && row.output.is_none();
    let write = WriteLimits { quota: ticket.quota, accept: ticket.accept.clone() };
    RealmRights {
        realm: ticket.realm,
        holder: Holder::Ticket(ticket.id),
        roots: match &ticket.input {
            None => Roots::All,
            Some(keys) => Roots::Keys(keys.iter().copied().chain(row.output).collect()),
        },
        write: may_write.then_some(write),
        delegable: ticket.delegable,
    }
}
