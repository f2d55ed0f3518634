//! How a worker comes by its certificate: what it has, a renewal, or an enrollment.

mod decide;
mod enroll;
mod token;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::{WorkerId, WorkerName};
use reqwest::Url;

pub use decide::{Action, Held, decide};

use crate::cert_dir;
use crate::error::WorkerError;
use crate::events::{CertLog, Event};
use crate::files::{self, Contents, DirLock, Stored};
use crate::pause::random;
use crate::renew;
use crate::surroundings::Surroundings;
use crate::tls::Live;
use enroll::Enrollment;

/// How long to wait for another process that changes the files.
const LOCKED: Duration = Duration::from_secs(1);

/// Who is to have a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The service, where the token does not decide the name.
    pub(crate) service_name: WorkerName,
    /// Its id in the registry; else the one it had, else a new one.
    pub(crate) worker_id: Option<WorkerId>,
}

/// A certificate that counts, with its key; and where the CA is, when the environment names one.
pub(crate) struct Bootstrapped {
    pub(crate) live: Arc<Live>,
    pub(crate) ca_url: Option<Url>,
}

/// Brings a certificate that counts into the directory, unless it is there.
pub(crate) async fn bootstrap(
    surroundings: &Surroundings,
    wanted: &Wanted,
) -> Result<Bootstrapped, WorkerError> {
    let (dir, clock) = (cert_dir::of(surroundings), &surroundings.clock);
    let found = token::find(surroundings)?;
    cert_dir::make(&dir)?;
    cert_dir::require_writable(&dir)?;
    let _lock = lock(&dir, clock).await?;
    files::recover(&dir).map_err(WorkerError::io(&dir))?;
    let held = files::read(&dir);
    if let Err(error) = &held {
        // Whose it was cannot be read.
        let worker_id = wanted.worker_id.clone().or_else(|| "unknown".parse().ok());
        let worker_id = worker_id.unwrap_or_else(new_worker_id);
        CertLog::new(&worker_id, clock).warn(Event::ValidationFailed, Some(error));
    }
    let has_token = found.as_ref().is_some_and(|found| found.token.is_some());
    let ca_url = found.as_ref().filter(|found| found.is_named).map(|found| found.ca.clone());
    let live = match (decide(Held::of(&held, clock.now()), has_token), held, found) {
        (Action::Reuse, Ok(Some(stored)), _) => opened(&dir, clock, stored)?,
        (Action::Renew, Ok(Some(stored)), _) => {
            let live = opened(&dir, clock, stored)?;
            renew::at_start(&live, ca_url.as_ref()).await?;
            live
        }
        (Action::Enroll, held, Some(found)) => {
            let known = held.ok().flatten().map(|stored| stored.record.worker_id);
            let worker_id = wanted.worker_id.clone().or(known).unwrap_or_else(new_worker_id);
            let enrollment = Enrollment::new(surroundings, wanted, found, worker_id)?;
            let stored = enrollment.enroll(&dir, clock).await?;
            opened(&dir, clock, stored)?
        }
        (_, Err(error), _) => return Err(error),
        (_, _, Some(found)) if found.is_named && !dir.join(files::CA).exists() => {
            return Err(WorkerError::UntrustedCa { url: Box::new(found.ca) });
        }
        _ => return Err(WorkerError::NoIdentity { dir }),
    };
    Ok(Bootstrapped { live, ca_url })
}

/// The right to change the files, once nobody else has it.
pub(crate) async fn lock(dir: &Path, clock: &Clock) -> Result<DirLock, WorkerError> {
    loop {
        let begun = clock.now();
        if let Some(lock) = DirLock::try_acquire(dir).map_err(WorkerError::io(dir))? {
            return Ok(lock);
        }
        clock.sleep_until(begun.after(LOCKED)).await;
    }
}

/// Puts new files in place. Called with the directory's lock.
pub(crate) async fn exchange(
    dir: &Path,
    contents: Contents,
    keep_old: bool,
) -> Result<(), WorkerError> {
    let path = dir.to_owned();
    let done = tokio::task::spawn_blocking(move || files::exchange(&path, &contents, keep_old));
    let done = done.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    done.map_err(WorkerError::io(dir))
}

fn opened(dir: &Path, clock: &Clock, stored: Stored) -> Result<Arc<Live>, WorkerError> {
    Ok(Arc::new(Live::new(dir, clock.clone(), stored, random())?))
}

fn new_worker_id() -> WorkerId {
    WorkerId::generate(random().to_ne_bytes())
}
