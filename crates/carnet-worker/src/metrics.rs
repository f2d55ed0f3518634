//! What `/metrics` shows.

use std::sync::OnceLock;
use std::time::Duration;

use carnet_gate::Gate;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

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

/// Everything that was collected, in Prometheus's text form, with what is left of the certificate's life and how far
/// `gate` has heard of revocations.
pub(crate) fn render(left: Duration, gate: &Gate) -> String {
    let handle = install();
    metrics::gauge!("carnet_certificate_expiry_seconds").set(left.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "what gauges are made of")]
    metrics::gauge!("carnet_revocation_seq").set(gate.revocations().seq() as f64);
    if let Some(silence) = gate.silence() {
        metrics::gauge!("carnet_revocation_age_seconds").set(silence.as_secs_f64());
    }
    handle.run_upkeep();
    handle.render()
}
