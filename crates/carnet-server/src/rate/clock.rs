//! [`Ticks`]: the gate's clock, as the limiter reads it.

use std::time::Duration;

use carnet_gate::{Clock, Stopwatch};
use carnet_ticket::time::Timestamp;

/// The time since it was started. Steps of the wall clock do not move it; the hand of a manual clock does.
#[derive(Debug, Clone)]
pub(super) struct Ticks {
    clock: Clock,
    started: Stopwatch,
    start: Timestamp,
}

impl Ticks {
    pub(super) fn start(clock: Clock) -> Self {
        Self { started: clock.stopwatch(), start: clock.now(), clock }
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        match self.clock {
            Clock::System => self.started.elapsed(),
            Clock::Manual(_) => self.clock.now().since(self.start),
        }
    }
}
