//! [`Pulse`]: looks, while anybody listens, whether something has changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use carnet_store::StoreError;
use carnet_ticket::task::TaskId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::watch;

use crate::state::App;

/// How often it looks. Pages are to show what changed within two seconds.
const INTERVAL: Duration = Duration::from_millis(500);

/// What pages listen to.
pub(super) const TOPICS: [&str; 4] = ["workers", "tasks", "revocations", "audit"];

/// How each topic stands: a number that is another one when something changed.
pub(super) type Standing = [u64; TOPICS.len()];

/// Where those who listen hear of it.
pub(crate) struct Pulse(watch::Sender<Standing>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new(Standing::default()))
    }
}

impl Pulse {
    /// What changes from here on.
    pub(super) fn listen(&self) -> watch::Receiver<Standing> {
        let mut listening = self.0.subscribe();
        listening.mark_unchanged();
        listening
    }
}

/// Looks until the server drains.
pub(crate) async fn beat(app: App) {
    let (mut changes, mut tasks) = (app.tasks().watch(), 0);
    loop {
        tokio::select! {
            () = app.clock().sleep(INTERVAL) => {}
            () = app.draining().cancelled() => return,
        }
        tasks += heard(&mut changes);
        let pulse = &app.pulse().0;
        if pulse.receiver_count() == 0 {
            continue;
        }
        match standing(&app, tasks).await {
            Ok(now) => {
                pulse.send_if_modified(|before| std::mem::replace(before, now) != now);
            }
            Err(error) => tracing::error!(%error, "open pages are told later what changed"),
        }
    }
}

/// How many changes of tasks there were; of too many at once, that there were some.
fn heard(changes: &mut Receiver<TaskId>) -> u64 {
    let mut count = 0;
    loop {
        match changes.try_recv() {
            Ok(_) | Err(TryRecvError::Lagged(_)) => count += 1,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return count,
        }
    }
}

async fn standing(app: &App, tasks: u64) -> Result<Standing, StoreError> {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let mut workers = DefaultHasher::new();
    app.registry().for_each(|worker| {
        let state = worker.state(now, lost_after).as_str();
        (worker.row.id.as_str(), state, worker.active(), worker.row.updated_at).hash(&mut workers);
    });
    let audit = app.store().audit_head().await?.seq;
    Ok([workers.finish(), tasks, app.gate().revocations().seq(), audit])
}
