//! Waiting for what becomes of a ticket.

use std::collections::HashMap;
use std::sync::Arc;

use carnet_gate::Clock;
use carnet_store::{StoreError, TicketRow};
use carnet_ticket::realm::{RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::Realms;

/// How many may wait in one realm.
pub const WAITS_MAX: u32 = 1000;

/// How many changes a waiter may be behind; one that is further just looks again.
const BEHIND_MAX: usize = 1024;

/// As many wait in a realm as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("as many wait in this realm as may")]
pub struct TooManyWaits;

/// Everybody who waits.
pub(super) struct Watches {
    /// Tickets of which something has become; none when it may be any.
    changes: broadcast::Sender<Option<TicketId>>,
    waiting: Arc<Mutex<HashMap<RealmId, usize>>>,
}

impl Default for Watches {
    fn default() -> Self {
        Self { changes: broadcast::Sender::new(BEHIND_MAX), waiting: Arc::default() }
    }
}

impl Watches {
    /// Something has become of a ticket.
    pub(super) fn tell(&self, ticket: TicketId) {
        // Nobody may be waiting.
        let _ = self.changes.send(Some(ticket));
    }

    /// Something has become of any number of tickets.
    pub(super) fn tell_all(&self) {
        let _ = self.changes.send(None);
    }
}

/// Somebody who waits for one ticket.
pub struct Watch {
    ticket: TicketId,
    /// What stands above it: when that ends, so does the ticket.
    above: Vec<TicketId>,
    realm: RealmId,
    changes: broadcast::Receiver<Option<TicketId>>,
    waiting: Arc<Mutex<HashMap<RealmId, usize>>>,
}

impl Realms {
    /// Begins to wait for what becomes of a ticket. Begin before reading its row: no change is missed then.
    pub fn watch(&self, realm: &RealmId, ticket: TicketId) -> Result<Watch, TooManyWaits> {
        let mut waiting = self.watches.waiting.lock();
        let count = waiting.entry(*realm).or_default();
        if *count >= WAITS_MAX as usize {
            return Err(TooManyWaits);
        }
        *count += 1;
        let changes = self.watches.changes.subscribe();
        let waiting = Arc::clone(&self.watches.waiting);
        Ok(Watch { ticket, above: Vec::new(), realm: *realm, changes, waiting })
    }

    /// What may have issued tickets has ended: who waits for one looks again.
    pub fn issuer_ended(&self) {
        self.watches.tell_all();
    }

    /// A ticket as it is once it is something else than live and without output, or at `until`.
    pub async fn wait(
        &self,
        watch: &mut Watch,
        until: Timestamp,
    ) -> Result<Option<TicketRow>, StoreError> {
        let clock = self.gate.clock();
        loop {
            let Some(row) = self.ticket(&watch.realm, &watch.ticket).await? else {
                return Ok(None);
            };
            watch.above = row.ancestors.iter().map(|above| above.id).collect();
            let now = clock.now();
            if row.output.is_some() || !row.is_live_at(now) || now >= until {
                return Ok(Some(row));
            }
            watch
                .changed(clock, until.min(Timestamp(row.ticket.expires_at.0.saturating_add(1))))
                .await;
        }
    }
}

impl Watch {
    /// Waits until something has become of the ticket, or until `until`.
    async fn changed(&mut self, clock: &Clock, until: Timestamp) {
        let told = async {
            loop {
                match self.changes.recv().await {
                    Ok(Some(ticket)) if ticket != self.ticket && !self.above.contains(&ticket) => {}
                    // Told, or so far behind that it may have been.
                    _ => return,
                }
            }
        };
        tokio::select! {
            () = told => {}
            () = clock.sleep_until(until) => {}
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        if let Some(count) = waiting.get_mut(&self.realm) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.realm);
            }
        }
    }
}
