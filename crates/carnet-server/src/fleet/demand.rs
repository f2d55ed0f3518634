//! [`Demand`]: who may call a route, judged before its handler runs.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use carnet_gate::Grant;
use carnet_ticket::enrollment::carrier;
use carnet_ticket::identity::Kind;
use carnet_ticket::verify::{Reason, Surface};
use carnet_ticket::worker_token::WorkerScope;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use zeroize::Zeroizing;

use super::csr::{CsrForm, refusal};
use super::routes::PathToken;
use super::{FleetPeer, bearer};
use crate::auth::{self, Caller};
use crate::problem::Problem;
use crate::rate::Limit;
use crate::state::App;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Anybody.
    Anybody,
    /// Whoever has an enrollment token, which the CA judges as it takes it. The body is a CSR, and is looked at first.
    Enrollment,
    /// Whoever has a certificate of this fleet, which the CA judges. The body is a CSR, and is looked at first.
    Renewal,
    /// A worker, by its certificate; with `fleet.compat` also by a token of this scope.
    Worker(WorkerScope),
    /// An operator by certificate, or an administrator of the control plane.
    Admin,
}

/// The token that a request carries.
#[derive(Clone)]
pub(super) struct Offered(pub(super) Zeroizing<String>);

/// Judges a request by its route's demand. What came with a bad credential counts against its address.
pub(super) async fn judge(
    State((app, demand)): State<(App, Demand)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let address = auth::address(&parts);
    let body = match prepare(&app, demand, &mut parts, body, address.as_deref()).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let caller = parts.extensions.get::<Caller>().cloned();
    let has_credential = parts.extensions.get::<Offered>().is_some()
        || parts.extensions.get::<FleetPeer>().is_some();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if has_credential
        && response.status() == StatusCode::UNAUTHORIZED
        && let Some(address) = &address
    {
        // Refused is the next one.
        let _ = app.limiters().take(Limit::FleetFailures, address);
    }
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}

/// The body for the handler, once the caller is one that the route demands.
async fn prepare(
    app: &App,
    demand: Demand,
    parts: &mut Parts,
    body: Body,
    address: Option<&str>,
) -> Result<Body, Problem> {
    let member = parts.extensions.get::<FleetPeer>().cloned();
    if let Some(FleetPeer { grant, .. }) = &member {
        parts.extensions.insert(Caller(grant.clone()));
    }
    match demand {
        Demand::Anybody => return Ok(body),
        Demand::Enrollment => {
            let form = CsrForm::read(app, parts, body).await?;
            parts.extensions.insert(form);
            let offered = token(parts).ok_or(Problem::unauthorized())?;
            parts.extensions.insert(offered);
        }
        Demand::Renewal => {
            let form = CsrForm::read(app, parts, body).await?;
            parts.extensions.insert(form);
            let member = member.ok_or(Problem::unauthorized())?;
            // The handshake has proved who it is: others behind its address do not count.
            app.limiters().take(Limit::Renewals, member.subject())?;
            return Ok(Body::empty());
        }
        Demand::Worker(scope) => {
            match member {
                Some(member) if member.kind() == Kind::Worker => {}
                Some(member) => return Err(member.grant.deny(Reason::Role).into()),
                None if app.config().fleet.compat => {
                    let worker = bearer::worker(app, parts, address, scope).await?;
                    parts.extensions.insert(Caller(worker.grant.clone()));
                    parts.extensions.insert(worker);
                }
                None => return Err(certificate_required()),
            }
            return Ok(body);
        }
        Demand::Admin => {
            let grant = admin(app, parts, member).await?;
            parts.extensions.insert(Caller(grant));
            return Ok(body);
        }
    }
    if let Some(address) = address {
        app.limiters().look(Limit::FleetFailures, address)?;
    }
    Ok(Body::empty())
}

fn certificate_required() -> Problem {
    refusal(StatusCode::UNAUTHORIZED, "Client certificate required")
}

/// What stands in front of the path, or in `Authorization`.
fn token(parts: &Parts) -> Option<Offered> {
    let in_path = parts.extensions.get::<PathToken>().map(|PathToken(token)| token.clone());
    let in_header = || carrier::from_authorization(header_text(&parts.headers)?);
    in_path.or_else(in_header).map(Offered)
}

fn header_text(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// An operator, or an administrator by a credential of the control plane.
async fn admin(app: &App, parts: &Parts, member: Option<FleetPeer>) -> Result<Grant, Problem> {
    let grant = match member {
        Some(member) if member.kind() == Kind::Operator => member.grant,
        Some(member) if !auth::has_credential(&parts.headers) => {
            return Err(member.grant.deny(Reason::Role).into());
        }
        _ => auth::admit(app, parts, Surface::Api).await?,
    };
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    rights.permits("admin:*").map_err(|reason| grant.deny(reason))?;
    Ok(grant)
}
