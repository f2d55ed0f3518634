//! News for pages that are open: what of the fleet has changed, by name. What it is now, they ask for themselves.

mod pulse;
mod stream;

pub(crate) use pulse::{Pulse, beat};
pub(crate) use stream::stream;
