//! The life of a task ticket.

use carnet_authority::audit::Event;
use carnet_store::{
    CommitError, NewTicket, RevokeTicketError, StoreError, TicketEnd, TicketRow, TicketStatus,
};
use carnet_ticket::realm::{self, NodeKey, RealmId, TicketId};
use carnet_ticket::rights::RealmRights;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::RowEnd;
use std::time::Duration;

use super::{NoRandomness, Realms, ScopeError, random};
use crate::accept;
use crate::node::NodeKind;
use crate::ticket::{CreateTicket, InvalidTicket};

/// Why a ticket was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CreateTicketError {
    /// A ticket cannot be that.
    #[error(transparent)]
    Invalid(#[from] InvalidTicket),
    /// An id could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitTicketError {
    /// The ticket may not, or not any more.
    #[error("the ticket may not commit")]
    Ticket(TicketEnd),
    /// The output may not be used: absent, somebody else's, out of scope.
    #[error("the output is missing")]
    MissingOutput(NodeKey),
    /// The output is not of an accepted type.
    #[error("the output is not accepted")]
    NotAccepted,
    /// What decides about the output.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket was not revoked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The realm has no such ticket.
    #[error("the realm has no such ticket")]
    Unknown,
    /// Somebody else issued it.
    #[error("somebody else issued the ticket")]
    NotIssuer,
    /// It is revoked already.
    #[error("the ticket is revoked already")]
    AlreadyRevoked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Realms {
    /// Makes a ticket of `realm`, issued by `issuer`.
    pub async fn create_ticket(
        &self,
        realm: RealmId,
        issuer: &str,
        request: CreateTicket,
        event: impl FnOnce(&TicketId) -> Event + Send,
    ) -> Result<NewTicket, CreateTicketError> {
        request.check()?;
        let now = self.now();
        let expires_at = self.expires_at(&request, now);
        let is_writable = request.writable.is_some();
        let writable = request.writable.unwrap_or_default();
        let ticket = NewTicket {
            id: TicketId::new(now, random()?),
            realm,
            issuer: issuer.to_owned(),
            purpose: request.purpose,
            input: request.input,
            writable: is_writable,
            quota: writable.quota,
            accept: writable.accept.unwrap_or_default(),
            created_at: now,
            expires_at,
            parent: None,
            depth: 0,
            delegable: request.delegable,
        };
        self.store.audited(event(&ticket.id)).insert_ticket(ticket.clone()).await?;
        Ok(ticket)
    }

    /// The last moment of a ticket that is made now.
    pub(super) fn expires_at(&self, request: &CreateTicket, now: Timestamp) -> Timestamp {
        let options = &self.options;
        let ttl = request.expires_in_s.map_or(options.default_ticket_ttl, Duration::from_secs);
        now.after(ttl.min(options.max_ticket_ttl))
    }

    /// A ticket of `realm`, whatever has become of it.
    pub async fn ticket(
        &self,
        realm: &RealmId,
        id: &TicketId,
    ) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.store.ticket(id).await?.filter(|row| row.ticket.realm == *realm))
    }

    /// At most `limit` tickets of `realm`, newest first, before number `before`, of one status or all.
    pub async fn list_tickets(
        &self,
        realm: &RealmId,
        status: Option<TicketStatus>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TicketRow>, StoreError> {
        self.store.list_tickets(realm, status, before, limit).await
    }

    /// Gives the ticket of `rights` its output, once.
    pub async fn commit(
        &self,
        rights: &RealmRights,
        row: &TicketRow,
        output: NodeKey,
        event: Event,
    ) -> Result<(), CommitTicketError> {
        let id = row.ticket.id;
        let facts = self.usable(rights, &[output]).await?;
        let facts = facts.get(&output).ok_or(CommitTicketError::MissingOutput(output))?;
        let accept = &row.ticket.accept;
        let is_accepted = match NodeKind::of_code(facts.kind) {
            Some(NodeKind::Dict) => true,
            Some(NodeKind::File) => {
                accept.is_empty() || accept::matches(accept, &facts.content_type)
            }
            Some(NodeKind::Successor) | None => accept.is_empty(),
        };
        if !is_accepted {
            return Err(CommitTicketError::NotAccepted);
        }
        let store = self.store.audited(event);
        store.commit_ticket(id, output, self.now()).await.map_err(|error| match error {
            CommitError::Ticket(end) => CommitTicketError::Ticket(end),
            CommitError::MissingOutput => CommitTicketError::MissingOutput(output),
            CommitError::Store(error) => CommitTicketError::Store(error),
            _ => CommitTicketError::Ticket(TicketEnd::Unknown),
        })?;
        // Who is admitted from here on reads the result and writes nothing. What was admitted before may
        // still read; its writes are refused by the transaction.
        self.gate.row_changed(realm::content_id(&id));
        self.watches.tell(id);
        Ok(())
    }

    /// Revokes a ticket of `realm` that `issuer` made: its grants have ended when this returns.
    pub async fn revoke(
        &self,
        realm: &RealmId,
        id: TicketId,
        issuer: &str,
        event: Event,
    ) -> Result<TicketRow, RevokeError> {
        let row = self.ticket(realm, &id).await?.ok_or(RevokeError::Unknown)?;
        if row.ticket.issuer != issuer {
            return Err(RevokeError::NotIssuer);
        }
        let store = self.store.audited(event);
        let (row, _) = store.revoke_ticket(id, self.now()).await.map_err(|error| match error {
            RevokeTicketError::AlreadyRevoked => RevokeError::AlreadyRevoked,
            RevokeTicketError::Store(error) => RevokeError::Store(error),
            _ => RevokeError::Unknown,
        })?;
        let end = if row.output.is_some() { RowEnd::Archived } else { RowEnd::Revoked };
        self.ended(id, end).await?;
        Ok(row)
    }

    /// Deletes a ticket of `realm`; whether there was one.
    pub async fn delete_ticket(
        &self,
        realm: RealmId,
        id: TicketId,
        event: Event,
    ) -> Result<bool, StoreError> {
        let Some(row) = self.ticket(&realm, &id).await? else { return Ok(false) };
        let store = self.store.audited(event);
        let deleted = store.delete_ticket(realm, id, self.now()).await?.is_some();
        if deleted {
            self.ended(id, RowEnd::Deleted).await?;
            // Its result is no longer that of something below them.
            row.ancestors.iter().for_each(|above| self.scopes.forget(&above.id));
        }
        Ok(deleted)
    }

    /// Ends what rests on a ticket whose row is over, after the transaction that ended it.
    pub async fn ended(&self, id: TicketId, end: RowEnd) -> Result<(), StoreError> {
        self.gate.end_content(realm::content_id(&id), end);
        self.store.bring_up_to_date(&self.gate).await?;
        self.scopes.forget(&id);
        self.watches.tell(id);
        Ok(())
    }
}
