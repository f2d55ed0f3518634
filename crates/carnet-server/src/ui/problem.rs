//! Requests that failed, as pages. What they say is what the API says: a status, a sentence, the request's id.

use askama::Template;
use bytes::Bytes;
use http::StatusCode;

use super::sign_in::SignIn;
use crate::frame::RequestId;
use crate::problem::Problem;
use crate::state::App;

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    status: u16,
    title: &'a str,
    message: &'a str,
    request_id: &'a str,
}

/// The page that says a problem. Whoever is not signed in is asked to, and comes to `asked_for` afterwards.
pub(crate) fn problem(
    app: &App,
    problem: &Problem,
    id: &RequestId,
    asked_for: Option<&str>,
) -> Bytes {
    let request_id = id.0.to_str().unwrap_or_default();
    let is_unknown = problem.status == StatusCode::UNAUTHORIZED && app.config().auth.enabled;
    let page = if is_unknown {
        SignIn::again(asked_for.unwrap_or_default(), problem.denied.is_some(), request_id).render()
    } else {
        let title = problem.status.canonical_reason().unwrap_or("Problem");
        let (status, message) = (problem.status.as_u16(), &*problem.message);
        Page { status, title, message, request_id }.render()
    };
    page.map_or_else(|_| Bytes::from_static(b"<!doctype html><title>Problem</title>"), Bytes::from)
}
