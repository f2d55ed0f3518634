//! [`Offers`]: the handlers of a worker, by what they can do.

use std::collections::HashMap;
use std::sync::Arc;

use carnet_ticket::identity::CapabilityId;

use super::AnyHandler;

/// A handler, and how many tasks it takes at once.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) handler: Arc<dyn AnyHandler>,
    pub(crate) max_concurrency: usize,
}

/// The handlers of a worker.
#[derive(Clone, Default)]
pub(crate) struct Offers(HashMap<CapabilityId, Offer>);

impl Offers {
    pub(crate) fn add(&mut self, capability: CapabilityId, offer: Offer) {
        self.0.insert(capability, offer);
    }

    pub(super) fn find(&self, capability: &str) -> Option<(&CapabilityId, &Offer)> {
        self.0.iter().find(|(id, _)| id.as_str() == capability)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
