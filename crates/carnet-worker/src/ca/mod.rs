//! The CA, as its clients see it: `/health`, `/ca/certificate`, `/ca/bundle`, `/certificates/csr`,
//! `/certificates/renew` (worker runtime spec, section 5).

mod answer;
mod request;

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::{TrustDomain, WorkerName};
use reqwest::{RequestBuilder, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use answer::{Bundle, Issued};
pub(crate) use request::Request;

use crate::error::WorkerError;
use crate::fetch::{self, FetchError, at};
use crate::tls::{self, AnyServer, Live, Servers};

/// How long a CA may take to sign.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How long it may take to say that it is well.
const HEALTH_MAX: Duration = Duration::from_secs(2);

/// The longest answer that is read.
const LEN_MAX: usize = 1 << 20;

/// Why the CA gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaError {
    /// There is no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It answered with this status.
    #[error("it answers {0}")]
    Status(u16),
    /// What it answered is not what was asked for.
    #[error("its answer is not what was asked for")]
    Answer,
}

impl CaError {
    /// Whether asking again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Fetch(FetchError::TooLong { .. }) | Self::Answer => false,
            Self::Fetch(_) => true,
            Self::Status(status) => *status >= 500,
        }
    }

    /// Whether the CA ended the connection because our certificate is revoked.
    pub(crate) fn is_revoked(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.is_revoked())
    }
}

/// A connection to a CA.
pub(crate) struct Ca {
    base: Url,
    http: reqwest::Client,
    clock: Clock,
}

#[derive(Serialize)]
struct CsrBody<'a> {
    csr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<&'a str>,
}

impl Ca {
    /// A CA that nothing is known of yet: nothing secret is told to it.
    pub(crate) fn unverified(base: &Url, clock: &Clock) -> Result<Self, WorkerError> {
        Self::new(base, clock, tls::nobody(clock, Arc::new(AnyServer))?)
    }

    /// The CA with this certificate.
    pub(crate) fn anchored(
        base: &Url,
        clock: &Clock,
        ca: &CertificateDer<'static>,
        trust_domain: TrustDomain,
    ) -> Result<Self, WorkerError> {
        let servers = Arc::new(Servers::under(ca, trust_domain)?);
        Self::new(base, clock, tls::nobody(clock, servers)?)
    }

    /// The CA that a worker has its certificate from, which it shows there.
    pub(crate) fn of(live: &Arc<Live>, base: &Url) -> Result<Self, WorkerError> {
        let config = tls::client(live, Servers::control_plane(Arc::clone(live)))?;
        Self::new(base, live.clock(), config)
    }

    fn new(base: &Url, clock: &Clock, config: rustls::ClientConfig) -> Result<Self, WorkerError> {
        let http = fetch::client(config)?;
        Ok(Self { base: base.clone(), http, clock: clock.clone() })
    }

    /// Whether it is well.
    pub(crate) async fn health(&self) -> Result<(), CaError> {
        self.send(self.http.get(at(&self.base, "health")), HEALTH_MAX).await.map(drop)
    }

    /// Its certificates, in PEM.
    pub(crate) async fn certificate(&self) -> Result<String, CaError> {
        let answer: answer::Certificates =
            self.json(self.http.get(at(&self.base, "ca/certificate"))).await?;
        Ok(answer.ca_certificate)
    }

    /// What it wants trusted.
    pub(crate) async fn bundle(&self) -> Result<Bundle, CaError> {
        self.json(self.http.get(at(&self.base, "ca/bundle"))).await
    }

    /// Spends a token for a certificate.
    pub(crate) async fn csr(
        &self,
        token: &EnrollmentToken,
        request: &Request,
        service_name: Option<&WorkerName>,
    ) -> Result<Issued, CaError> {
        let service_name = service_name.map(WorkerName::as_str);
        let body = CsrBody { csr: &request.pem, service_name };
        let asked = self.http.post(at(&self.base, "certificates/csr"));
        self.json(asked.bearer_auth(&*token.encode()).json(&body)).await
    }

    /// Asks for the next certificate.
    pub(crate) async fn renew(&self, request: &Request) -> Result<Issued, CaError> {
        let body = CsrBody { csr: &request.pem, service_name: None };
        self.json(self.http.post(at(&self.base, "certificates/renew")).json(&body)).await
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CaError> {
        let bytes = self.send(request, ANSWER_MAX).await?;
        serde_json::from_slice(&bytes).map_err(|_| CaError::Answer)
    }

    async fn send(&self, request: RequestBuilder, limit: Duration) -> Result<Vec<u8>, CaError> {
        let answer = fetch::answer(&self.clock, request, limit, LEN_MAX).await?;
        match answer.status {
            StatusCode::OK => Ok(answer.body),
            status => Err(CaError::Status(status.as_u16())),
        }
    }
}
