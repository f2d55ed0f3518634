//! `POST /api/v1/admin/ca/issue`: a certificate for a signing request, because an administrator says so.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_authority::enroll::EnrollmentRequest;
use carnet_ticket::identity::{Kind, Member};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{certificate_life, parsed, parsed_all};
use crate::audit::Trail;
use crate::ca::{Issuing, Refusal, profile_of};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    csr: String,
    name: String,
    kind: Option<String>,
    #[serde(default)]
    dns: Vec<String>,
    #[serde(default)]
    ip: Vec<String>,
    localhost: Option<bool>,
    cert_ttl: Option<String>,
}

pub(in crate::routes) async fn issue(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::json(&app, &headers, request).await?;
    let kind = Kind::from_name(input.kind.as_deref().unwrap_or(Kind::Worker.as_str()));
    let kind = kind.ok_or_else(|| Problem::invalid("BadKind", "kind"))?;
    let request = EnrollmentRequest {
        kind,
        dns: parsed_all(&input.dns, "dns")?,
        ip: parsed_all(&input.ip, "ip")?,
        is_on_localhost: input.localhost.unwrap_or(true),
        cert_ttl: certificate_life(&app, input.cert_ttl.as_deref())?,
        ..EnrollmentRequest::worker(parsed(&input.name, "name")?)
    };
    request.check()?;
    let member = Member { kind, name: request.name.clone() };
    let issuing = Issuing { member, profile: profile_of(&request), csr: input.csr };
    let certified = app.ca().issue(issuing, &trail).await.map_err(refused)?;
    let row = &certified.row;
    let body = json!({
        "certificate": certified.certificate,
        "ca_certificate": certified.bundle,
        "serial_number": row.serial.to_string(),
        "spiffe_id": certified.spiffe_id.to_string(),
        "generation": row.generation.0,
        "issued_at": row.issued_at.to_string(),
        "renew_after": row.renew_after.to_string(),
        "expires_at": row.expires_at.to_string(),
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Whoever may have any certificate is told what was wrong.
fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Fault(fault) => fault.into(),
        Refusal::Quarantined => {
            Problem::other(StatusCode::CONFLICT, "quarantined", "the member is quarantined")
        }
        refusal => Problem::invalid(refusal.code(), "csr").saying(format!("csr: {refusal}")),
    }
}
