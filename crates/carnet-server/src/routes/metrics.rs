//! `GET /metrics`: Prometheus text.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::state::App;

pub(super) async fn show(State(app): State<App>) -> Response {
    let gate = app.gate();
    #[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
    {
        ::metrics::gauge!("carnet_gate_meters").set(gate.live_meters() as f64);
        ::metrics::gauge!("carnet_gate_revocations").set(gate.revocations().len() as f64);
        ::metrics::gauge!("carnet_revocation_seq").set(gate.revocations().seq() as f64);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics().render()).into_response()
}
