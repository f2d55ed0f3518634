//! [`Ticks`]: the gate's clock, as the limiter reads it.

use std::time::Duration;

use carnet_gate::Clock;

/// The time since the process started. Steps of the wall clock do not move it; the hand of a manual clock does.
#[derive(Debug, Clone)]
pub(super) struct Ticks(pub(super) Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}
