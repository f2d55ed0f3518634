//! [`Clock`]: the only clock there is. Everything else asks it, so that tests can turn it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use carnet_ticket::time::Timestamp;
use tokio::sync::watch;

/// How long a sleep may go on before it looks at the wall clock again: a step is noticed within this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until its [`Hand`] moves it.
    Manual(Arc<watch::Sender<Shown>>),
}

/// What a manual clock shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    now: Timestamp,
    uptime: Duration,
}

/// Moves a manual clock.
#[derive(Debug, Clone)]
pub struct Hand(Arc<watch::Sender<Shown>>);

/// Measures how long something took: monotonic, on every kind of clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Clock {
    /// A clock that stands at `start`, and what moves it.
    pub fn manual(start: Timestamp) -> (Self, Hand) {
        let shown = Shown { now: start, uptime: Duration::ZERO };
        let shown = Arc::new(watch::Sender::new(shown));
        (Self::Manual(Arc::clone(&shown)), Hand(shown))
    }

    /// This moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Timestamp(0).after(since_epoch.unwrap_or_default())
            }
            Self::Manual(shown) => shown.borrow().now,
        }
    }

    /// The time since some moment in this process's life. Steps of the wall clock do not move it.
    pub fn uptime(&self) -> Duration {
        static STARTED: LazyLock<Stopwatch> = LazyLock::new(|| Clock::System.stopwatch());
        match self {
            Self::System => STARTED.elapsed(),
            Self::Manual(shown) => shown.borrow().uptime,
        }
    }

    /// Waits until the clock shows `moment` or later. Steps of the wall clock are noticed within 1 s.
    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    pub async fn sleep_until(&self, moment: Timestamp) {
        match self {
            Self::System => loop {
                let left = moment.since(self.now());
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK_AGAIN)).await;
            },
            Self::Manual(shown) => {
                // The sender lives in `self`, so waiting cannot fail.
                let _ = shown.subscribe().wait_for(|shown| shown.now >= moment).await;
            }
        }
    }

    /// Waits `duration` from now.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().after(duration)).await;
    }

    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }
}

impl Hand {
    /// Lets `duration` go by.
    pub fn advance(&self, duration: Duration) {
        self.0.send_modify(|shown| {
            shown.now = shown.now.after(duration);
            shown.uptime += duration;
        });
    }

    /// Sets the wall clock to `moment`, forward or back: a step, in which no time goes by.
    pub fn set(&self, moment: Timestamp) {
        self.0.send_modify(|shown| shown.now = moment);
    }
}

impl Stopwatch {
    /// The time since it began.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
