//! [`WorkerIdentity`]: the certificate of a worker, for what speaks in its name.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::{SpiffeId, WorkerId, WorkerName};
use carnet_ticket::time::Timestamp;

use crate::bootstrap::{Bootstrapped, Wanted, bootstrap};
use crate::error::WorkerError;
use crate::fetch;
use crate::files::{self, IdentityRecord};
use crate::pause::random;
use crate::surroundings::Surroundings;
use crate::tls::{self, Live, Servers};

/// How long a request of [`WorkerIdentity::http_client`] may take.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// How many connections it keeps to one host.
const IDLE_MAX: usize = 20;

/// A certificate with its key, and the CA certificates that are trusted. Clones are the same.
#[derive(Debug, Clone)]
pub struct WorkerIdentity(Arc<Live>);

impl WorkerIdentity {
    /// What a certificate directory holds. Nothing is changed in it, and nothing is renewed.
    pub fn load(dir: &Path) -> Result<Self, WorkerError> {
        let stored = files::read(dir)?;
        let stored = stored.ok_or_else(|| WorkerError::NoIdentity { dir: dir.to_owned() })?;
        Ok(Self(Arc::new(Live::new(dir, Clock::System, stored, random())?)))
    }

    /// What [`crate::WorkerApplication::run`] begins with: reuses, renews or enrolls, until the directory holds a
    /// certificate that counts. `service_name` is asked for where the enrollment token does not decide.
    pub async fn bootstrap(
        surroundings: &Surroundings,
        service_name: WorkerName,
        worker_id: Option<WorkerId>,
    ) -> Result<Self, WorkerError> {
        let wanted = Wanted { service_name, worker_id };
        let Bootstrapped { live, .. } = bootstrap(surroundings, &wanted).await?;
        Ok(Self(live))
    }

    pub(crate) fn of(live: &Arc<Live>) -> Self {
        Self(Arc::clone(live))
    }

    /// An HTTP client that shows this certificate, and believes servers of the fleet under the host that was asked:
    /// HTTPS alone, 30 seconds a request, no redirects, at most 20 idle connections to a host. In a running worker it
    /// goes on with each renewed certificate.
    pub fn http_client(&self) -> Result<reqwest::Client, WorkerError> {
        let config = tls::client(&self.0, Servers::of_fleet(Arc::clone(&self.0)))?;
        let builder = fetch::builder(config).timeout(REQUEST_MAX).pool_max_idle_per_host(IDLE_MAX);
        builder.build().map_err(WorkerError::Client)
    }

    /// Where its files are.
    pub fn dir(&self) -> &Path {
        self.0.dir()
    }

    /// Whose it is, and when it is due.
    pub fn record(&self) -> IdentityRecord {
        self.0.current().stored.record.clone()
    }

    /// Its name.
    pub fn name(&self) -> WorkerName {
        self.record().name
    }

    /// Its identity.
    pub fn spiffe_id(&self) -> SpiffeId {
        self.record().spiffe_id
    }

    /// The serial number of its certificate, in lower hex.
    pub fn serial(&self) -> String {
        self.record().serial
    }

    /// Until when its certificate counts.
    pub fn expires_at(&self) -> Timestamp {
        self.0.current().stored.leaf.not_after
    }
}
