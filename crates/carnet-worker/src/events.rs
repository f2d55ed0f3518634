//! What happens to certificates, as it is logged: target `carnet::cert`.

use std::error::Error;

use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;

use crate::error::chain;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A first certificate is there.
    Issued,
    /// The next one is there.
    Renewed,
    /// A key and a request for it were made.
    CsrGenerated,
    /// The request was sent.
    CsrSubmitted,
    /// Five sixths of its life are over.
    ExpiringSoon,
    /// It counts no longer.
    Expired,
    /// Files, or an answer, do not belong together.
    ValidationFailed,
    /// The request was refused.
    CsrFailed,
    /// The CA does not answer.
    CaUnavailable,
    /// The CA says that it is revoked.
    Revoked,
}

impl Event {
    /// The stable name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "cert_issued",
            Self::Renewed => "cert_renewed",
            Self::CsrGenerated => "csr_generated",
            Self::CsrSubmitted => "csr_submitted",
            Self::ExpiringSoon => "cert_expiring_soon",
            Self::Expired => "cert_expired",
            Self::ValidationFailed => "cert_validation_failed",
            Self::CsrFailed => "csr_failed",
            Self::CaUnavailable => "ca_unavailable",
            Self::Revoked => "cert_revoked",
        }
    }
}

/// Logs what belongs to one enrollment or one renewal, under one correlation id.
#[derive(Debug, Clone)]
pub(crate) struct CertLog {
    correlation_id: String,
    worker_id: WorkerId,
    clock: Clock,
}

impl CertLog {
    pub(crate) fn new(worker_id: &WorkerId, clock: &Clock) -> Self {
        let mut bytes = [0; 6];
        // Without randomness events are harder to tell apart: that is all.
        let _ = getrandom::fill(&mut bytes);
        Self {
            correlation_id: format!("cert_{}", hex::encode(bytes)),
            worker_id: worker_id.clone(),
            clock: clock.clone(),
        }
    }

    /// Something went as it should.
    pub(crate) fn info(&self, event: Event) {
        tracing::info!(target: "carnet::cert", event = event.as_str(), correlation_id = %self.correlation_id,
            worker_id = %self.worker_id, timestamp = %self.clock.now());
    }

    /// Something did not.
    pub(crate) fn warn(&self, event: Event, error: Option<&dyn Error>) {
        if event == Event::CaUnavailable {
            metrics::counter!("carnet_ca_unavailable_total").increment(1);
        }
        tracing::warn!(target: "carnet::cert", event = event.as_str(), correlation_id = %self.correlation_id,
            worker_id = %self.worker_id, timestamp = %self.clock.now(), error = error.map(chain));
    }
}
