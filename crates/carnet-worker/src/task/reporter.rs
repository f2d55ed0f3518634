//! [`Reporter`]: tells the control plane of one attempt, in order.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::task::{Lease, Report, TaskId};
use http::StatusCode;
use tokio::sync::{oneshot, watch};

use super::voice::Said;
use crate::control_plane::ControlPlane;
use crate::pause::Doubling;

/// How often progress is told at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What was not taken is told again after this, which doubles.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Tells of one attempt.
pub(super) struct Reporter<'a> {
    pub(super) control: &'a ControlPlane,
    pub(super) clock: &'a Clock,
    pub(super) task: TaskId,
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) said: Said,
}

/// The attempt is not ours any more: nobody listens.
#[derive(Debug)]
pub(super) struct Stale;

impl Reporter<'_> {
    /// Tells that the attempt has begun, what is said meanwhile, and in the end what `last` is.
    pub(super) async fn run(mut self, mut last: oneshot::Receiver<Report>) -> Result<(), Stale> {
        self.send(&Report::Started).await?;
        let (mut told, mut next) = (0, self.clock.now());
        loop {
            let mut progress = self.said.progress.clone();
            let is_due = async {
                // Without a sender nothing new comes.
                if progress.wait_for(|progress| progress.number > told).await.is_err() {
                    return std::future::pending().await;
                }
                self.clock.sleep_until(next).await;
            };
            tokio::select! {
                biased;
                last = &mut last => return self.end(last.ok(), told).await,
                Some(line) = self.said.lines.recv() => self.send(&log(&line)).await?,
                () = is_due => {
                    next = self.clock.now().after(PROGRESS_EVERY);
                    told = self.progress(told).await?;
                }
            }
        }
    }

    /// Tells what waits still, and the end.
    async fn end(mut self, last: Option<Report>, told: u64) -> Result<(), Stale> {
        while let Ok(line) = self.said.lines.try_recv() {
            self.send(&log(&line)).await?;
        }
        self.progress(told).await?;
        match last {
            Some(last) => self.send(&last).await,
            None => Ok(()),
        }
    }

    /// Tells how far the attempt is, unless number `told` was the last of it.
    async fn progress(&mut self, told: u64) -> Result<u64, Stale> {
        let progress = self.said.progress.borrow_and_update().clone();
        if progress.number > told {
            let (fraction, message) = (progress.fraction, progress.message);
            self.send(&Report::Progress { fraction, message }).await?;
        }
        Ok(progress.number)
    }

    /// Tells, again and again while the lease lives, until it is heard.
    async fn send(&self, report: &Report) -> Result<(), Stale> {
        let mut pauses = Doubling::new(PAUSE, PAUSE_MAX);
        loop {
            let (mark, ends) = {
                let lease = self.lease.borrow();
                (lease.mark(), lease.expires_at)
            };
            if self.clock.now() >= ends {
                return Err(Stale);
            }
            match self.control.report(&self.task, &mark, report).await {
                Ok(status) if status.is_success() => return Ok(()),
                Ok(
                    StatusCode::CONFLICT
                    | StatusCode::NOT_FOUND
                    | StatusCode::UNAUTHORIZED
                    | StatusCode::FORBIDDEN,
                ) => return Err(Stale),
                Ok(status)
                    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
                {
                    tracing::warn!(task = %self.task, %status, "a report was not taken");
                    return Ok(());
                }
                Ok(status) => tracing::debug!(task = %self.task, %status, "a report failed"),
                Err(error) => tracing::debug!(task = %self.task, %error, "a report failed"),
            }
            self.clock.sleep(pauses.next()).await;
        }
    }
}

fn log(line: &Arc<str>) -> Report {
    Report::Log { message: line.to_string() }
}
