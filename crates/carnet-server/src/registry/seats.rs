//! [`Slot`]: a place at a worker, held while it does something for somebody.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_ticket::identity::CapabilityId;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Tells whoever waits for workers that they changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Changed(Arc<Notify>);

impl Changed {
    pub(super) fn notify(&self) {
        self.0.notify_waiters();
        // Whoever is about to wait does not miss it.
        self.0.notify_one();
    }

    pub(super) fn notified(&self) -> &Notify {
        &self.0
    }
}

/// The places at one worker that are taken. They stay with it when it registers again.
#[derive(Debug, Default)]
pub struct Seats {
    taken: Mutex<Taken>,
    changed: Changed,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    of: BTreeMap<CapabilityId, u32>,
}

/// A place at a worker. Dropped, it is given back, and who waits for one is woken.
#[derive(Debug)]
pub struct Slot {
    seats: Arc<Seats>,
    capability: CapabilityId,
}

impl Seats {
    pub(super) fn new(changed: Changed) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), changed })
    }

    /// How many are taken.
    pub fn taken(&self) -> u32 {
        self.taken.lock().all
    }

    /// How many are taken, if one more is left.
    pub(super) fn room(&self, capability: &CapabilityId, limits: Limits) -> Option<u32> {
        self.taken.lock().room(capability, limits)
    }

    /// Takes one, if one is left.
    pub fn take(self: &Arc<Self>, capability: &CapabilityId, limits: Limits) -> Option<Slot> {
        let mut taken = self.taken.lock();
        taken.room(capability, limits)?;
        taken.all += 1;
        *taken.of.entry(capability.clone()).or_default() += 1;
        Some(Slot { seats: Arc::clone(self), capability: capability.clone() })
    }
}

/// How many may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At the worker.
    pub all: u32,
    /// Of the capability.
    pub of_it: u32,
}

impl Limits {
    /// As many as one likes.
    pub const NONE: Self = Self { all: u32::MAX, of_it: u32::MAX };
}

impl Taken {
    fn room(&self, capability: &CapabilityId, limits: Limits) -> Option<u32> {
        let of_it = self.of.get(capability).copied().unwrap_or(0);
        (self.all < limits.all && of_it < limits.of_it).then_some(self.all)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        {
            let mut taken = self.seats.taken.lock();
            taken.all -= 1;
            if let Some(of_it) = taken.of.get_mut(&self.capability) {
                *of_it -= 1;
                if *of_it == 0 {
                    taken.of.remove(&self.capability);
                }
            }
        }
        self.seats.changed.notify();
    }
}
