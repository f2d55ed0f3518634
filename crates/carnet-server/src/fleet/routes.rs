//! Every route of the fleet's listener: its method, path, demand and handler.

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, post};
use carnet_ticket::enrollment::carrier;
use carnet_ticket::worker_token::WorkerScope;
use http::Uri;
use http::uri::PathAndQuery;
use tower::ServiceExt;
use zeroize::Zeroizing;

use super::demand::{self, Demand};
use super::{ca, controller, registry, worker as tasks};
use crate::frame;
use crate::problem::Problem;
use crate::routes::{jwks, revocations};
use crate::state::App;

/// A route. There is none without its demand.
pub struct Route {
    /// The method; `GET` also answers `HEAD`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub demand: Demand,
    handler: MethodRouter<App>,
}

/// Every route there is.
pub fn all() -> Vec<Route> {
    use Demand::{Admin, Anybody, Enrollment, Renewal};
    let [worker, holder, reporter] =
        [WorkerScope::Heartbeat, WorkerScope::Lease, WorkerScope::Status].map(Demand::Worker);
    let route = |method, path, demand, handler| Route { method, path, demand, handler };
    let gone = ["/certificates/platform", "/certificates/server", "/certificates/client"]
        .map(|path| route("POST", path, Anybody, post(ca::gone)));
    let rest = vec![
        route("GET", "/health", Anybody, get(ca::health)),
        route("GET", "/ca/certificate", Anybody, get(ca::certificate)),
        route("GET", "/ca/bundle", Anybody, get(ca::bundle)),
        route("GET", "/ca/crl", Anybody, get(ca::crl)),
        route("POST", "/certificates/csr", Enrollment, post(ca::issue)),
        route("POST", "/certificates/renew", Renewal, post(ca::renew)),
        route("DELETE", "/certificates/{serial}", Admin, delete(ca::revoke)),
        route("POST", "/v1/workers/register", worker, post(registry::register)),
        route("POST", "/v1/workers/{id}/heartbeat", worker, post(registry::heartbeat)),
        route("DELETE", "/v1/workers/{id}", worker, delete(registry::deregister)),
        route("GET", "/v1/workers", worker, get(registry::list)),
        route("POST", "/api/v1/worker/{id}/leases/{resource}/renew", holder, post(tasks::renew)),
        route("POST", "/api/v1/worker/{id}/tasks/{task}/events", reporter, post(tasks::report)),
        route("POST", "/register", worker, post(controller::register)),
        route("POST", "/heartbeat", worker, post(controller::heartbeat)),
        route("DELETE", "/deregister/{id}", worker, delete(registry::deregister)),
        route("POST", "/route", worker, post(controller::route)),
        route("GET", "/capabilities", worker, get(controller::capabilities)),
        route("GET", "/workers", worker, get(controller::list)),
        route("POST", "/api/v1/worker/{id}/heartbeat", worker, post(registry::sandboxes)),
        route("GET", "/api/v1/worker/{id}/revocations", worker, get(registry::revocations)),
        route("GET", "/api/v1/revocations/stream", worker, get(revocations::stream)),
        route("GET", "/api/v1/revocations/snapshot", worker, get(revocations::snapshot)),
        route("GET", "/.well-known/jwks.json", Anybody, get(jwks::show)),
        route("GET", "/health/live", Anybody, get(registry::live)),
        route("GET", "/health/ready", Anybody, get(registry::ready)),
    ];
    gone.into_iter().chain(rest).collect()
}

/// A token that stood in front of a path.
#[derive(Clone)]
pub(super) struct PathToken(pub(super) Zeroizing<String>);

/// Every route behind its demand, in the frame.
pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in all() {
        let judge = middleware::from_fn_with_state((app.clone(), route.demand), demand::judge);
        router = router.route(route.path, route.handler.layer(judge));
    }
    let router = router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn_with_state(app.clone(), frame::fleet))
        .with_state(app);
    // Before a route is looked for: clients that only put URLs together carry their token in front.
    Router::new().fallback_service(router.map_request(without_token))
}

/// `/enroll/<token>/…` without its token, which is kept beside.
fn without_token(mut request: Request) -> Request {
    let Some((token, rest)) = carrier::from_path(request.uri().path()) else { return request };
    let target = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let token = PathToken(Zeroizing::new(token.to_owned()));
    let Ok(target) = PathAndQuery::try_from(target) else { return request };
    *request.uri_mut() = Uri::from(target);
    request.extensions_mut().insert(token);
    request
}
