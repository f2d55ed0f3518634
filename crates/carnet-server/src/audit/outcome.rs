//! [`Asked`]: what a request asked for, and what is written down once it is answered.
//!
//! Changes are not written here: their rows are part of their transactions.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_gate::{Denied, Stopwatch};
use carnet_ticket::verify::Class;
use http::{Method, StatusCode, header};

use super::{actor_of, nobody};
use crate::address::ClientAddress;
use crate::auth::{Caller, session};
use crate::problem::Problem;
use crate::state::App;

/// Where what is read is written down, and what failed to change something.
const ADMIN: [&str; 3] = ["/api/v1/admin/", "/ui/tickets", "/ui/audit"];

/// A form that is not filled in yet.
const FORM: &str = "/ui/tickets/new";

/// The extension of an answer whose refusal was written down by whoever refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written;

/// What a request asked for.
pub(crate) struct Asked {
    method: Method,
    route: String,
    request_id: String,
    remote_addr: Option<String>,
    user_agent: Option<String>,
    /// Whether a page that is open asks by itself.
    is_refresh: bool,
}

impl Asked {
    pub(crate) fn of(request: &Request, request_id: &str) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        let agent = request.headers().get(header::USER_AGENT);
        let address = request.extensions().get().and_then(|ClientAddress(address)| *address);
        Self {
            method: request.method().clone(),
            // The template: an id in a path may be a ticket.
            route: matched.map_or("unknown", MatchedPath::as_str).to_owned(),
            request_id: request_id.to_owned(),
            remote_addr: address.map(|address| address.to_string()),
            user_agent: agent.and_then(|agent| agent.to_str().ok()).map(str::to_owned),
            is_refresh: session::is_refresh(request.headers()),
        }
    }

    /// Writes down a denial, a failure to change something, or that an administrator read something.
    pub(crate) fn settle(
        self,
        app: &App,
        response: &Response,
        problem: Option<&Problem>,
        stopwatch: &Stopwatch,
    ) {
        if response.extensions().get::<Written>().is_some() {
            return;
        }
        let status = response.status();
        let denied = problem.and_then(|problem| problem.denied.as_deref());
        let refusals =
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
        // No route answers OPTIONS: what refuses it is said to browsers before anybody is known.
        let is_refused = refusals.contains(&status) && self.method != Method::OPTIONS;
        if denied.is_some() || is_refused {
            let event = self.event(app, response, stopwatch, Outcome::Denied);
            return app.recorder().denied(with_denial(event, denied));
        }
        let is_read = self.method == Method::GET;
        let is_error = status.is_client_error() || status.is_server_error();
        let is_form = is_read && self.route == FORM;
        let is_admin = !is_form && ADMIN.iter().any(|root| self.route.starts_with(root));
        if is_admin && is_error && !is_read {
            app.recorder().record(self.event(app, response, stopwatch, Outcome::Error));
        } else if is_admin && is_read && !is_error && !self.is_refresh && app.config().audit.reads {
            app.recorder().record(self.event(app, response, stopwatch, Outcome::Allowed));
        }
    }

    fn event(
        self,
        app: &App,
        response: &Response,
        stopwatch: &Stopwatch,
        outcome: Outcome,
    ) -> Event {
        let caller = response.extensions().get::<Caller>();
        let actor = caller.map_or_else(nobody, |Caller(grant)| actor_of(grant));
        let (kind, action) = match outcome {
            Outcome::Denied => (Kind::Auth, "auth.deny"),
            _ if self.method == Method::GET => (Kind::Http, "http.read"),
            _ => (Kind::Http, "http.fail"),
        };
        let (now, id) = (app.clock().now(), self.request_id.as_str());
        let mut event = Event::new(now, kind, actor, action, &self.route, outcome, id);
        event.status = Some(response.status().as_u16());
        event.method = Some(self.method.as_str().into());
        event.path = Some(self.route.into());
        event.duration_ms = u64::try_from(stopwatch.elapsed().as_millis()).ok();
        event.remote_addr = self.remote_addr.map(Into::into);
        event.user_agent = self.user_agent.map(Into::into);
        event
    }
}

/// What only the log and the audit learn of a denial.
fn with_denial(mut event: Event, denied: Option<&Denied>) -> Event {
    let Some(denied) = denied else { return event };
    event.reason = Some(denied.reason.code().into());
    event.rule = denied.rule.map(|rule| rule.to_string().into());
    let is_ticket = matches!(
        denied.class,
        Some(Class::Realm | Class::Capability | Class::WorkerToken | Class::Jwt | Class::Tdx)
    );
    if is_ticket {
        (event.kind, event.action) = (Kind::Ticket, "ticket.deny".into());
    }
    if &*event.actor.class == "none" {
        event.actor = Actor {
            class: denied.class.map_or("none", Class::as_str).into(),
            fingerprint: Some(denied.fingerprint.to_string().into()),
            ..event.actor
        };
    }
    event
}
