//! The routes of the control plane that workers use.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Extract;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use carnet_authority::ca::{Lifetime, VerifiedCsr, parse_csr};
use carnet_ticket::enrollment::{EnrollmentToken, carrier};
use carnet_ticket::identity::Kind;
use carnet_ticket::task::LEASE_HEADER;
use serde_json::{Value, json};

use super::authority::{Fault, Seen, Shown, State, grant};

pub fn router(state: &Arc<State>) -> Router {
    Router::new().fallback(any).with_state(Arc::clone(state))
}

async fn any(Extract(state): Extract<Arc<State>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let text = |name: header::HeaderName| {
        let value = head.headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let Shown(serial) = head.extensions.get::<Shown>().unwrap().clone();
    let mut seen = Seen {
        what: format!("{} {}", head.method, head.uri.path()),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: text(header::AUTHORIZATION),
        worker_id: text("x-worker-id".parse().unwrap()),
        worker_token: text("x-worker-token".parse().unwrap()),
        key: ["x-api-key", "x-admin-api-key"]
            .into_iter()
            .find_map(|name| Some((name, text(name.parse().unwrap())?))),
        content_type: text(header::CONTENT_TYPE),
        lease: text(LEASE_HEADER.parse().unwrap()),
        body: Vec::new(),
        serial,
    };
    seen.body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let fault = state.faults.lock().unwrap().get_mut(&seen.what).and_then(VecDeque::pop_front);
    let answer = match fault {
        Some(Fault::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Fault::Hang) => {
            state.seen.send_modify(|all| all.push(seen));
            return std::future::pending().await;
        }
        None => answer(&state, &seen),
    };
    state.seen.send_modify(|all| all.push(seen));
    answer
}

fn answer(state: &State, seen: &Seen) -> Response {
    let authority = state.authority.lock().unwrap();
    let is_worker = seen.serial.is_some() || seen.worker_token.is_some();
    let found = match &*seen.what {
        "GET /health" => Some(json!({ "status": "healthy" })),
        "GET /ca/certificate" => Some(json!({ "ca_certificate": authority.bundle().pem() })),
        "GET /ca/bundle" => Some(serde_json::to_value(authority.bundle()).unwrap()),
        "POST /certificates/csr" => {
            drop(authority);
            return csr(state, seen);
        }
        "POST /certificates/renew" => {
            drop(authority);
            return renew(state, seen);
        }
        "GET /.well-known/jwks.json" => Some(state.feed.jwks()),
        "GET /api/v1/revocations/snapshot" if is_worker => {
            return state.feed.snapshot().into_response();
        }
        "GET /api/v1/revocations/stream" if is_worker => {
            let since = seen.query.strip_prefix("since=").unwrap().parse().unwrap();
            return state.feed.stream(since);
        }
        "POST /api/v1/admin/worker-tokens" => {
            let seen = state.seen.borrow();
            let before =
                seen.iter().filter(|before| before.what == "POST /api/v1/admin/worker-tokens");
            Some(json!({ "token": format!("issued-{}", before.count() + 1) }))
        }
        what if what.starts_with("POST /api/v1/worker/") && what.ends_with("/heartbeat") => {
            is_worker.then(|| json!({}))
        }
        what if what.contains("/tasks/") => return StatusCode::NO_CONTENT.into_response(),
        what if what.contains("/leases/") => return renew_lease(state, what, seen),
        what => registry(state, what, seen),
    };
    let mut answer = found.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |body| axum::Json(body).into_response(),
    );
    if let Some(interval_s) = *state.interval_s.lock().unwrap() {
        answer.headers_mut().insert("carnet-heartbeat-interval", interval_s.into());
    }
    answer
}

fn registry(state: &State, what: &str, seen: &Seen) -> Option<Value> {
    let mut workers = state.workers.lock().unwrap();
    seen.serial.as_ref()?;
    if what == "POST /v1/workers/register" {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let id = body["worker_id"].as_str().unwrap().to_owned();
        workers.push(id.clone());
        return Some(json!({ "status": "registered", "worker_id": id }));
    }
    if let Some(id) = what.strip_prefix("DELETE /v1/workers/") {
        workers.retain(|known| known != id);
        return Some(json!({ "status": "deregistered", "worker_id": id }));
    }
    let id = what.strip_prefix("POST /v1/workers/")?.strip_suffix("/heartbeat")?;
    let alive = workers.iter().any(|known| known == id);
    Some(json!({ "status": "heartbeat_recorded", "worker_id": id, "alive": alive }))
}

/// Renews a lease that there is.
fn renew_lease(state: &State, what: &str, seen: &Seen) -> Response {
    let resource = what.split('/').nth_back(1).unwrap();
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let ttl = body["ttl"].as_str().unwrap().strip_suffix('s').unwrap().parse().unwrap();
    let mut leases = state.leases.lock().unwrap();
    let Some(lease) = leases.get_mut(resource) else {
        return StatusCode::CONFLICT.into_response();
    };
    lease.generation += 1;
    lease.expires_at = state.clock.now().after(std::time::Duration::from_secs(ttl));
    axum::Json(json!({ "lease": lease.to_json() })).into_response()
}

fn csr(state: &State, seen: &Seen) -> Response {
    let token = seen.authorization.as_deref().and_then(carrier::from_authorization);
    let token = token.and_then(|text| EnrollmentToken::decode(&text).ok());
    let mut tokens = state.tokens.lock().unwrap();
    match token.and_then(|token| tokens.remove(&token.digest().0)) {
        Some(name) => issue(state, &request(seen), &name),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn renew(state: &State, seen: &Seen) -> Response {
    let issued = state.issued.lock().unwrap();
    let Some(presented) = issued.iter().find(|one| Some(one.serial.to_string()) == seen.serial)
    else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let name = presented.spiffe_id.name().to_owned();
    drop(issued);
    issue(state, &request(seen), &name)
}

fn request(seen: &Seen) -> VerifiedCsr {
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let csr = parse_csr(body["csr"].as_str().unwrap()).unwrap();
    match body["service_name"].as_str() {
        Some(name) => csr.for_service(name),
        None => csr,
    }
}

fn issue(state: &State, csr: &VerifiedCsr, name: &str) -> Response {
    let authority = state.authority.lock().unwrap();
    let signed =
        authority.sign(csr, &grant(Kind::Worker, name, Lifetime::DEFAULT), state.clock.now());
    let Ok(issued) = signed else { return StatusCode::FORBIDDEN.into_response() };
    let mut all = state.issued.lock().unwrap();
    let body = json!({
        "status": "success",
        "certificate": issued.pem(),
        "ca_certificate": authority.bundle().pem(),
        "serial_number": issued.serial.to_string(),
        "spiffe_id": issued.spiffe_id.to_string(),
        "generation": all.len() + 1,
        "issued_at": issued.issued_at.to_string(),
        "renew_after": issued.renew_after.to_string(),
        "expires_at": issued.expires_at.to_string(),
        "control_plane_url": *state.control_plane.lock().unwrap(),
        "rpc_audience": "worker:rpc",
    });
    all.push(issued);
    axum::Json(body).into_response()
}
