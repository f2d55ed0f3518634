//! Every route: its method, path, access and handler. One file per endpoint.

mod api_keys;
pub(crate) mod audit;
pub(crate) mod body;
pub(crate) mod ca;
pub(crate) mod certificates;
mod enrollments;
mod etag;
mod events;
mod health;
pub(crate) mod jwks;
mod keys;
mod mcp;
mod me;

mod metrics;
pub(crate) mod page;
pub mod realm;
mod reload;
pub(crate) mod revocations;
mod sign_in_links;
pub(crate) mod tasks;
pub(crate) mod tickets;
mod worker_tokens;
pub(crate) mod workers;

pub(crate) use body::NUMBER_MAX;
pub(crate) use realm::shown_id;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use carnet_ticket::rights::{RealmNeed, RealmRole};

use crate::auth::{self, Access, Guard};
use crate::problem::Problem;
use crate::rate::Limit;
use crate::state::App;
use crate::{cors, fleet, frame, openapi, ui};

/// A route.
pub struct Route {
    /// The method; `GET` also answers `HEAD`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// What it asks of its caller.
    pub access: Access,
    limit: Option<Limit>,
    handler: MethodRouter<App>,
}

impl Route {
    /// This with a limit of its own.
    fn limited(self, limit: Limit) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// What stands before the handler. In the content store each caller has a rate.
    fn guard(&self) -> Guard {
        let has_caller = self.access != Access::Public && frame::is_realm_tree(self.path);
        Guard { access: self.access, limits: [has_caller.then_some(Limit::User), self.limit] }
    }
}

/// Every route there is.
#[expect(clippy::too_many_lines, reason = "a table")]
pub fn all() -> Vec<Route> {
    use Access::{
        Anybody, Feed, Metrics, Mint, Public, Realm, RealmUser, Scope, Submit, Task, Worker,
    };
    use RealmNeed::{Commit, Delegate, Delete, Manage, Read, Write};
    use RealmRole::{Admin, Authorized, Unauthorized};
    use realm::{clients, depots, nodes, storage, tickets as task_tickets, tokens, users};
    let route =
        |method, path, access, handler| Route { method, path, access, limit: None, handler };
    let health = ["/live", "/api/v1/live", "/health/live"]
        .map(|path| route("GET", path, Public, get(health::live)));
    let ready = ["/ready", "/api/v1/ready", "/health/ready"]
        .map(|path| route("GET", path, Public, get(health::ready)));
    let rest = vec![
        route("GET", "/health", Public, get(health::health)),
        route("GET", "/api/v1/health", Public, get(health::health)),
        route("GET", "/metrics", Metrics("read:*"), get(metrics::show)),
        route("GET", "/api/v1/me", Anybody, get(me::show)),
        route("GET", "/.well-known/jwks.json", Public, get(jwks::show)),
        route("GET", "/openapi.json", Public, get(openapi::show)),
        route("GET", "/api/openapi.json", Public, get(openapi::show)),
        route("POST", "/api/v1/admin/sign-in-links", Scope("admin:*"), post(sign_in_links::create)),
        route("GET", "/api/v1/admin/tickets", Scope("admin:*"), get(tickets::list)),
        route("POST", "/api/v1/admin/tickets", Scope("admin:*"), post(tickets::create)),
        route("GET", "/api/v1/admin/tickets/{id}", Scope("admin:*"), get(tickets::show)),
        route("POST", "/api/v1/admin/tickets/{id}/revoke", Scope("admin:*"), post(tickets::revoke)),
        route("POST", "/api/v1/admin/worker-tokens", Mint, post(worker_tokens::create)),
        route("GET", "/api/v1/tasks", Task("read:*"), get(tasks::list)),
        route("POST", "/api/v1/tasks", Submit, post(tasks::create)),
        route("GET", "/api/v1/tasks/{task}", Task("read:*"), get(tasks::show)),
        route("GET", "/api/v1/tasks/{task}/events", Task("read:*"), get(tasks::events)),
        route("POST", "/api/v1/tasks/{task}/cancel", Task("api:*"), post(tasks::cancel)),
        route("GET", "/api/v1/workers", Scope("read:*"), get(workers::list)),
        route("GET", "/api/v1/workers/{id}", Scope("read:*"), get(workers::show)),
        route(
            "POST",
            "/api/v1/admin/workers/{id}/cordon",
            Scope("operator:*"),
            post(workers::cordon),
        ),
        route(
            "POST",
            "/api/v1/admin/workers/{id}/uncordon",
            Scope("operator:*"),
            post(workers::uncordon),
        ),
        route(
            "POST",
            "/api/v1/admin/workers/{id}/drain",
            Scope("operator:*"),
            post(workers::drain),
        ),
        route(
            "POST",
            "/api/v1/admin/workers/{id}/quarantine",
            Scope("admin:*"),
            post(workers::quarantine),
        ),
        route(
            "POST",
            "/api/v1/admin/workers/{id}/release",
            Scope("admin:*"),
            post(workers::release),
        ),
        route("DELETE", "/api/v1/admin/workers/{id}", Scope("admin:*"), delete(workers::delete)),
        route("GET", "/api/v1/admin/keys", Scope("admin:*"), get(keys::list)),
        route("POST", "/api/v1/admin/keys/{key}/rotate", Scope("admin:*"), post(keys::rotate)),
        route("POST", "/api/v1/admin/keys/{key}/promote", Scope("admin:*"), post(keys::promote)),
        route("POST", "/api/v1/admin/keys/{key}/retire", Scope("admin:*"), post(keys::retire)),
        route("POST", "/api/v1/admin/reload", Scope("admin:*"), post(reload::create)),
        route("GET", "/api/v1/admin/audit", Scope("admin:*"), get(audit::list)),
        route("GET", "/api/v1/admin/audit/head", Scope("admin:*"), get(audit::head)),
        route("GET", "/api/v1/admin/api-keys", Scope("admin:*"), get(api_keys::list)),
        route("POST", "/api/v1/admin/api-keys", Scope("admin:*"), post(api_keys::create)),
        route("DELETE", "/api/v1/admin/api-keys/{key}", Scope("admin:*"), delete(api_keys::delete)),
        route("GET", "/api/v1/admin/revocations", Scope("admin:*"), get(revocations::list)),
        route("POST", "/api/v1/admin/revocations", Scope("admin:*"), post(revocations::create)),
        route("GET", "/api/v1/admin/enrollments", Scope("admin:*"), get(enrollments::list)),
        route("POST", "/api/v1/admin/enrollments", Scope("admin:*"), post(enrollments::create)),
        route(
            "DELETE",
            "/api/v1/admin/enrollments/{enrollment}",
            Scope("admin:*"),
            delete(enrollments::delete),
        ),
        route("GET", "/api/v1/admin/ca", Scope("admin:*"), get(ca::show)),
        route("POST", "/api/v1/admin/ca/issue", Scope("admin:*"), post(ca::issue)),
        route("POST", "/api/v1/admin/ca/rotate", Scope("admin:*"), post(ca::rotate)),
        route(
            "POST",
            "/api/v1/admin/ca/identities/{kind}/{name}/revoke",
            Scope("admin:*"),
            post(ca::revoke),
        ),
        route(
            "POST",
            "/api/v1/admin/ca/identities/{kind}/{name}/release",
            Scope("admin:*"),
            post(ca::release),
        ),
        route("GET", "/api/v1/admin/certificates", Scope("admin:*"), get(certificates::list)),
        route(
            "POST",
            "/api/v1/admin/certificates/{serial}/revoke",
            Scope("admin:*"),
            post(certificates::revoke),
        ),
        route("GET", "/api/v1/events", Scope("read:*"), get(events::stream)),
        route("GET", "/api/v1/revocations/snapshot", Feed("read:*"), get(revocations::snapshot)),
        route("GET", "/api/v1/revocations/stream", Feed("read:*"), get(revocations::stream)),
        route(
            "POST",
            "/api/v1/worker/{id}/heartbeat",
            Worker("worker:heartbeat"),
            post(fleet::registry::sandboxes),
        ),
        route(
            "POST",
            "/api/v1/worker/{id}/leases/{resource}/renew",
            Worker("worker:lease"),
            post(fleet::worker::renew),
        ),
        route(
            "POST",
            "/api/v1/worker/{id}/tasks/{task}/events",
            Worker("worker:status"),
            post(fleet::worker::report),
        ),
        route(
            "GET",
            "/api/v1/worker/{id}/revocations",
            Worker("worker:heartbeat"),
            get(fleet::registry::revocations),
        ),
        route("GET", "/ui", Scope("read:*"), get(ui::dashboard::show)),
        route("GET", "/ui/tasks", Scope("read:*"), get(ui::tasks::list)),
        route("GET", "/ui/tasks/{task}", Scope("read:*"), get(ui::tasks::show)),
        route("POST", "/ui/tasks/{task}/cancel", Scope("api:*"), post(ui::tasks::cancel)),
        route("GET", "/ui/workers", Scope("read:*"), get(ui::workers::list)),
        route("GET", "/ui/workers/{id}", Scope("read:*"), get(ui::workers::show)),
        route("POST", "/ui/workers/{id}/cordon", Scope("operator:*"), post(ui::workers::cordon)),
        route(
            "POST",
            "/ui/workers/{id}/uncordon",
            Scope("operator:*"),
            post(ui::workers::uncordon),
        ),
        route("POST", "/ui/workers/{id}/drain", Scope("operator:*"), post(ui::workers::drain)),
        route(
            "POST",
            "/ui/workers/{id}/quarantine",
            Scope("admin:*"),
            post(ui::workers::quarantine),
        ),
        route("POST", "/ui/workers/{id}/release", Scope("admin:*"), post(ui::workers::release)),
        route("GET", "/ui/tickets", Scope("admin:*"), get(ui::tickets::list)),
        route("GET", "/ui/tickets/new", Scope("admin:*"), get(ui::tickets::form)),
        route("POST", "/ui/tickets/new", Scope("admin:*"), post(ui::tickets::create)),
        route("GET", "/ui/tickets/{id}", Scope("admin:*"), get(ui::tickets::show)),
        route("GET", "/ui/tickets/{id}/revoke", Scope("admin:*"), get(ui::tickets::preview)),
        route("POST", "/ui/tickets/{id}/revoke", Scope("admin:*"), post(ui::tickets::end)),
        route("GET", "/ui/audit", Scope("admin:*"), get(ui::audit::show)),
        route("GET", "/ui/assets/{name}", Public, get(ui::asset)),
        route("GET", "/auth/login", Public, get(ui::sign_in::login)),
        route("GET", "/auth/link", Public, get(ui::sign_in::show_link)),
        route("POST", "/auth/link", Public, post(ui::sign_in::link)),
        route("POST", "/auth/key", Public, post(ui::sign_in::key)),
        route("POST", "/auth/logout", Anybody, post(ui::sign_in::logout)),
        route("GET", "/api/health", Public, get(realm::health)),
        route("GET", "/api/info", Public, get(realm::info)),
        route("GET", "/api/oauth/me", RealmUser(Unauthorized), get(realm::me)),
        route("POST", "/api/auth/clients/init", Public, post(clients::init))
            .limited(Limit::ClientInit),
        route("POST", "/api/auth/clients/complete", RealmUser(Authorized), post(clients::complete)),
        route("GET", "/api/auth/clients", RealmUser(Authorized), get(clients::list)),
        route("GET", "/api/auth/clients/{client}", Public, get(clients::show))
            .limited(Limit::ClientPoll),
        route(
            "DELETE",
            "/api/auth/clients/{client}",
            RealmUser(Authorized),
            delete(clients::delete),
        ),
        route("GET", "/api/auth/tokens", RealmUser(Authorized), get(tokens::list)),
        route("POST", "/api/auth/tokens", RealmUser(Authorized), post(tokens::create)),
        route("DELETE", "/api/auth/tokens/{token}", RealmUser(Authorized), delete(tokens::delete)),
        route("GET", "/api/admin/users", RealmUser(Admin), get(users::list)).limited(Limit::Admin),
        route("PATCH", "/api/admin/users/{user}", RealmUser(Admin), patch(users::update))
            .limited(Limit::Admin),
        route("POST", "/api/admin/gc", RealmUser(Admin), post(storage::gc)).limited(Limit::Admin),
        route("POST", "/api/admin/fsck", RealmUser(Admin), post(storage::fsck))
            .limited(Limit::Admin),
        route("POST", "/api/mcp", Realm(Manage), post(mcp::call)).limited(Limit::Mcp),
        route("GET", "/api/realm/{realm}", Realm(Read), get(realm::show)),
        route("GET", "/api/realm/{realm}/usage", Realm(Read), get(realm::usage)),
        route("POST", "/api/realm/{realm}/prepare-nodes", Realm(Write), post(nodes::prepare)),
        route("PUT", "/api/realm/{realm}/nodes/{key}", Realm(Write), put(nodes::put))
            .limited(Limit::Upload),
        route("GET", "/api/realm/{realm}/nodes/{key}", Realm(Read), get(nodes::get)),
        route("GET", "/api/realm/{realm}/nodes/{key}/metadata", Realm(Read), get(nodes::metadata)),
        route("GET", "/api/realm/{realm}/nodes/{key}/{*steps}", Realm(Read), get(nodes::below)),
        route("GET", "/api/realm/{realm}/tickets", Realm(Manage), get(task_tickets::list)),
        route("POST", "/api/realm/{realm}/tickets", Realm(Manage), post(task_tickets::create)),
        route("GET", "/api/realm/{realm}/tickets/{ticket}", Realm(Read), get(task_tickets::show)),
        route(
            "DELETE",
            "/api/realm/{realm}/tickets/{ticket}",
            Realm(Delete),
            delete(task_tickets::delete),
        ),
        route(
            "GET",
            "/api/realm/{realm}/tickets/{ticket}/events",
            Realm(Read),
            get(task_tickets::events),
        ),
        route(
            "POST",
            "/api/realm/{realm}/tickets/{ticket}/commit",
            Realm(Commit),
            post(task_tickets::commit),
        ),
        route(
            "POST",
            "/api/realm/{realm}/tickets/{ticket}/revoke",
            Realm(Manage),
            post(task_tickets::revoke),
        ),
        route(
            "POST",
            "/api/realm/{realm}/tickets/{ticket}/children",
            Realm(Delegate),
            post(task_tickets::attenuate),
        ),
        route("GET", "/api/realm/{realm}/depots", Realm(Manage), get(depots::list)),
        route("POST", "/api/realm/{realm}/depots", Realm(Manage), post(depots::create)),
        route("GET", "/api/realm/{realm}/depots/{depot}", Realm(Manage), get(depots::show)),
        route("PATCH", "/api/realm/{realm}/depots/{depot}", Realm(Manage), patch(depots::update)),
        route("DELETE", "/api/realm/{realm}/depots/{depot}", Realm(Manage), delete(depots::delete)),
        route(
            "POST",
            "/api/realm/{realm}/depots/{depot}/commit",
            Realm(Manage),
            post(depots::commit),
        ),
    ];
    health.into_iter().chain(ready).chain(rest).collect()
}

/// Every route behind its access, in the frame.
pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in all() {
        let authorize =
            middleware::from_fn_with_state((app.clone(), route.guard()), auth::authorize);
        router = router.route(route.path, route.handler.layer(authorize));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn_with_state(app.clone(), cors::cors))
        .layer(middleware::from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}

/// A route that does not exist is not found by those who are let in, and closed to others.
async fn unknown(State(app): State<App>, request: Request) -> Response {
    match auth::admit_anybody(&app, request).await {
        Ok(_) => Problem::not_found().into_response(),
        Err(problem) => problem.into_response(),
    }
}
