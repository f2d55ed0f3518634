//! Signed requests: the body is part of what was signed, so it is read before the gate is asked, and handed on.
//!
//! What the head alone decides comes first: for an unknown client, or a time that is over, nothing is read.

use std::net::SocketAddr;

use axum::body::Body;
use carnet_config::Config;
use carnet_gate::{Denied, Grant};
use carnet_ticket::id::Fingerprint;
use carnet_ticket::realm::p256::{self, Head, P256Error, SignedRequest};
use carnet_ticket::realm::{ClientId, SignedRequests};
use carnet_ticket::verify::{Class, Presented, Reason, Surface};
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

use super::replays::ReplayError;
use crate::problem::Problem;
use crate::routes::body;
use crate::serve::ServedAt;
use crate::state::App;

const PUBLIC_KEY: HeaderName = HeaderName::from_static("x-awp-pubkey");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-awp-timestamp");
const NONCE: HeaderName = HeaderName::from_static("x-awp-nonce");
const SIGNATURE: HeaderName = HeaderName::from_static("x-awp-signature");

/// A signed request, read whole.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    text: String,
    once: [u8; 16],
    unix_s: i64,
}

impl Signed {
    /// As the gate is shown it.
    pub(super) fn presented(&self) -> Presented<'_> {
        Presented::of(Class::SignedRequest, &self.text)
    }
}

/// Whether a request says that it is signed.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    [&PUBLIC_KEY, &TIMESTAMP, &NONCE, &SIGNATURE].into_iter().any(|name| headers.contains_key(name))
}

/// Reads the body of a signed request and leaves with `parts` what the gate judges. Gives the body back; that of
/// another request untouched.
pub(super) async fn read(app: &App, parts: &mut Parts, body: Body) -> Result<Body, Problem> {
    // Authorization decides when it is there.
    if parts.headers.contains_key(header::AUTHORIZATION) || !is_signed(&parts.headers) {
        return Ok(body);
    }
    let config = app.config();
    if !config.realm.awp_auth {
        return Err(Problem::unauthorized());
    }
    let host = host(parts).ok_or_else(Problem::unauthorized)?;
    if !names_this_server(&host, parts.extensions.get().copied(), &config) {
        return Err(denied(Reason::SignedRequest(P256Error::BadSignature)).into());
    }
    let head = head(parts, &host).ok_or_else(Problem::unauthorized)?;
    let profile = app.realms().limits().profile;
    let fault = |fault| denied(Reason::SignedRequest(fault));
    let key = head.check(profile, app.clock().now()).map_err(fault)?;
    let unix_s = head.seconds().map_err(fault)?;
    foresee(app, head, key.client()).await?;
    let bytes = body::read(app, &parts.headers, body, body_max(app)).await?;
    let request = SignedRequest { head, body: p256::Body::of(&bytes) };
    let signed = Signed { text: request.encode(), once: request.once(), unix_s };
    parts.extensions.insert(signed);
    Ok(Body::from(bytes))
}

/// Takes a request that was found good, once.
pub(super) fn take(app: &App, signed: &Signed, grant: &Grant) -> Result<(), Denied> {
    let client = grant.subject().unwrap_or_default();
    let taken = app.replays().take(client, &signed.once, signed.unix_s, app.clock().now());
    taken.map_err(|error| match error {
        ReplayError::Replay => grant.deny(Reason::SignedRequest(P256Error::Replay)),
        ReplayError::Full => grant.deny(Reason::Capacity),
    })
}

/// Refuses a client that is not approved, or not any more, before its body is read.
async fn foresee(app: &App, head: Head<'_>, client: ClientId) -> Result<(), Denied> {
    let text = SignedRequest { head, body: p256::Body::of(b"") }.encode();
    let presented = Presented::of(Class::SignedRequest, &text);
    let facts = app.lookup().load(&presented).await.map_err(denied)?;
    SignedRequests::foresee(client, &facts, app.clock().now()).map_err(denied)
}

fn denied(reason: Reason) -> Denied {
    Denied {
        reason,
        class: Some(Class::SignedRequest),
        surface: Surface::Realm,
        fingerprint: Fingerprint::default(),
        rule: None,
    }
}

/// What the head says. Something that is missing is as something that is wrong.
fn head<'a>(parts: &'a Parts, host: &'a str) -> Option<Head<'a>> {
    let text = |name: &HeaderName| match parts.headers.get(name) {
        Some(value) => value.to_str().ok(),
        None => Some(""),
    };
    let nonce = parts.headers.get(&NONCE).map(|value| value.to_str().ok());
    Some(Head {
        public_key: text(&PUBLIC_KEY)?,
        timestamp: text(&TIMESTAMP)?,
        nonce: match nonce {
            Some(nonce) => Some(nonce?),
            None => None,
        },
        signature: text(&SIGNATURE)?,
        method: parts.method.as_str(),
        host,
        target: parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str),
    })
}

/// The host that a request names, in lower case.
fn host(parts: &Parts) -> Option<String> {
    let named = parts.headers.get(header::HOST).map(|value| value.to_str().ok());
    let of_uri = || parts.uri.authority().map(http::uri::Authority::as_str);
    named.unwrap_or_else(of_uri).map(str::to_ascii_lowercase)
}

/// Whether this server can be reached by that name: a signature for another is not for this one.
fn names_this_server(host: &str, at: Option<ServedAt>, config: &Config) -> bool {
    let server = &config.server;
    let public = server.public_url.as_ref().map(|url| url.authority().to_ascii_lowercase());
    if public.as_deref() == Some(host) {
        return true;
    }
    let Some(ServedAt(address)) = at else { return host == "localhost" };
    let is_usual = address.port() == if server.tls_cert_file.is_some() { 443 } else { 80 };
    let names = names(address, &server.host);
    names.iter().any(|name| {
        host.strip_prefix(name.as_str()).is_some_and(|rest| match rest.strip_prefix(':') {
            Some(port) => port.parse() == Ok(address.port()),
            None => rest.is_empty() && is_usual,
        })
    })
}

fn names(address: SocketAddr, configured: &str) -> Vec<String> {
    let ip = address.ip().to_canonical();
    let literal = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    let local = ip.is_loopback().then(|| "localhost".to_owned());
    [literal, configured.to_ascii_lowercase()].into_iter().chain(local).collect()
}

/// The most that any route takes; each looks for itself whether it is too much.
fn body_max(app: &App) -> u64 {
    let config = app.config();
    // A file node of a compat writer has 64 bytes more.
    let node = config.realm.node_limit.0.saturating_add(64);
    node.max(config.realm.max_body.0).max(config.server.max_body.0)
}
