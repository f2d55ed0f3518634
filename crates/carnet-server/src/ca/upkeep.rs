//! What the CA does by itself.

use std::time::Duration;

use carnet_authority::ca::ActivateError;

use super::RotateFault;
use crate::state::App;

/// How often it is looked whether something is due.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Ends superseded certificates, turns the CA over, renews the server's own certificate, until the server stops.
pub(crate) async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.clock().sleep(LOOK_INTERVAL) => look(&app).await,
            () = app.draining().cancelled() => return,
        }
    }
}

async fn look(app: &App) {
    let ca = app.ca();
    if let Err(error) = ca.superseded().await {
        tracing::error!(%error, "superseded certificates were not revoked; it is tried again");
    }
    if app.config().ca.auto_rotate {
        match ca.rotate_if_due().await {
            // It waits for workers, perhaps for days.
            Ok(()) | Err(RotateFault::Activate(ActivateError::BundleNotSpread { .. })) => {}
            Err(error) => {
                tracing::error!(%error, "the CA was not turned over; it is tried again");
            }
        }
    }
    if let Err(error) = ca.retire_ended().await {
        tracing::error!(%error, "a CA certificate was not retired; it is tried again");
    }
    if let Err(error) = ca.renew_own_if_due().await {
        tracing::error!(%error, "the own certificate was not renewed; it is tried again");
    }
    let left = ca.held.own.load().expires_at.since(app.clock().now());
    metrics::gauge!("carnet_certificate_expiry_seconds").set(left.as_secs_f64());
}
