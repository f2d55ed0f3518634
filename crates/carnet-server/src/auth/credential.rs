//! What a request presents: which header says what. Nothing is parsed beyond the scheme.

use carnet_config::Config;
use carnet_ticket::verify::{Bearer, Class, Presented};
use http::{HeaderMap, HeaderName, header};

use super::session;
use crate::serve::Peer;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const ADMIN_API_KEY: HeaderName = HeaderName::from_static("x-admin-api-key");

/// What a request presents.
#[derive(Debug, Clone, Copy)]
pub(super) enum Offer<'a> {
    /// Something, in a header or as the local socket's peer.
    Credential(Presented<'a>),
    /// A header that cannot be read.
    Unreadable,
    /// Nothing.
    Nothing,
}

/// `Authorization` decides when it is there, then a signature, then key headers, then the cookie, then the socket: a bad
/// one is refused even beside a good one.
pub(super) fn offer<'a>(headers: &'a HeaderMap, peer: Peer, config: &Config) -> Offer<'a> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return value.to_str().map_or(Offer::Unreadable, authorization);
    }
    if super::signed::is_signed(headers) {
        // What it signs is read by whoever has the body.
        return Offer::Unreadable;
    }
    for name in [&ADMIN_API_KEY, &API_KEY] {
        if let Some(value) = headers.get(name) {
            let key = |text| Offer::Credential(Presented::of(Class::ApiKey, text));
            return value.to_str().map_or(Offer::Unreadable, key);
        }
    }
    if let Some(text) = session::text(headers, config) {
        return Offer::Credential(Presented::of(Class::Session, text));
    }
    match peer {
        Peer::Local { is_same_user: true } => Offer::Credential(Presented::local()),
        _ => Offer::Nothing,
    }
}

/// Whether a header presents something.
pub(crate) fn has_credential(headers: &HeaderMap) -> bool {
    [&header::AUTHORIZATION, &ADMIN_API_KEY, &API_KEY]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Whether a task ticket is presented.
pub(super) fn is_ticket(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    matches!(value.map(authorization), Some(Offer::Credential(presented)) if presented.class() == Some(Class::Realm))
}

/// Whether the header in which a key came may carry the admin key.
pub(super) fn is_admin_header(headers: &HeaderMap) -> bool {
    headers.contains_key(ADMIN_API_KEY)
}

/// A scheme, any case, one or more spaces, and the credential.
fn authorization(value: &str) -> Offer<'_> {
    let Some((scheme, credential)) = value.split_once(' ') else { return Offer::Unreadable };
    let credential = credential.trim();
    let class = match () {
        () if scheme.eq_ignore_ascii_case("ticket") => Some(Class::Realm),
        () if scheme.eq_ignore_ascii_case("agent") => Some(Class::AgentToken),
        // By prefix: a JSON Web Token or a worker token.
        () if scheme.eq_ignore_ascii_case("bearer") => None,
        () => return Offer::Unreadable,
    };
    Offer::Credential(Presented {
        class,
        data: Some(credential.as_bytes()),
        bearer: Bearer::nobody(),
    })
}
