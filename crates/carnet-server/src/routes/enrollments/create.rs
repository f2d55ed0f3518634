//! `POST /api/v1/admin/enrollments`: a token for a new member, shown once.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::{Details, Kind};
use carnet_authority::enroll::{EnrollError, EnrollmentRequest, mint};
use carnet_authority::mint::Issue;
use carnet_ticket::enrollment::carrier;
use carnet_ticket::realm::Ulid;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, json};
use zeroize::Zeroizing;

use crate::audit::Trail;
use crate::problem::Problem;
use crate::random;
use crate::routes::body;
use crate::routes::ca::{certificate_life, parsed, parsed_all};
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    #[serde(default)]
    dns: Vec<String>,
    #[serde(default)]
    ip: Vec<String>,
    localhost: Option<bool>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    ttl: Option<String>,
    cert_ttl: Option<String>,
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::json(&app, &headers, request).await?;
    let (now, authority) = (app.clock().now(), app.ca().authority());
    let request = checked(&app, input)?;
    let ca = authority.signing_certificate().ok_or_else(Problem::unavailable)?;
    let secret = Zeroizing::new(random::bytes()?);
    let issue = Issue {
        id: Ulid::new(now, random::bytes()?),
        issued_by: &trail.actor.id,
        tenant_id: None,
        request_id: &trail.request_id,
        now,
    };
    let minted = mint(request, &ca.certificate, &secret, &issue)?;
    let (token, enrollment) = (minted.token, minted.enrollment);
    let mut event =
        trail.event(Kind::Ticket, "enrollment.create", &format!("worker/{}", enrollment.name));
    let named = [("enrollment".to_owned(), enrollment.id.to_string().into())];
    event.details = Details::new(Map::from_iter(named));
    app.store().audited(event).insert_enrollment(enrollment.clone()).await?;

    let mut shown = super::shown(&enrollment, authority.settings().trust_domain(), now);
    let (host, port) = app.ca().reached_at();
    shown["token"] = token.encode().as_str().into();
    shown["url"] = carrier::url(&token, &host, port).as_str().into();
    shown["ca_sha256"] = hex::encode(ca.sha256).into();
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(json!(shown))).into_response())
}

fn checked(app: &App, input: Input) -> Result<EnrollmentRequest, Problem> {
    let ttl = input.ttl.as_deref().map(carnet_config::parse_duration);
    let ttl = ttl.unwrap_or(Some(EnrollmentRequest::TTL));
    let whole = |ttl: &Duration| ttl.subsec_nanos() == 0;
    Ok(EnrollmentRequest {
        dns: parsed_all(&input.dns, "dns")?,
        ip: parsed_all(&input.ip, "ip")?,
        is_on_localhost: input.localhost.unwrap_or(true),
        capabilities: parsed_all(&input.capabilities, "capabilities")?,
        labels: input.labels,
        ttl: ttl.filter(whole).ok_or_else(|| Problem::invalid("BadDuration", "ttl"))?,
        cert_ttl: certificate_life(app, input.cert_ttl.as_deref())?,
        ..EnrollmentRequest::worker(parsed(&input.name, "name")?)
    })
}

impl From<EnrollError> for Problem {
    fn from(error: EnrollError) -> Self {
        match error {
            EnrollError::Ttl => Self::invalid("OutOfRange", "ttl"),
            EnrollError::TooManyNames => Self::invalid("TooMany", "dns"),
            EnrollError::TooManyCapabilities => Self::invalid("TooMany", "capabilities"),
            _ => Self::invalid("BadLabels", "labels"),
        }
        .saying(error.to_string())
    }
}
