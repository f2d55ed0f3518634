//! Spending an enrollment token.

use std::path::Path;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::{WorkerId, WorkerName, trust_domain_of_ca};
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::token::Found;
use super::{Wanted, exchange};
use crate::ca::{Ca, CaError, Issued, Request};
use crate::error::WorkerError;
use crate::events::{CertLog, Event};
use crate::fetch::FetchError;
use crate::files::Stored;
use crate::pause::Doubling;
use crate::surroundings::Surroundings;

/// How often a CA is asked whether it is well, a second apart.
const HEALTH_TRIES: u32 = 60;
const HEALTH_PAUSE: Duration = Duration::from_secs(1);

/// How often a request is sent.
const CSR_TRIES: u32 = 3;

/// A token, the CA that takes it, and who it is for.
pub(super) struct Enrollment {
    ca_url: Url,
    token: EnrollmentToken,
    /// The name that is asked for; without one the token decides.
    common_name: Option<WorkerName>,
    worker_id: WorkerId,
}

impl Enrollment {
    /// What was found, used for `wanted`.
    pub(super) fn new(
        surroundings: &Surroundings,
        wanted: &Wanted,
        found: Found,
        worker_id: WorkerId,
    ) -> Result<Self, WorkerError> {
        let named = surroundings.var("SERVICE_NAME").map(str::parse::<WorkerName>).transpose()?;
        let local = found.is_local.then(|| wanted.service_name.clone());
        let url = Box::new(found.ca.clone());
        let token = found.token.ok_or(WorkerError::UntrustedCa { url })?;
        Ok(Self { ca_url: found.ca, token, common_name: named.or(local), worker_id })
    }

    /// Waits for the CA, makes sure that it is the token's, spends the token, and stores what it gave. Called with
    /// the directory's lock.
    pub(super) async fn enroll(self, dir: &Path, clock: &Clock) -> Result<Stored, WorkerError> {
        let log = CertLog::new(&self.worker_id, clock);
        let unverified = Ca::unverified(&self.ca_url, clock)?;
        self.wait_for(&unverified, clock, &log).await?;
        let pem = unverified.certificate().await.map_err(|error| self.unavailable(error, &log))?;
        let anchor = self.anchor(&pem)?;
        // Nothing of the connection that was not verified is used again.
        drop(unverified);
        let trust_domain =
            trust_domain_of_ca(&anchor).ok_or_else(|| self.unavailable(CaError::Answer, &log))?;
        let ca = Ca::anchored(&self.ca_url, clock, &anchor, trust_domain)?;
        let request = Request::generate(self.common_name.as_ref())?;
        log.info(Event::CsrGenerated);
        let issued = self.submit(&ca, &request, clock, &log).await?;
        let contents = issued.files(&request, &self.worker_id, &self.ca_url);
        let contents = contents.ok_or_else(|| self.unavailable(CaError::Answer, &log))?;
        let stored = Stored::parse(&contents).map_err(|(_, fault)| {
            log.warn(Event::ValidationFailed, Some(&fault));
            self.unavailable(CaError::Answer, &log)
        })?;
        exchange(dir, contents, true).await?;
        log.info(Event::Issued);
        Ok(stored)
    }

    async fn wait_for(&self, ca: &Ca, clock: &Clock, log: &CertLog) -> Result<(), WorkerError> {
        let mut last = CaError::Fetch(FetchError::TimedOut);
        for _ in 0..HEALTH_TRIES {
            let begun = clock.now();
            match ca.health().await {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
            clock.sleep_until(begun.after(HEALTH_PAUSE)).await;
        }
        Err(self.unavailable(last, log))
    }

    /// The certificate that the token names.
    fn anchor(&self, pem: &str) -> Result<CertificateDer<'static>, WorkerError> {
        let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).flatten();
        let is_named = |certificate: &CertificateDer<'_>| {
            <[u8; 32]>::from(Sha256::digest(certificate)) == *self.token.ca_sha256()
        };
        let url = || Box::new(self.ca_url.clone());
        certificates.find(is_named).ok_or_else(|| WorkerError::FingerprintMismatch { url: url() })
    }

    async fn submit(
        &self,
        ca: &Ca,
        request: &Request,
        clock: &Clock,
        log: &CertLog,
    ) -> Result<Issued, WorkerError> {
        let mut pauses = Doubling::new(Duration::from_secs(1), Duration::from_secs(2));
        let mut tries = 0;
        loop {
            let begun = clock.now();
            log.info(Event::CsrSubmitted);
            tries += 1;
            match ca.csr(&self.token, request, self.common_name.as_ref()).await {
                Ok(issued) => return Ok(issued),
                Err(CaError::Status(status)) if (400..500).contains(&status) => {
                    log.warn(Event::CsrFailed, Some(&CaError::Status(status)));
                    let url = Box::new(self.ca_url.clone());
                    return Err(WorkerError::EnrollmentRefused { url, status });
                }
                Err(error) if tries == CSR_TRIES || !error.is_passing() => {
                    return Err(self.unavailable(error, log));
                }
                Err(error) => log.warn(Event::CaUnavailable, Some(&error)),
            }
            clock.sleep_until(begun.after(pauses.next())).await;
        }
    }

    fn unavailable(&self, source: CaError, log: &CertLog) -> WorkerError {
        log.warn(Event::CaUnavailable, Some(&source));
        WorkerError::CaUnavailable { url: Box::new(self.ca_url.clone()), source }
    }
}
