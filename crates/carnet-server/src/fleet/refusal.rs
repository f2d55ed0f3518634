//! Connections that are refused: for their metric, the log and the audit.

use std::net::SocketAddr;

use carnet_authority::audit::{Event, Kind, Outcome};
use carnet_gate::Denied;
use rustls::CertificateError;

use crate::audit::nobody;
use crate::state::App;

/// A handshake failed.
pub(crate) fn refused(app: &App, peer: SocketAddr, error: &std::io::Error) {
    let known = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    let reason = match known {
        Some(rustls::Error::InvalidCertificate(fault)) => certificate(fault),
        // Noise: something that is no TLS, or went away.
        _ => {
            count("handshake");
            return tracing::debug!(%error, "a TLS handshake failed");
        }
    };
    record(app, peer, reason);
}

/// A certificate that was good when its session began is no longer.
pub(crate) fn denied(app: &App, peer: SocketAddr, denied: &Denied) {
    record(app, peer, denied.reason.code());
}

fn certificate(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::Revoked => "revoked",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "not_yet_valid"
        }
        CertificateError::UnknownIssuer => "unknown_issuer",
        CertificateError::Other(other) => {
            let denied = other.0.downcast_ref::<Denied>();
            denied.map_or("certificate", |denied| denied.reason.code())
        }
        _ => "certificate",
    }
}

fn record(app: &App, peer: SocketAddr, reason: &'static str) {
    count(reason);
    tracing::info!(peer = %peer.ip(), reason, "a client certificate was refused");
    let (kind, outcome) = (Kind::Auth, Outcome::Denied);
    let mut event =
        Event::new(app.clock().now(), kind, nobody(), "auth.deny", "fleet", outcome, "");
    event.reason = Some(reason.into());
    event.remote_addr = Some(peer.ip().to_canonical().to_string().into());
    app.recorder().denied(event);
}

fn count(reason: &'static str) {
    metrics::counter!("carnet_tls_refused_total", "listener" => "fleet", "reason" => reason)
        .increment(1);
}
