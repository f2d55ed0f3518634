//! Requests that a page of another site had a browser send. Source: control plane spec, section 6.2.

use axum::body::Body;
use carnet_gate::Grant;
use carnet_ticket::verify::{Class, Reason};
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

use super::cookie;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FIELD: &str = "csrf";

/// Lets a change pass that a session's own pages ask for: they carry, in a header or a field of a form, what no other
/// site knows. Gives the body back. Whoever shows another credential is no browser that somebody talked into it; who
/// needs to show none may be.
pub(in crate::auth) async fn refuse_forged(
    app: &App,
    parts: &Parts,
    request: Body,
    grant: &Grant,
) -> Result<Body, Problem> {
    let is_asked = matches!(grant.class(), Class::Session | Class::Anonymous);
    if parts.method.is_safe() || !is_asked {
        return Ok(request);
    }
    let forged = || Problem::from(grant.deny(Reason::Forged));
    let site = parts.headers.get(&FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return Err(forged());
    }
    if grant.class() == Class::Anonymous {
        return Ok(request);
    }
    let secret = cookie::secret(&parts.headers, &app.config()).ok_or_else(forged)?;
    if let Some(given) = parts.headers.get(&CSRF) {
        let is_given = given.to_str().is_ok_and(|given| secret.is_csrf(given));
        return if is_given { Ok(request) } else { Err(forged()) };
    }
    if !is_form(&parts.headers) {
        return Err(forged());
    }
    let max = app.config().server.max_body.0;
    let bytes = body::read(app, &parts.headers, request, max).await?;
    let mut fields = form_urlencoded::parse(&bytes);
    let is_given = fields.any(|(name, value)| name == FIELD && secret.is_csrf(&value));
    if is_given { Ok(Body::from(bytes)) } else { Err(forged()) }
}

/// Whether a body is what a form sends.
fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}
