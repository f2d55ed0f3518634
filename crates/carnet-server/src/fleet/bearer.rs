//! Workers without a certificate, as Crank's come: by a token, where `fleet.compat` is on.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carnet_gate::Denied;
use carnet_ticket::id::{Fingerprint, KeyId};
use carnet_ticket::verify::{Class, Reason, Surface};
use carnet_ticket::worker_token::{
    Audience, ID_HEADER, STATIC_CLASS, WorkerScope, WorkerTokenError, content_id, presented,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use zeroize::Zeroizing;

use super::FleetPeer;
use super::csr::refusal;
use crate::problem::Problem;
use crate::rate::Limit;
use crate::registry::Speaker;
use crate::state::App;

/// What every identity of the fleet begins with: no token is one.
const SPIFFE: &str = "spiffe:";

/// The worker whose token a request carries, and has `scope`. What is bad counts against its address.
pub(super) async fn worker(
    app: &App,
    parts: &Parts,
    address: Option<&str>,
    scope: WorkerScope,
) -> Result<FleetPeer, Problem> {
    if let Some(address) = address {
        app.limiters().look(Limit::FleetFailures, address)?;
    }
    let token = match token(&parts.headers) {
        Ok(Some(token)) => token,
        Ok(None) => {
            count("denied", WorkerTokenError::NoToken.code());
            return Err(refusal(StatusCode::UNAUTHORIZED, "Missing authorization header"));
        }
        Err(Unreadable) => return Err(bad(app, address)),
    };
    let said = parts.headers.get(ID_HEADER).and_then(|id| id.to_str().ok()).map(Cow::Borrowed);
    let named = || app.authority().worker_tokens().named_by(&token).map(Cow::Owned);
    let subject = said.or_else(named);
    let admitted = admit(app, subject.as_deref(), &token).await;
    let FleetPeer { grant, speaker } = admitted.map_err(|denied| {
        let problem = Problem::from(denied);
        if problem.status.is_server_error() {
            return problem;
        }
        Problem { denied: problem.denied, ..bad(app, address) }
    })?;
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    rights.permits(scope.as_str()).map_err(|reason| grant.deny(reason))?;
    count("ok", "");
    Ok(FleetPeer { grant, speaker })
}

/// Counts what became of a request by a worker's token, signed or static. The frame counts what is denied by a reason.
pub(crate) fn count(result: &'static str, reason: &'static str) {
    let class = Class::WorkerToken.as_str();
    metrics::counter!("carnet_auth_total", "class" => class, "result" => result, "reason" => reason)
        .increment(1);
}

/// The worker `subject`, if `token` is its.
pub(crate) async fn admit(
    app: &App,
    subject: Option<&str>,
    token: &str,
) -> Result<FleetPeer, Denied> {
    let subject = subject.filter(|subject| !subject.starts_with(SPIFFE));
    let presented = presented(subject, token, Audience::ControlPlane);
    let class = presented.class;
    let admitted = app.lookup().admit(&presented, Surface::Rpc).await;
    // The log names it by what it says, whether that is believed or not.
    let named = |denied| Denied { fingerprint: fingerprint(class, token.trim()), ..denied };
    let grant = admitted.map_err(named)?;
    let subject = grant.subject().unwrap_or_default().to_owned();
    let is_static = class == Some(Class::StaticToken);
    Ok(FleetPeer { grant, speaker: Speaker::Token { subject, is_static } })
}

/// Names a token without being one.
fn fingerprint(class: Option<Class>, token: &str) -> Fingerprint {
    let content = match class {
        _ if token.is_empty() => return Fingerprint::default(),
        Some(Class::WorkerToken) => content_id(token),
        _ => STATIC_CLASS.derive(KeyId::of(token.as_bytes()).to_string()),
    };
    content.fingerprint()
}

/// What is presented does not count.
fn bad(app: &App, address: Option<&str>) -> Problem {
    if let Some(address) = address {
        // Refused is the next one.
        let _ = app.limiters().take(Limit::FleetFailures, address);
    }
    refusal(StatusCode::UNAUTHORIZED, "Invalid token")
}

/// A header that carries nothing which anybody here reads.
struct Unreadable;

/// The token in `Authorization`: a bearer's, or a password.
fn token(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, Unreadable> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, rest) =
        value.to_str().ok().and_then(|value| value.trim().split_once(' ')).ok_or(Unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Zeroizing::new(rest.trim().to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Unreadable);
    }
    let pair = STANDARD.decode(rest.trim()).map(Zeroizing::new).map_err(|_| Unreadable)?;
    let pair = std::str::from_utf8(&pair).map_err(|_| Unreadable)?;
    let (_, password) = pair.split_once(':').ok_or(Unreadable)?;
    Ok(Some(Zeroizing::new(password.to_owned())))
}
