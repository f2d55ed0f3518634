//! Which task tickets a revocation would end.

use carnet_gate::Selector;
use carnet_store::StoreError;
use carnet_ticket::realm::TicketId;

use super::Realms;
use super::status::verified;

/// How many tickets are read at a time.
const PAGE: u32 = 500;

impl Realms {
    /// The task tickets that count, and that a revocation of `selector` would end.
    pub async fn named_by(&self, selector: &Selector) -> Result<Vec<TicketId>, StoreError> {
        let issuer = match selector {
            Selector::Subject { subject, .. } => Some(subject.as_str()),
            Selector::ContentId(_) | Selector::RealmTicket(_) => None,
            // A task ticket has no id beside its content, no key and no certificate.
            Selector::TokenId { .. } | Selector::Key(_) | Selector::Certificate(_) => {
                return Ok(Vec::new());
            }
        };
        let (now, mut named, mut after) = (self.now(), Vec::new(), 0);
        loop {
            let page = self.store.live_tickets(issuer, after, now, PAGE).await?;
            let Some(last) = page.last() else { return Ok(named) };
            after = last.seq;
            for row in &page {
                let credential = verified(row, now);
                let is_named = |credential| {
                    selector.names(credential)
                        && self.gate.revocations().judge(credential, now).is_none()
                };
                if credential.as_ref().is_some_and(is_named) {
                    named.push(row.ticket.id);
                }
            }
        }
    }
}
