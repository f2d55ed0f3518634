//! [`Trail`]: who asks for what, for the events of a handler.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, MatchedPath};
use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_gate::Grant;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Class;
use http::request::Parts;

use crate::address::ClientAddress;
use crate::auth::{Caller, InRealm, actor};
use crate::frame::RequestId;
use crate::problem::Problem;
use crate::state::{App, LOCAL_ADMIN};

/// The actor of those who have no name.
const ANONYMOUS: &str = "anonymous";

/// Who asks, by which request, at which route: what every event of a handler begins with.
pub(crate) struct Trail {
    pub(crate) actor: Actor,
    pub(crate) request_id: String,
    method: Option<String>,
    path: Option<String>,
    remote_addr: Option<IpAddr>,
    at: Timestamp,
}

impl Trail {
    /// What the server does by itself.
    pub(crate) fn of_server(at: Timestamp, occasion: &str) -> Self {
        let actor = Actor { id: "server".into(), ..nobody() };
        let request_id = occasion.to_owned();
        Self { actor, request_id, method: None, path: None, remote_addr: None, at }
    }

    /// Whether nobody is known to ask.
    pub(crate) fn is_anonymous(&self) -> bool {
        *self.actor.id == *ANONYMOUS
    }

    /// An event: `action` was done to `target`.
    pub(crate) fn event(&self, kind: Kind, action: &str, target: &str) -> Event {
        let actor = self.actor.clone();
        let (outcome, id) = (Outcome::Allowed, self.request_id.as_str());
        let mut event = Event::new(self.at, kind, actor, action, target, outcome, id);
        event.method = self.method.as_deref().map(Into::into);
        event.path = self.path.as_deref().map(Into::into);
        event.remote_addr = self.remote_addr.map(|address| address.to_string().into());
        event
    }
}

impl FromRequestParts<App> for Trail {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let extensions = &parts.extensions;
        let caller = extensions.get::<Caller>().map(|Caller(grant)| grant);
        let grant = caller.or_else(|| extensions.get::<InRealm>().map(|caller| &caller.grant));
        let id = extensions.get::<RequestId>().and_then(|id| id.0.to_str().ok());
        // The route's template: an id in a path may be a ticket.
        let path = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        Ok(Self {
            actor: grant.map_or_else(nobody, actor_of),
            request_id: id.unwrap_or_default().to_owned(),
            method: Some(parts.method.as_str().to_owned()),
            path: Some(path.to_owned()),
            remote_addr: extensions.get().and_then(|ClientAddress(address)| *address),
            at: app.clock().now(),
        })
    }
}

/// Whoever holds a grant.
pub(crate) fn actor_of(grant: &Grant) -> Actor {
    let role = grant.routes().map(|scopes| scopes.role.as_str()).filter(|role| !role.is_empty());
    Actor {
        id: id_of(grant).into(),
        class: grant.class().as_str().into(),
        role: role.map(Into::into),
        fingerprint: Some(grant.fingerprint().to_string().into()),
    }
}

/// Local callers by name: rows of a realm name them by its owner's id instead.
fn id_of(grant: &Grant) -> String {
    match grant.class() {
        Class::Local => LOCAL_ADMIN.to_owned(),
        Class::Session => grant.subject().unwrap_or_default().to_owned(),
        Class::Anonymous => ANONYMOUS.to_owned(),
        _ => actor(grant),
    }
}

/// Somebody who was not let in.
pub(crate) fn nobody() -> Actor {
    Actor { id: ANONYMOUS.into(), class: "none".into(), role: None, fingerprint: None }
}
