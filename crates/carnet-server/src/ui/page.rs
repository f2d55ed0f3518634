//! [`Frame`]: what every page has around it, and the answer that a page is.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use carnet_ticket::session::SessionSecret;
use carnet_ticket::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::time;
use crate::auth::{Caller, session};
use crate::problem::Problem;
use crate::state::App;

/// The type of a page.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Nothing but what this server sends, no inline script or style, and no page of another around it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Who looks at a page, and what it may offer.
pub(crate) struct Frame {
    /// Who signed in.
    pub(super) who: String,
    /// As what.
    pub(super) role: String,
    /// What forms carry; nothing for whoever has no session.
    pub(super) csrf: String,
    pub(super) now: Timestamp,
    scopes: Vec<&'static str>,
    section: String,
}

impl Frame {
    /// Whether whoever looks may do what takes this scope: else it is not offered.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether the page is in this part of the navigation.
    pub(super) fn is_in(&self, section: &str) -> bool {
        self.section == section
    }

    /// How far it is from now.
    pub(super) fn relative(&self, moment: &str) -> String {
        time::relative(moment, self.now)
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Caller(grant) = Caller::from_request_parts(parts, app).await?;
        let scopes = grant.routes().ok_or(Problem::forbidden())?;
        let csrf = session::secret(&parts.headers, &app.config());
        let mut path = parts.uri.path().split('/').skip(2);
        Ok(Self {
            who: grant.subject().unwrap_or_default().to_owned(),
            role: scopes.role.clone(),
            csrf: csrf.as_ref().map(SessionSecret::csrf).unwrap_or_default(),
            now: app.clock().now(),
            scopes: scopes.scopes.clone(),
            section: path.next().unwrap_or_default().to_owned(),
        })
    }
}

/// The answer that is this page. It is nobody else's, so nothing keeps it.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a page was not made");
        Problem::internal()
    })?;
    Ok((status, [(header::CONTENT_TYPE, HTML)], text).into_response())
}

/// What browsers are told with every answer of the UI.
pub(crate) fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    let same_origin = HeaderValue::from_static("same-origin");
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        headers.insert(HeaderName::from_static(name), same_origin.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What the API shows, as a page reads it.
pub(super) fn typed<T: DeserializeOwned>(shown: Value) -> Result<T, Problem> {
    serde_json::from_value(shown).map_err(|error| {
        tracing::error!(%error, "what the API shows is not what a page reads");
        Problem::internal()
    })
}
