//! [`Voice`]: what a handler has to say while it works, and [`Log`]: what it has said.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

/// The longest text in a report, in bytes as JSON has them: a report has at most 8 KiB.
const TEXT_MAX: usize = 7 << 10;

/// How many lines wait to be sent.
const WAITING_MAX: usize = 64;

/// How much is kept of what was said, for whoever asks the worker.
const LINES_MAX: usize = 1000;
const BYTES_MAX: usize = 128 << 10;

/// What a handler has to say.
pub(super) struct Voice {
    lines: mpsc::Sender<Arc<str>>,
    progress: watch::Sender<Progress>,
    log: Arc<Log>,
}

/// What waits to be reported.
pub(super) struct Said {
    pub(super) lines: mpsc::Receiver<Arc<str>>,
    pub(super) progress: watch::Receiver<Progress>,
}

/// How far a task is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// How often it was told.
    pub(super) number: u64,
    pub(super) fraction: f32,
    pub(super) message: String,
}

/// The last of what was said, each line with a number from 0.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Lines>,
    /// How many there were.
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Arc<str>>,
    bytes: usize,
}

impl Voice {
    /// A voice that is kept in `log`, and what becomes of what it says.
    pub(super) fn new(log: Arc<Log>) -> (Self, Said) {
        let (lines, said) = mpsc::channel(WAITING_MAX);
        let (progress, told) = watch::channel(Progress::default());
        (Self { lines, progress, log }, Said { lines: said, progress: told })
    }

    pub(super) fn progress(&self, fraction: f32, message: &str) {
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        let message = fitting(message).to_owned();
        self.progress.send_modify(|told| {
            *told = Progress { number: told.number + 1, fraction, message };
        });
    }

    pub(super) async fn log(&self, message: &str) {
        let line: Arc<str> = fitting(message).into();
        self.log.push(Arc::clone(&line));
        // Nobody listens any more once the attempt is over.
        let _ = self.lines.send(line).await;
    }
}

impl Log {
    fn push(&self, line: Arc<str>) {
        let mut lines = self.lines.lock();
        lines.bytes += line.len();
        lines.kept.push_back(line);
        while lines.kept.len() > LINES_MAX || lines.bytes > BYTES_MAX {
            let Some(line) = lines.kept.pop_front() else { break };
            lines.bytes -= line.len();
        }
        self.count.send_modify(|count| *count += 1);
    }

    /// The lines that are kept from number `since` on, and the number of the next.
    pub(crate) fn since(&self, since: u64) -> (Vec<Arc<str>>, u64) {
        let lines = self.lines.lock();
        let next = *self.count.borrow();
        let new = usize::try_from(next.saturating_sub(since)).unwrap_or(usize::MAX);
        let passed = lines.kept.len().saturating_sub(new);
        (lines.kept.iter().skip(passed).cloned().collect(), next)
    }

    /// Waits until there is a line with this number.
    pub(crate) async fn reaches(&self, number: u64) {
        // The sender is our own.
        let _ = self.count.subscribe().wait_for(|count| *count > number).await;
    }
}

/// As much of a text, from its beginning, as a report has room for.
pub(super) fn fitting(text: &str) -> &str {
    let mut len = 0;
    let is_over = |(_, character): &(usize, char)| {
        len += match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            control if control.is_ascii_control() => 6,
            other => other.len_utf8(),
        };
        len > TEXT_MAX
    };
    let end = text.char_indices().find(is_over).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_said_fits_into_a_report() {
        for text in ["short", &"a".repeat(9000), &"\"".repeat(9000), &"\u{1}é\n".repeat(9000)] {
            let fit = fitting(text);
            let json = serde_json::to_string(fit).unwrap();
            assert!(json.len() <= TEXT_MAX + 2, "{}", json.len());
            assert!(text.starts_with(fit));
            assert!(
                fit.len() == text.len() || json.len() > TEXT_MAX - 6,
                "no shorter than it has to be"
            );
        }
    }

    #[test]
    fn a_log_keeps_the_last_lines() {
        let log = Log::default();
        assert_eq!(log.since(0), (vec![], 0));
        for number in 0..1500 {
            log.push(number.to_string().into());
        }
        let (lines, next) = log.since(0);
        assert_eq!((lines.len(), &*lines[0], next), (LINES_MAX, "500", 1500));
        assert_eq!(log.since(1499), (vec!["1499".into()], 1500));
        assert_eq!(log.since(1500).0.len(), 0);
        log.push("a".repeat(BYTES_MAX).into());
        assert_eq!(log.since(0).0.len(), 1, "nothing else has room");
    }
}
