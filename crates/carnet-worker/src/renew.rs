//! Renewal: the next certificate before this one ends, with a fresh key, without a restart.

use std::sync::Arc;
use std::time::Duration;

use carnet_ticket::time::Timestamp;
use reqwest::Url;

use crate::bootstrap::exchange;
use crate::ca::{Ca, CaError, Request};
use crate::error::WorkerError;
use crate::events::{CertLog, Event};
use crate::files::{self, DirLock, Stored};
use crate::pause::{Doubling, part_of, random};
use crate::tls::Live;

/// How often the disk is looked at for a pair that another process put there.
const LOOK: Duration = Duration::from_secs(30);

/// How long after another process began to renew the disk is looked at.
const LOCKED: Duration = Duration::from_secs(1);

/// Renewing is tried again after up to 1, 2, 4 seconds, up to this.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Keeps the certificate of a worker from ending.
pub(crate) struct Renewal {
    pub(crate) live: Arc<Live>,
    /// Where the CA is, when that is not where the certificate is from.
    pub(crate) ca_url: Option<Url>,
}

/// What came of an attempt.
enum Outcome {
    /// A newer pair is in use.
    Exchanged,
    /// Another process is at it.
    Locked,
    /// Trying again may help.
    Failed,
    /// It will not.
    Refused,
}

impl Renewal {
    /// Renews whenever that is due, until it is dropped.
    pub(crate) async fn run(self) {
        loop {
            let due = self.live.current().schedule.renew_at;
            if self.wait(Some(due)).await && !self.renew().await {
                // Nothing but a newer pair on disk helps now.
                self.wait(None).await;
            }
        }
    }

    /// Waits until `due`; true when that is so, false when another process has put a newer pair on disk meanwhile.
    async fn wait(&self, due: Option<Timestamp>) -> bool {
        let clock = self.live.clock();
        loop {
            if self.adopt().await {
                return false;
            }
            let now = clock.now();
            if due.is_some_and(|due| due <= now) {
                return true;
            }
            let look = now.after(LOOK);
            clock.sleep_until(due.map_or(look, |due| due.min(look))).await;
        }
    }

    /// Tries until there is a newer pair; false when there will be none.
    async fn renew(&self) -> bool {
        let clock = self.live.clock();
        let log = CertLog::new(&self.live.current().stored.record.worker_id, clock);
        let mut request = None;
        let mut pauses = Doubling::new(Duration::from_secs(1), PAUSE_MAX);
        let mut is_said = false;
        loop {
            let begun = clock.now();
            let schedule = self.live.current().schedule;
            if begun >= schedule.unhealthy_at {
                log.warn(Event::Expired, None);
                return false;
            }
            if begun >= schedule.degraded_at && !is_said {
                is_said = true;
                log.warn(Event::ExpiringSoon, None);
            }
            let pause = match self.attempt(&mut request, &log).await {
                Outcome::Exchanged => return true,
                Outcome::Refused => return false,
                Outcome::Locked => LOCKED,
                Outcome::Failed => part_of(pauses.next(), random()),
            };
            clock.sleep_until(begun.after(pause)).await;
        }
    }

    async fn attempt(&self, request: &mut Option<Request>, log: &CertLog) -> Outcome {
        let lock = match DirLock::try_acquire(self.live.dir()) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Outcome::Locked,
            Err(error) => return failed(log, &error),
        };
        if self.adopt().await {
            return Outcome::Exchanged;
        }
        let outcome = match next(&self.live, self.ca_url.as_ref(), request, log).await {
            Ok(stored) => self.live.exchange(stored, random()).map_err(WorkerError::from),
            Err(Fault::Ca(error)) => return refused_or_failed(log, &error),
            Err(Fault::Worker(error)) => Err(error),
        };
        drop(lock);
        match outcome {
            Ok(()) => {
                log.info(Event::Renewed);
                Outcome::Exchanged
            }
            Err(error) => failed(log, &error),
        }
    }

    /// Takes a pair that another process put on disk, if it is another; tells whether it did.
    async fn adopt(&self) -> bool {
        let (dir, own) =
            (self.live.dir().to_owned(), self.live.current().stored.record.serial.clone());
        let read = tokio::task::spawn_blocking(move || {
            let is_other = files::serial_on_disk(&dir).is_some_and(|serial| serial != own);
            is_other.then(|| files::read(&dir).ok().flatten()).flatten()
        });
        let found = read.await.ok().flatten();
        found.is_some_and(|stored| {
            let is_later = stored.leaf.not_after >= self.live.current().stored.leaf.not_after;
            is_later && self.live.exchange(stored, random()).is_ok()
        })
    }
}

/// Renews once, where a start finds a certificate with little life left: with the old one it goes on if the CA is
/// away. Called with the directory's lock.
pub(crate) async fn at_start(live: &Arc<Live>, ca_url: Option<&Url>) -> Result<(), WorkerError> {
    let log = CertLog::new(&live.current().stored.record.worker_id, live.clock());
    match next(live, ca_url, &mut None, &log).await {
        Ok(stored) => {
            live.exchange(stored, random())?;
            log.info(Event::Renewed);
            Ok(())
        }
        Err(Fault::Ca(error)) => {
            refused_or_failed(&log, &error);
            Ok(())
        }
        Err(Fault::Worker(error)) => Err(error),
    }
}

/// Why there is no next certificate.
enum Fault {
    Ca(CaError),
    Worker(WorkerError),
}

impl<E: Into<WorkerError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Worker(error.into())
    }
}

/// Asks for the next certificate, and stores it. The request is kept for another try.
async fn next(
    live: &Arc<Live>,
    ca_url: Option<&Url>,
    request: &mut Option<Request>,
    log: &CertLog,
) -> Result<Stored, Fault> {
    let record = live.current().stored.record.clone();
    let base = ca_url.unwrap_or(&record.ca_url);
    let ca = Ca::of(live, base)?;
    let request = match request {
        Some(request) => request,
        none => {
            log.info(Event::CsrGenerated);
            none.insert(Request::generate(None)?)
        }
    };
    log.info(Event::CsrSubmitted);
    let issued = ca.renew(request).await.map_err(Fault::Ca)?;
    let contents = issued.files(request, &record.worker_id, base);
    let contents = contents.ok_or(Fault::Ca(CaError::Answer))?;
    let stored = Stored::parse(&contents).map_err(|(_, fault)| {
        log.warn(Event::ValidationFailed, Some(&fault));
        Fault::Ca(CaError::Answer)
    })?;
    exchange(live.dir(), contents, false).await?;
    Ok(stored)
}

fn refused_or_failed(log: &CertLog, error: &CaError) -> Outcome {
    match error {
        error if error.is_revoked() => {
            log.warn(Event::Revoked, Some(error));
            Outcome::Refused
        }
        // 429 is about how often, not about whom.
        CaError::Status(status) if (400..500).contains(status) && *status != 429 => {
            log.warn(Event::CsrFailed, Some(error));
            Outcome::Refused
        }
        error => {
            log.warn(Event::CaUnavailable, Some(error));
            Outcome::Failed
        }
    }
}

fn failed(log: &CertLog, error: &dyn std::error::Error) -> Outcome {
    log.warn(Event::CsrFailed, Some(error));
    Outcome::Failed
}
