//! [`Expiry`]: one queue of the moments at which grants end, for those that somebody waits on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Ended;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::gate::Inner;
use crate::grant::State;

/// The queue. One task per gate serves it, from the first wait on.
#[derive(Default)]
pub(crate) struct Expiry {
    queue: Mutex<BTreeMap<Ticket, Weak<State>>>,
    next: AtomicU64,
    is_served: AtomicBool,
    changed: Arc<Notify>,
}

/// A place in the queue: by moment, then by arrival.
pub(crate) type Ticket = (Timestamp, u64);

impl Expiry {
    /// Ends `state` when its moment comes. Called inside a Tokio runtime.
    pub(crate) fn enqueue(gate: &Arc<Inner>, moment: Timestamp, state: Weak<State>) -> Ticket {
        let this = &gate.expiry;
        let ticket = (moment, this.next.fetch_add(1, Ordering::Relaxed));
        let is_first = {
            let mut queue = this.queue.lock();
            queue.insert(ticket, state);
            queue.first_key_value().is_some_and(|(first, _)| *first == ticket)
        };
        if !this.is_served.swap(true, Ordering::SeqCst) {
            tokio::spawn(serve(Arc::downgrade(gate), Arc::clone(&this.changed)));
        } else if is_first {
            this.changed.notify_one();
        }
        ticket
    }

    pub(crate) fn remove(&self, ticket: Ticket) {
        self.queue.lock().remove(&ticket);
    }

    /// Takes out what is due at `now`.
    fn due(&self, now: Timestamp) -> Vec<Weak<State>> {
        let mut queue = self.queue.lock();
        let later = queue.split_off(&(Timestamp(now.0.saturating_add(1)), 0));
        std::mem::replace(&mut *queue, later).into_values().collect()
    }

    fn first(&self) -> Option<Timestamp> {
        self.queue.lock().first_key_value().map(|((moment, _), _)| *moment)
    }
}

impl Drop for Expiry {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

/// Ends grants as their moments come, until the gate is gone.
async fn serve(gate: Weak<Inner>, changed: Arc<Notify>) {
    while let Some(strong) = gate.upgrade() {
        for state in strong.expiry.due(strong.clock.now()) {
            if let Some(state) = state.upgrade() {
                state.end(Ended::Expired);
            }
        }
        let (clock, next) = (strong.clock.clone(), strong.expiry.first());
        drop(strong);
        let next = async {
            match next {
                Some(moment) => clock.sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = next => {}
            () = changed.notified() => {}
        }
    }
}
