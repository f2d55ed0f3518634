//! Waiting, by the clock.

use std::time::Duration;

use carnet_gate::Clock;

/// What `future` comes to, unless that takes longer than `limit`.
pub(crate) async fn within<F: Future>(
    clock: &Clock,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    let end = clock.now().after(limit);
    tokio::select! {
        biased;
        output = future => Some(output),
        () = clock.sleep_until(end) => None,
    }
}

/// Pauses that double: 1, 2, 4 seconds, up to the longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubling {
    next: Duration,
    max: Duration,
}

impl Doubling {
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self { next: first, max }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next.min(self.max);
        self.next = pause.saturating_mul(2);
        pause
    }
}

/// A random number to scatter moments by. Nothing that is secret depends on it.
pub(crate) fn random() -> u32 {
    let mut bytes = [0; 4];
    // Without randomness all moments are the earliest: that is all.
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// A random part of `most`, in milliseconds.
pub(crate) fn part_of(most: Duration, random: u32) -> Duration {
    let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(u64::from(random) % most_ms.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut pauses = Doubling::new(Duration::from_secs(1), Duration::from_mins(1));
        let seconds: Vec<_> = (0..9).map(|_| pauses.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        let most = Duration::from_secs(4);
        assert!(
            [0, 1, 4000, 4001, u32::MAX].into_iter().all(|random| part_of(most, random) <= most)
        );
        assert_eq!(part_of(most, 4000), most);
        assert_eq!(part_of(Duration::ZERO, 7), Duration::ZERO);
    }
}
