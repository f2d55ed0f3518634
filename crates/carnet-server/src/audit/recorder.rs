//! [`Recorder`]: events that no change carries, denials and reads, written behind the answer.
//!
//! Many denials of one source in one minute become one row with their number: nobody fills the audit by knocking.

use std::collections::HashMap;
use std::time::Duration;

use carnet_authority::audit::{Details, Event};
use carnet_gate::Clock;
use carnet_store::Store;
use serde_json::Map;
use tokio::sync::{mpsc, oneshot};

/// Events that wait to be written; more are only counted.
const QUEUE: usize = 4096;

/// Denials of one source and minute that have rows of their own.
const SINGLE_MAX: u64 = 20;

/// Sources that are told apart in a minute; the others are one.
const SOURCES_MAX: usize = 256;

const MINUTE: Duration = Duration::from_mins(1);

/// Takes events and writes them in their order.
#[derive(Clone)]
pub(crate) struct Recorder {
    sender: mpsc::Sender<Message>,
}

enum Message {
    /// Written as it is.
    One(Box<Event>),
    /// Written, or counted with others of its source.
    Denied(Box<Event>),
    /// Told when everything before it is written; at the end also what was only counted.
    Barrier { written: oneshot::Sender<()>, is_end: bool },
}

impl Recorder {
    /// Starts to write. Ends when the last recorder is dropped, after what waits.
    pub(crate) fn start(store: Store, clock: Clock) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write(receiver, store, clock));
        Self { sender }
    }

    /// Writes `event`, sometime soon.
    pub(crate) fn record(&self, event: Event) {
        self.send(Message::One(Box::new(event)));
    }

    /// Writes that something was denied, or counts it.
    pub(crate) fn denied(&self, event: Event) {
        // Whoever knocks leaves room for what administrators do.
        if self.sender.capacity() > QUEUE / 2 {
            self.send(Message::Denied(Box::new(event)));
        } else {
            Self::overflowed();
        }
    }

    /// Waits until everything that was recorded before has its row, but for what is only counted.
    pub(crate) async fn settled(&self) {
        self.wait(false).await;
    }

    /// Writes everything that was recorded, before the store is closed.
    pub(crate) async fn finish(&self) {
        self.wait(true).await;
    }

    async fn wait(&self, is_end: bool) {
        let (sender, done) = oneshot::channel();
        if self.sender.send(Message::Barrier { written: sender, is_end }).await.is_ok() {
            // The writer ends only when no recorder is left.
            let _ = done.await;
        }
    }

    fn send(&self, message: Message) {
        if self.sender.try_send(message).is_err() {
            Self::overflowed();
        }
    }

    fn overflowed() {
        metrics::counter!("carnet_audit_overflowed_total").increment(1);
    }
}

async fn write(mut messages: mpsc::Receiver<Message>, store: Store, clock: Clock) {
    let mut minute = Minute::default();
    loop {
        let message = tokio::select! {
            message = messages.recv() => message,
            () = clock.sleep(MINUTE), if minute.has_counted() => {
                minute.end(&store).await;
                continue;
            }
        };
        match message {
            Some(Message::One(event)) => record(&store, *event).await,
            Some(Message::Denied(event)) => {
                if minute.is_over_at(&event) {
                    minute.end(&store).await;
                }
                if let Some(event) = minute.take(*event) {
                    record(&store, event).await;
                }
            }
            Some(Message::Barrier { written, is_end }) => {
                if is_end {
                    minute.end(&store).await;
                }
                let _ = written.send(());
            }
            None => return minute.end(&store).await,
        }
    }
}

async fn record(store: &Store, event: Event) {
    if let Err(error) = store.record(event).await {
        tracing::error!(%error, "an audit row was not written");
        metrics::counter!("carnet_audit_failed_total").increment(1);
    }
}

/// The denials of one minute, by source.
#[derive(Default)]
struct Minute {
    number: i64,
    sources: HashMap<String, (u64, Option<Event>)>,
}

impl Minute {
    fn has_counted(&self) -> bool {
        self.sources.values().any(|(_, last)| last.is_some())
    }

    fn is_over_at(&self, event: &Event) -> bool {
        event.at.0.div_euclid(60_000) != self.number
    }

    /// The event, when it has a row of its own; else it is counted.
    fn take(&mut self, event: Event) -> Option<Event> {
        self.number = event.at.0.div_euclid(60_000);
        let source = event.remote_addr.as_deref().unwrap_or_default();
        let is_told_apart = self.sources.len() < SOURCES_MAX || self.sources.contains_key(source);
        let source = if is_told_apart { source.to_owned() } else { String::new() };
        let (count, last) = self.sources.entry(source).or_default();
        *count += 1;
        if *count <= SINGLE_MAX {
            return Some(event);
        }
        *last = Some(event);
        None
    }

    /// One row for each source that was only counted.
    async fn end(&mut self, store: &Store) {
        for (_, (count, last)) in self.sources.drain() {
            let Some(mut event) = last else { continue };
            let count = Map::from_iter([("count".to_owned(), (count - SINGLE_MAX).into())]);
            event.details = Details::new(count);
            record(store, event).await;
        }
    }
}
