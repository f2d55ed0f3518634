//! What anybody may ask: `GET /health`, `/ca/certificate`, `/ca/bundle`, `/ca/crl`; and what nobody gets here, a key.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::fleet::csr::refusal;
use crate::problem::Problem;
use crate::state::App;

/// 200 while the CA serves.
pub(in crate::fleet) async fn health() -> Json<Value> {
    Json(json!({ "status": "healthy", "service": "certificate-authority", "provider": "carnet" }))
}

/// Every CA certificate that is trusted, in one PEM.
pub(in crate::fleet) async fn certificate(State(app): State<App>) -> Json<Value> {
    let pem = app.ca().authority().bundle().pem();
    Json(json!({ "ca_certificate": pem, "provider": "carnet" }))
}

/// Every CA certificate that is trusted, with its state, and the number of the set.
pub(in crate::fleet) async fn bundle(State(app): State<App>) -> Response {
    Json(app.ca().authority().bundle()).into_response()
}

/// The revocation list, in DER.
pub(in crate::fleet) async fn crl(State(app): State<App>) -> Result<Response, Problem> {
    let headers =
        [(header::CONTENT_TYPE, "application/pkix-crl"), (header::CACHE_CONTROL, "max-age=300")];
    Ok((headers, app.ca().crl().await?).into_response())
}

/// The CA makes no key for somebody else.
pub(in crate::fleet) async fn gone() -> Problem {
    refusal(StatusCode::GONE, "Gone: send a CSR to /certificates/csr")
}
