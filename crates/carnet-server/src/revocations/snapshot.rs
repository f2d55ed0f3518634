//! [`Snapshot`]: everything that counts, in one signed message.

use bytes::Bytes;
use carnet_gate::Entry;
use carnet_ticket::id::KeyId;

use super::feed::{Feed, PAGE};
use crate::problem::Problem;
use crate::state::App;

/// A signed snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The newest revocation there was.
    pub(crate) seq: u64,
    /// The message.
    pub(crate) text: Bytes,
    at_s: i64,
    signer: KeyId,
}

impl Feed {
    /// The snapshot of this moment, one for all who ask within a second.
    pub(crate) async fn snapshot(&self, app: &App) -> Result<Snapshot, Problem> {
        let signer = app.feed_signer().ok_or_else(Problem::unavailable)?;
        let mut last = self.snapshot.lock().await;
        let (now, newest) = (app.clock().now(), app.store().last_revocation().await?);
        let is_now = |snapshot: &&Snapshot| {
            (snapshot.seq, snapshot.at_s, snapshot.signer)
                == (newest, now.unix_s(), signer.key_id())
        };
        if let Some(snapshot) = last.as_ref().filter(is_now) {
            return Ok(snapshot.clone());
        }
        let (mut seq, mut entries) = (0, Vec::<Entry>::new());
        loop {
            let page = app.store().revocations_after(seq, PAGE).await?;
            let Some(end) = page.last().map(|entry| entry.seq) else { break };
            seq = end;
            entries.extend(page.into_iter().filter(|entry| entry.counts_at(now)));
        }
        let (at_s, key) = (now.unix_s(), signer.key_id());
        // A million entries take a second.
        let text = tokio::task::spawn_blocking(move || signer.snapshot(seq, entries, now));
        let text = Bytes::from(text.await.map_err(|_| Problem::internal())?);
        let snapshot = Snapshot { seq, text, at_s, signer: key };
        *last = Some(snapshot.clone());
        Ok(snapshot)
    }
}
