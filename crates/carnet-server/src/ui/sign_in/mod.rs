//! Signing in and out: `/auth/login`, `/auth/link`, `/auth/key`, `/auth/logout`.

mod key;
mod link;
mod login;
mod logout;

pub(crate) use key::open as key;
pub(crate) use link::{open as link, show as show_link};
pub(crate) use login::show as login;
pub(crate) use logout::end as logout;

use askama::Template;
use axum::response::{IntoResponse, Response};
use carnet_ticket::session::SessionSecret;
use http::{HeaderMap, StatusCode, header};

use crate::auth::session;
use crate::problem::Problem;
use crate::state::App;

/// Where one comes to who asked for nothing else.
const HOME: &str = "/ui";

/// The page that asks for a key, and says how to come by a link.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignIn<'a> {
    return_to: &'a str,
    is_refused: bool,
    request_id: &'a str,
}

impl<'a> SignIn<'a> {
    /// The page for whoever asked for `asked_for` and has to sign in, with what was refused or without anything.
    pub(super) fn again(asked_for: &'a str, is_refused: bool, request_id: &'a str) -> Self {
        Self { return_to: return_to(asked_for), is_refused, request_id }
    }
}

/// Where one comes back to: into the UI, and nowhere else.
fn return_to(asked: &str) -> &str {
    let rest = asked.strip_prefix(HOME);
    let is_inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_inside && is_plain && !asked.contains("//") { asked } else { HOME }
}

/// Whoever has signed in goes on with the session's cookie.
fn signed_in(app: &App, secret: &SessionSecret, asked: &str) -> Response {
    let cookie = session::set(secret, &app.config());
    let location = return_to(asked).to_owned();
    let headers = [(header::LOCATION, location)];
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Refuses what a page of another site had a browser send: nobody is signed in as somebody else unknowingly.
fn refuse_elsewhere(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") { Err(Problem::forbidden()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::return_to;

    /// Promise: P-37
    #[test]
    fn nobody_is_sent_out_of_the_ui() {
        for inside in ["/ui", "/ui/tickets", "/ui?a=b", "/ui/workers?state=ready"] {
            assert_eq!(return_to(inside), inside);
        }
        for outside in [
            "",
            "/",
            "/uix",
            "//ui",
            "/ui//example.org",
            "/ui/\\example.org",
            "https://example.org/ui",
            "/ui\r\nSet-Cookie: a",
            "/api/v1/me",
            "javascript:alert(1)",
        ] {
            assert_eq!(return_to(outside), "/ui", "{outside}");
        }
    }
}
