//! The frame of every answer: request id, error body, headers, metrics, one log line.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use carnet_gate::{Clock, Stopwatch};
use carnet_ticket::realm::Ulid;
use carnet_ticket::verify::Class;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::address::ClientAddress;
use crate::audit::Asked;
use crate::fleet::bearer;
use crate::problem::Problem;
use crate::serve::Peer;
use crate::state::App;
use crate::ui;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_LEN_MAX: usize = 128;

const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What somebody stored is no page of this server, whatever it says it is: a browser runs nothing of it, and does not take
/// it for ours.
const NO_PAGE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// Names a request in its answer, in the log and in audit rows.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) HeaderValue);

/// The trees of routes: the body of an error is another in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tree {
    /// `/api/v1` and what has no prefix.
    ControlPlane,
    /// The content store.
    Realm,
    /// What members of the fleet call.
    Fleet,
    /// What of that StacyVM's workers call.
    Worker,
    /// The admin UI.
    Ui,
}

impl Tree {
    fn of(path: &str) -> Self {
        match path {
            path if is_realm_tree(path) => Self::Realm,
            path if is_ui_tree(path) => Self::Ui,
            path if path.starts_with(WORKER) => Self::Worker,
            _ => Self::ControlPlane,
        }
    }
}

/// A request came to the fleet's listener.
#[derive(Debug, Clone, Copy)]
struct OfFleet;

/// Where the routes of StacyVM's workers are.
const WORKER: &str = "/api/v1/worker/";

/// A problem that the body of an answer tells in its own form: for the log and the audit.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) Problem);

/// Wraps a request in its frame. What may change something goes on when its client goes away: a change that is
/// durable takes effect in this process too.
pub(crate) async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return framed(app, request, next).await;
    }
    let changing = tokio::spawn(framed(app, request, next));
    changing.await.unwrap_or_else(|_| Problem::internal().into_response())
}

/// As [`frame`], for what members of the fleet call.
pub(crate) async fn fleet(app: State<App>, mut request: Request, next: Next) -> Response {
    let is_worker = request.uri().path().starts_with(WORKER);
    request.extensions_mut().insert(if is_worker { Tree::Worker } else { Tree::Fleet });
    request.extensions_mut().insert(OfFleet);
    frame(app, request, next).await
}

async fn framed(app: App, mut request: Request, next: Next) -> Response {
    let stopwatch = app.clock().stopwatch();
    let id = RequestId(request_id(&app, &request));
    let peer = request.extensions().get::<Peer>().copied();
    let trusted = &app.config().server.trusted_proxies;
    let address = ClientAddress::of(peer, request.headers(), trusted);
    request.extensions_mut().insert(address);
    let line = Line::of(&request, stopwatch);
    let asked = Asked::of(&request, id.0.to_str().unwrap_or_default());
    let is_page = line.tree == Tree::Ui && request.method().is_safe();
    let asked_for = is_page.then(|| request.uri().to_string());
    request.extensions_mut().insert(id.clone());

    let mut response = next.run(request).await;

    let problem = response.extensions_mut().remove::<Problem>().or_else(|| unsaid(&response));
    let told = response.extensions_mut().remove::<Told>().map(|Told(problem)| problem);
    let known = problem.as_ref().or(told.as_ref());
    asked.settle(&app, &response, known, &line.stopwatch);
    if let Some(problem) = known {
        line.log_problem(problem, &id);
    }
    if let Some(problem) = problem {
        let (body, content_type) = match line.tree {
            Tree::Ui => (ui::problem(&app, &problem, &id, asked_for.as_deref()), ui::HTML),
            tree => (render(&problem, tree, &id), HeaderValue::from_static("application/json")),
        };
        if line.is_fleet {
            tell_scheme(&mut response, &problem);
        }
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        if problem.status == StatusCode::TOO_MANY_REQUESTS {
            tell_limit(response.headers_mut(), &problem, app.clock());
        }
        *response.body_mut() = axum::body::Body::from(body);
    }
    let headers = response.headers_mut();
    match line.tree {
        Tree::Ui => ui::guard(headers),
        Tree::Realm => {
            headers.insert(header::CONTENT_SECURITY_POLICY, NO_PAGE);
        }
        _ => {}
    }
    headers.insert(REQUEST_ID, id.0.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if app.config().server.tls_cert_file.is_some() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    line.count(&response, &id);
    response
}

/// What is logged and counted about a request. The path is the route's template: ids in a path may be tickets.
struct Line {
    method: &'static str,
    route: String,
    tree: Tree,
    is_fleet: bool,
    stopwatch: Stopwatch,
}

impl Line {
    fn of(request: &Request, stopwatch: Stopwatch) -> Self {
        let is_fleet = request.extensions().get::<OfFleet>().is_some();
        let by_path = || Tree::of(request.uri().path());
        let tree = request.extensions().get().copied().unwrap_or_else(by_path);
        let template =
            request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
            .into_iter()
            .find(|known| *known == request.method().as_str())
            .unwrap_or("OTHER");
        Self {
            method,
            route: template.unwrap_or_else(|| "unknown".to_owned()),
            tree,
            is_fleet,
            stopwatch,
        }
    }

    fn log_problem(&self, problem: &Problem, id: &RequestId) {
        let (method, route, status) = (self.method, &*self.route, problem.status.as_u16());
        let request_id = id.0.to_str().unwrap_or_default();
        match &problem.denied {
            Some(denied) => {
                if matches!(denied.class, Some(Class::WorkerToken | Class::StaticToken)) {
                    bearer::count("denied", denied.reason.code());
                }
                let class = denied.class.map_or("none", Class::as_str);
                let rule = denied.rule.map(|rule| rule.to_string());
                tracing::info!(request_id, method, route, status, class, surface = denied.surface.as_str(),
                    reason = denied.reason.code(), why = %denied.reason, rule, credential = %denied.fingerprint, "denied");
            }
            None if status >= 500 => tracing::error!(request_id, method, route, status, "failed"),
            None => {
                tracing::debug!(request_id, method, route, status, code = problem.code, "refused")
            }
        }
    }

    fn count(&self, response: &Response, id: &RequestId) {
        let (elapsed, status) = (self.stopwatch.elapsed(), response.status().as_u16());
        metrics::counter!("carnet_http_requests_total", "route" => self.route.clone(), "method" => self.method,
            "status" => status.to_string())
        .increment(1);
        metrics::histogram!("carnet_http_request_seconds", "route" => self.route.clone())
            .record(elapsed);
        tracing::debug!(
            request_id = id.0.to_str().unwrap_or_default(),
            method = self.method,
            route = &*self.route,
            status,
            us = elapsed.as_micros(),
            "answered"
        );
    }
}

/// What a refusal means that is not in our words: the framework's, of a path or query that it cannot read.
fn unsaid(response: &Response) -> Option<Problem> {
    let is_text = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/plain"));
    match response.status() {
        StatusCode::BAD_REQUEST if is_text => Some(Problem::invalid("Malformed", "target")),
        status if status.is_server_error() && is_text => Some(Problem::internal()),
        _ => None,
    }
}

/// Whether a path is one of the content store.
pub(crate) fn is_realm_tree(path: &str) -> bool {
    path.starts_with("/api/") && !path.starts_with("/api/v1/")
}

/// Whether a path is one of the admin UI, where pages are answered.
pub(crate) fn is_ui_tree(path: &str) -> bool {
    path == "/ui" || path.starts_with("/ui/") || path.starts_with("/auth/")
}

/// What the fleet's callers may come with: a certificate cannot be asked for here.
fn tell_scheme(response: &mut Response, problem: &Problem) {
    let headers = response.headers_mut();
    headers.remove(header::WWW_AUTHENTICATE);
    if problem.status == StatusCode::UNAUTHORIZED && problem.details.is_none() {
        let scheme = HeaderValue::from_static("Basic realm=\"carnet-ca\"");
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
}

/// How many there may be, that none is left, and when there is one again.
fn tell_limit(headers: &mut HeaderMap, problem: &Problem, clock: &Clock) {
    let again_ms = clock.now().after(problem.retry_after.unwrap_or_default()).0;
    headers.insert(RATE_LIMIT, HeaderValue::from(problem.limit.unwrap_or_default()));
    headers.insert(RATE_REMAINING, HeaderValue::from(0));
    headers.insert(RATE_RESET, HeaderValue::from(again_ms.div_euclid(1000) + 1));
}

/// The caller's own id, when it is a plain one, else a new ULID.
fn request_id(app: &App, request: &Request) -> HeaderValue {
    let is_plain = |value: &HeaderValue| {
        (1..=REQUEST_ID_LEN_MAX).contains(&value.len())
            && value
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if let Some(given) = request.headers().get(&REQUEST_ID).filter(|value| is_plain(value)) {
        return given.clone();
    }
    let mut random = [0; 10];
    // Without randomness the id is only less unique.
    let _ = getrandom::fill(&mut random);
    let ulid = Ulid::new(app.clock().now(), random).to_string();
    HeaderValue::from_str(&ulid).unwrap_or(HeaderValue::from_static("0"))
}

/// Two codes have another name in the control plane.
fn control_plane_code(code: &'static str) -> &'static str {
    match code {
        "rate_limit_exceeded" => "resource_limit",
        "payload_too_large" => "too_large",
        code => code,
    }
}

/// What StacyVM's workers call a refusal: by its status, unless it has a name of its own.
fn worker_code(problem: &Problem) -> &'static str {
    match (problem.code, problem.status.as_u16()) {
        ("stale_lease", _) => "stale_lease",
        ("unauthorized", _) | (_, 401) => "UNAUTHORIZED",
        (_, 403) => "FORBIDDEN",
        (_, 404) => "NOT_FOUND",
        (_, 409) => "CONFLICT",
        (_, 429) => "RESOURCE_LIMIT",
        (_, 503) => "UNAVAILABLE",
        (_, 504) => "TIMEOUT",
        (_, 400..=499) => "BAD_REQUEST",
        _ => "INTERNAL_ERROR",
    }
}

/// As StacyVM says it: whoever is not let in learns no more.
fn worker_message(problem: &Problem) -> &str {
    match problem.status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        _ => &problem.message,
    }
}

/// The error body: the control plane's carries the request id, the realm's does not, the fleet's is one member.
fn render(problem: &Problem, tree: Tree, id: &RequestId) -> Bytes {
    let mut body = match tree {
        Tree::Fleet => return Bytes::from(json!({ "detail": problem.detail() }).to_string()),
        Tree::Worker => json!({ "code": worker_code(problem), "message": worker_message(problem) }),
        Tree::Realm | Tree::ControlPlane | Tree::Ui => problem.body(),
    };
    if tree == Tree::ControlPlane {
        body["error"] = Value::from(control_plane_code(problem.code));
    }
    if tree != Tree::Realm {
        body["request_id"] = Value::from(id.0.to_str().unwrap_or_default());
    }
    Bytes::from(body.to_string())
}
