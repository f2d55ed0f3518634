//! Children of a task ticket.

use carnet_authority::audit::Event;
use carnet_store::{InsertChildError, NewTicket, StoreError, TicketEnd, TicketRow};
use carnet_ticket::realm::TicketId;
use carnet_ticket::rights::WriteLimits;
use std::collections::HashSet;

use super::status::rights_of;
use super::{NoRandomness, Realms, ScopeError, random};
use crate::ticket::{By, CreateTicket, Exceeds, InvalidTicket, Parent, attenuate};

/// Why a child was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AttenuateError {
    /// A ticket cannot be that.
    #[error(transparent)]
    Invalid(#[from] InvalidTicket),
    /// It would exceed its parent.
    #[error(transparent)]
    Exceeds(#[from] Exceeds),
    /// The parent has ended.
    #[error("the parent has ended")]
    Parent(TicketEnd),
    /// What decides about the inputs.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// An id could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertChildError> for AttenuateError {
    fn from(error: InsertChildError) -> Self {
        match error {
            InsertChildError::Parent(end) => Self::Parent(end),
            InsertChildError::Store(error) => Self::Store(error),
            _ => Self::Parent(TicketEnd::Unknown),
        }
    }
}

impl Realms {
    /// Makes a child of the ticket `parent`, which gets no more than that has, and ends with it.
    pub async fn attenuate(
        &self,
        parent: TicketRow,
        by: By,
        request: CreateTicket,
        event: impl FnOnce(&TicketId) -> Event + Send,
    ) -> Result<NewTicket, AttenuateError> {
        request.check()?;
        let now = self.now();
        let usable = match &request.input {
            Some(keys) => self.within(&rights_of(&parent), keys).await?,
            None => HashSet::new(),
        };
        let until = self.expires_at(&request, now);
        let whole = what_is_left(&parent);
        let child = attenuate(whole, by, &request, |key| usable.contains(key), until)?;
        let is_writable = child.write.is_some();
        let limits = child.write.unwrap_or_default();
        let ticket = NewTicket {
            id: TicketId::new(now, random()?),
            realm: parent.ticket.realm,
            // Who may revoke the parent may revoke what was made of it.
            issuer: parent.ticket.issuer,
            purpose: request.purpose,
            input: child.input,
            writable: is_writable,
            quota: limits.quota,
            accept: limits.accept,
            created_at: now,
            expires_at: child.expires_at,
            parent: Some(parent.ticket.id),
            depth: child.depth,
            delegable: child.delegable,
        };
        let store = self.store.audited(event(&ticket.id));
        store.insert_child(ticket.clone(), now).await?;
        Ok(ticket)
    }
}

/// What of a ticket a child can get.
fn what_is_left(row: &TicketRow) -> Parent {
    let ticket = &row.ticket;
    let may_write = row.may_write() && row.output.is_none();
    let write = WriteLimits { quota: row.quota_left(), accept: ticket.accept.clone() };
    Parent {
        input: ticket.input.clone(),
        write: may_write.then_some(write),
        expires_at: ticket.expires_at,
        depth: ticket.depth,
        delegable: ticket.delegable,
    }
}
