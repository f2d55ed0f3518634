//! Which web pages may call, as browsers ask. No answer ever allows credentials of the browser's own.
//! Source: realm spec, section 5; control plane spec, section 8.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use carnet_config::WebOrigin;
use carnet_ticket::verify::Profile;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::frame::{is_realm_tree, is_ui_tree};
use crate::state::App;

/// How long a browser may remember the answer to its question.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What is allowed in one tree of routes.
struct Rules {
    methods: &'static str,
    asked_headers: &'static str,
    shown_headers: &'static str,
}

const REALM: Rules = Rules {
    methods: "GET, HEAD, POST, PUT, PATCH, DELETE",
    asked_headers: "Content-Type, Authorization, Range, If-None-Match, Content-MD5, X-CAS-Blake3, \
        X-AWP-Pubkey, X-AWP-Timestamp, X-AWP-Nonce, X-AWP-Signature",
    shown_headers: "X-Request-ID, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, \
        X-RateLimit-Reset, ETag, Content-Range, X-CAS-Kind, X-CAS-Payload-Size, X-CAS-Content-Type",
};

const CONTROL_PLANE: Rules = Rules {
    methods: "GET, POST, PUT, DELETE, OPTIONS",
    asked_headers: "Content-Type, X-API-Key, X-Admin-API-Key, X-Request-ID, X-User-ID, X-Tenant-ID, \
        Authorization, Idempotency-Key",
    shown_headers: "X-Request-ID, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining",
};

/// Answers the questions of browsers before anybody is asked for a credential, and tells them on every other
/// answer who may read it.
pub(crate) async fn cors(State(app): State<App>, request: Request, next: Next) -> Response {
    // No other page has any business there.
    if is_ui_tree(request.uri().path()) {
        return next.run(request).await;
    }
    let config = app.config();
    let allowed = &config.server.cors_allowed_origins;
    let is_realm = is_realm_tree(request.uri().path());
    let rules = if is_realm { REALM } else { CONTROL_PLANE };
    let origin = allow_origin(allowed, request.headers());
    let is_question = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_question && !allowed.is_empty() {
        let is_compat = config.profile.default == Profile::Compat && !is_realm;
        question(origin.as_ref(), &rules, is_compat).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if !allowed.is_empty() && !allowed.iter().any(WebOrigin::is_any) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        let shown = HeaderValue::from_static(rules.shown_headers);
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
    }
    response
}

/// What the answer says of the asking page's origin; nothing when it may not read it.
fn allow_origin(allowed: &[WebOrigin], headers: &HeaderMap) -> Option<HeaderValue> {
    if allowed.iter().any(WebOrigin::is_any) {
        return Some(HeaderValue::from_static("*"));
    }
    let asking = headers.get(header::ORIGIN)?;
    allowed.iter().any(|one| one.as_str().as_bytes() == asking.as_bytes()).then(|| asking.clone())
}

fn question(origin: Option<&HeaderValue>, rules: &Rules, is_compat: bool) -> impl IntoResponse {
    if origin.is_none() {
        return (StatusCode::FORBIDDEN, HeaderMap::new());
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(rules.methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(rules.asked_headers),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    (if is_compat { StatusCode::OK } else { StatusCode::NO_CONTENT }, headers)
}
