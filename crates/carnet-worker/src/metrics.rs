//! What `/metrics` shows.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::health::Health;

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Collects metrics from here on, unless the program has a recorder of its own; that one then shows them.
pub(crate) fn install() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::debug!("the program collects its metrics itself");
        }
        handle
    })
}

/// Everything that was collected, in Prometheus's text form, with what `health` knows at this moment.
pub(crate) fn render(health: &Health) -> String {
    let (handle, gate) = (install(), health.gate());
    if let Some(expires_at) = health.certificate_expires_at() {
        let left = expires_at.since(health.now());
        metrics::gauge!("carnet_certificate_expiry_seconds").set(left.as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    metrics::gauge!("carnet_revocation_seq").set(gate.revocations().seq() as f64);
    if let Some(silence) = gate.silence() {
        metrics::gauge!("carnet_revocation_age_seconds").set(silence.as_secs_f64());
    }
    handle.run_upkeep();
    handle.render()
}
