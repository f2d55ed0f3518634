//! `POST /certificates/csr`, by an enrollment token, and `/certificates/renew`, by a certificate.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use carnet_authority::ca::CsrError;
use carnet_authority::enroll::RenewError;
use carnet_ticket::verify::Profile;
use http::StatusCode;
use serde::Serialize;

use crate::address::ClientAddress;
use crate::audit::{Trail, Written};
use crate::ca::{Asking, Certified, Refusal};
use crate::fleet::FleetPeer;
use crate::fleet::csr::{CsrForm, refusal};
use crate::fleet::demand::Offered;
use crate::problem::Problem;
use crate::state::App;

/// What members present themselves to.
const RPC_AUDIENCE: &str = "worker:rpc";

pub(in crate::fleet) async fn issue(
    State(app): State<App>,
    Extension(Offered(token)): Extension<Offered>,
    Extension(form): Extension<CsrForm>,
    Extension(address): Extension<ClientAddress>,
    trail: Trail,
) -> Response {
    let certified = app.ca().enroll(&token, asking(&form, address, &trail)).await;
    answer(&app, certified)
}

pub(in crate::fleet) async fn renew(
    State(app): State<App>,
    Extension(peer): Extension<FleetPeer>,
    Extension(form): Extension<CsrForm>,
    Extension(address): Extension<ClientAddress>,
    trail: Trail,
) -> Response {
    let Some(leaf) = peer.leaf() else { return Problem::unauthorized().into_response() };
    let certified = app.ca().renew(leaf, asking(&form, address, &trail)).await;
    answer(&app, certified)
}

fn asking<'a>(
    form: &'a CsrForm,
    ClientAddress(peer): ClientAddress,
    trail: &'a Trail,
) -> Asking<'a> {
    Asking { csr: &form.csr, service_name: form.service_name.as_deref(), peer, trail }
}

/// A certificate, and what its owner has to know with it; members in the order of the page.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    certificate: &'a str,
    ca_certificate: &'a str,
    provider: Provider,
    serial_number: String,
    spiffe_id: String,
    generation: u64,
    issued_at: String,
    renew_after: String,
    expires_at: String,
    control_plane_url: String,
    rpc_audience: &'static str,
}

#[derive(Serialize)]
struct Provider {
    #[serde(rename = "provider")]
    name: &'static str,
    r#type: &'static str,
    security_level: &'static str,
}

fn answer(app: &App, certified: Result<Certified, Refusal>) -> Response {
    match certified {
        Ok(certified) => given(app, &certified).into_response(),
        Err(refusal) => {
            let mut response = problem(&refusal).into_response();
            // The CA has written down what it refused.
            response.extensions_mut().insert(Written);
            response
        }
    }
}

fn given(app: &App, certified: &Certified) -> Response {
    let row = &certified.row;
    let security_level = match app.config().profile.default {
        Profile::Strict => "strict",
        Profile::Compat => "compat",
    };
    Json(Answer {
        status: "success",
        certificate: &certified.certificate,
        ca_certificate: &certified.bundle,
        provider: Provider { name: "carnet", r#type: "private-ca", security_level },
        serial_number: row.serial.to_string(),
        spiffe_id: certified.spiffe_id.to_string(),
        generation: row.generation.0,
        issued_at: row.issued_at.to_string(),
        renew_after: row.renew_after.to_string(),
        expires_at: row.expires_at.to_string(),
        control_plane_url: control_plane(app),
        rpc_audience: RPC_AUDIENCE,
    })
    .into_response()
}

/// Where members find the registry: on this very listener.
fn control_plane(app: &App) -> String {
    let (host, port) = app.ca().reached_at();
    let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
    format!("https://{open}{host}{close}:{port}")
}

/// What whoever asked learns: a status, and of a request that cannot be read what is wrong with it.
fn problem(refused: &Refusal) -> Problem {
    let bad = |detail: &str| refusal(StatusCode::BAD_REQUEST, detail);
    match refused {
        Refusal::Csr(CsrError::TooLarge { .. }) => {
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large")
        }
        Refusal::Csr(CsrError::CsrSignature) => bad("CSR signature is not valid"),
        Refusal::Csr(CsrError::CsrKey) | Refusal::Renew(RenewError::KeyReused) => {
            bad("CSR key is not acceptable")
        }
        Refusal::Csr(_) => bad("CSR is not valid"),
        Refusal::NameMismatch | Refusal::NotAllowed | Refusal::Quarantined | Refusal::Renew(_) => {
            Problem::forbidden()
        }
        Refusal::Fault(_) => Problem::unavailable(),
        _ => Problem::unauthorized(),
    }
}
