//! [`Feed`]: tells open streams what was revoked. Each message is signed once, for all of them.

use std::sync::Arc;

use bytes::Bytes;
use carnet_authority::revocation_feed::SignedDelta;
use carnet_store::StoreError;
use tokio::sync::{Mutex, broadcast};

use super::snapshot::Snapshot;
use crate::state::App;

/// How many messages a slow stream may be behind, before it reads from the store what it missed.
const BEHIND_MAX: usize = 64;

/// How many entries are read at a time.
pub(super) const PAGE: u32 = 500;

/// What open streams are told, and how far they were.
pub(crate) struct Feed {
    /// The newest revocation that they were told of. Whoever tells them holds it, so that they hear in order.
    told: Mutex<u64>,
    news: broadcast::Sender<Arc<Told>>,
    pub(super) snapshot: Mutex<Option<Snapshot>>,
}

/// A message, as an event.
#[derive(Debug)]
pub(super) struct Told {
    /// The number that it goes on with; of a sign of life, the next one there will be.
    pub(super) from_seq: u64,
    /// The newest number that it tells of.
    pub(super) seq: u64,
    pub(super) event: Bytes,
}

impl Feed {
    /// A feed at revocation `seq`.
    pub(crate) fn new(seq: u64) -> Self {
        let (news, _) = broadcast::channel(BEHIND_MAX);
        Self { told: Mutex::new(seq), news, snapshot: Mutex::default() }
    }

    /// What is told from here on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<Told>> {
        self.news.subscribe()
    }

    /// Tells every open stream of the revocations that are in force here. Without a key nothing is told.
    pub(crate) async fn tell(&self, app: &App) -> Result<(), StoreError> {
        let mut told = self.told.lock().await;
        let newest = app.gate().revocations().seq();
        let Some(signer) = app.feed_signer().filter(|_| self.news.receiver_count() > 0) else {
            // Who comes later reads them from the store.
            *told = newest;
            return Ok(());
        };
        while *told < newest {
            let entries = app.store().revocations_after(*told, PAGE).await?;
            for delta in signer.deltas(entries, app.clock().now()) {
                *told = delta.seq;
                // Nobody is left to hear it, or somebody does.
                let _ = self.news.send(Arc::new(Told::delta(&delta)));
            }
        }
        Ok(())
    }

    /// Tells every open stream that it has heard everything.
    pub(crate) async fn tell_alive(&self, app: &App) {
        let told = self.told.lock().await;
        if let Some(signer) = app.feed_signer().filter(|_| self.news.receiver_count() > 0) {
            let _ = self.news.send(Arc::new(Told {
                from_seq: *told + 1,
                seq: *told,
                event: alive(&signer.alive(*told, app.clock().now())),
            }));
        }
    }
}

impl Told {
    pub(super) fn delta(delta: &SignedDelta) -> Self {
        let SignedDelta { from_seq, seq, text } = delta;
        let event = format!("event: revocation\nid: {seq}\ndata: {text}\n\n");
        Self { from_seq: *from_seq, seq: *seq, event: event.into() }
    }
}

/// The event of a sign of life.
pub(super) fn alive(text: &str) -> Bytes {
    format!("event: alive\ndata: {text}\n\n").into()
}
