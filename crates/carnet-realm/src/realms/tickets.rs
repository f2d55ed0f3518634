//! The life of a task ticket.

use carnet_authority::audit::Event;
use carnet_store::{
    CommitError, NewTicket, RevokeTicketError, StoreError, TicketEnd, TicketRow, TicketStatus,
};
use carnet_ticket::realm::{self, NodeKey, RealmId, TicketId};
use carnet_ticket::rights::RealmRights;
use carnet_ticket::verify::RowEnd;
use std::time::Duration;

use super::{NoRandomness, Realms, ScopeError, random};
use crate::accept::{self, InvalidAccept};
use crate::node::NodeKind;

const INPUT_MAX: usize = 1000;
const PURPOSE_MAX: usize = 500;
const QUOTA_MAX: u64 = (1 << 53) - 1;

/// What a new ticket is to allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateTicket {
    /// What it may read; none for the whole realm.
    pub input: Option<Vec<NodeKey>>,
    /// What it is for.
    pub purpose: Option<String>,
    /// What it may write; none for nothing.
    pub writable: Option<WritableRequest>,
    /// How long it counts, seconds.
    pub expires_in_s: Option<u64>,
}

/// What a new ticket may write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WritableRequest {
    /// The most bytes; none for no limit.
    pub quota: Option<u64>,
    /// The content types; none for all.
    pub accept: Option<Vec<String>>,
}

/// Why a ticket was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CreateTicketError {
    /// More inputs than there may be.
    #[error("input has more than {INPUT_MAX} keys")]
    TooManyInputs,
    /// A purpose that is too long.
    #[error("purpose has more than {PURPOSE_MAX} characters")]
    PurposeTooLong,
    /// A quota of 0, or beyond what JSON can say.
    #[error("quota is from 1 to 2^53 - 1")]
    BadQuota,
    /// Patterns that are none.
    #[error(transparent)]
    Accept(#[from] InvalidAccept),
    /// A life of no time.
    #[error("expiresIn is at least 1")]
    NoTime,
    /// An id could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CreateTicketError {
    /// The field that is at fault, if the request is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::TooManyInputs => Some("input"),
            Self::PurposeTooLong => Some("purpose"),
            Self::BadQuota => Some("writable.quota"),
            Self::Accept(_) => Some("writable.accept"),
            Self::NoTime => Some("expiresIn"),
            _ => None,
        }
    }
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
        let now = self.now();
        let ttl = match request.expires_in_s {
            Some(0) => return Err(CreateTicketError::NoTime),
            Some(s) => Duration::from_secs(s).min(self.options.max_ticket_ttl),
            None => self.options.default_ticket_ttl.min(self.options.max_ticket_ttl),
        };
        check(&request)?;
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
            expires_at: now.after(ttl),
        };
        self.store.audited(event(&ticket.id)).insert_ticket(ticket.clone()).await?;
        Ok(ticket)
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
        let store = self.store.audited(event);
        let deleted = store.delete_ticket(realm, id, self.now()).await?.is_some();
        if deleted {
            self.ended(id, RowEnd::Deleted).await?;
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

fn check(request: &CreateTicket) -> Result<(), CreateTicketError> {
    if request.input.as_ref().is_some_and(|input| input.len() > INPUT_MAX) {
        return Err(CreateTicketError::TooManyInputs);
    }
    if request.purpose.as_ref().is_some_and(|purpose| purpose.chars().count() > PURPOSE_MAX) {
        return Err(CreateTicketError::PurposeTooLong);
    }
    let writable = request.writable.as_ref();
    if writable
        .and_then(|writable| writable.quota)
        .is_some_and(|quota| !(1..=QUOTA_MAX).contains(&quota))
    {
        return Err(CreateTicketError::BadQuota);
    }
    if let Some(patterns) = writable.and_then(|writable| writable.accept.as_ref()) {
        accept::check_patterns(patterns)?;
    }
    Ok(())
}
