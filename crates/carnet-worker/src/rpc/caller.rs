//! [`Caller`]: who asks, and for what it may.

use axum::http::HeaderMap;
use carnet_gate::{Denied, Grant};
use carnet_ticket::identity::Kind;
use carnet_ticket::verify::{Facts, Reason, Surface};
use carnet_ticket::worker_token::{
    Audience, WorkerHeaders, WorkerScope, WorkerScopes, WorkerTokenError, presented,
};

use super::{Fault, Rpc};
use crate::listener::Peer;

/// Who asks.
pub(super) struct Caller {
    pub(super) scopes: WorkerScopes,
    pub(super) grant: Grant,
}

impl Rpc {
    /// A control plane by its certificate of the fleet, which may ask for everything; else whoever has a token for this
    /// worker.
    pub(super) async fn caller(
        &self,
        peer: Option<&Peer>,
        headers: &HeaderMap,
    ) -> Result<Caller, Fault> {
        if let Some(peer) = peer {
            return match peer.identity().kind() {
                Kind::ControlPlane => {
                    Ok(Caller { scopes: WorkerScopes::all(), grant: peer.grant().clone() })
                }
                _ => Err(Fault::WrongPeer),
            };
        }
        let mut admitted = self.by_token(headers);
        let is_unknown = matches!(
            &admitted,
            Err(Denied { reason: Reason::WorkerToken(WorkerTokenError::UnknownKey), .. })
        );
        // The key may be one that the control plane has published since.
        if let Some(deployed) = self.deployed.as_ref().filter(|_| is_unknown) {
            deployed.ask_for_keys().await;
            admitted = self.by_token(headers);
        }
        let grant = admitted.map_err(|denied| {
            let (reason, fingerprint) = (denied.reason.code(), denied.fingerprint);
            count("denied", reason);
            tracing::info!(reason, %fingerprint, "a token does not count");
            match denied.reason {
                Reason::WorkerToken(WorkerTokenError::Unconfigured) => Fault::Unconfigured,
                Reason::RevocationStale => Fault::Stale,
                _ => Fault::Unauthorized,
            }
        })?;
        if grant.subject() != Some(self.own_id.as_str()) {
            count("denied", "other_worker");
            return Err(Fault::WrongWorker);
        }
        count("ok", "");
        let scopes = grant.routes().map(|rights| rights.scopes.as_slice()).unwrap_or_default();
        let scopes = scopes.iter().filter_map(|scope| WorkerScope::parse(scope)).collect();
        Ok(Caller { scopes, grant })
    }

    fn by_token(&self, headers: &HeaderMap) -> Result<Grant, Denied> {
        let headers = WorkerHeaders::read(|name| Some(headers.get(name)?.as_bytes()));
        let token = headers.token().unwrap_or_default();
        let presented = presented(headers.worker_id.map(str::trim), token, Audience::Rpc);
        self.health.gate().admit(&presented, &Facts::none(), Surface::Rpc)
    }
}

fn count(result: &'static str, reason: &'static str) {
    let labels = [("class", "worker-token"), ("result", result), ("reason", reason)];
    metrics::counter!("carnet_auth_total", &labels).increment(1);
}
