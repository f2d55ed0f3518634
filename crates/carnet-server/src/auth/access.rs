//! [`Access`]: what a route asks of its caller, judged before its handler runs.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use carnet_gate::Grant;
use carnet_ticket::realm::{RealmId, RealmPath};
use carnet_ticket::rights::{RealmNeed, RealmRights, RealmRole};
use carnet_ticket::verify::{Class, Presented, Reason, Surface};
use http::StatusCode;
use http::request::Parts;

use super::body::WhileLive;
use super::credential::{self, Offer};
use super::rights::is_agent;
use super::signed::{self, Signed};
use super::{actor, seen, session, worker};
use crate::address::ClientAddress;
use crate::frame;
use crate::problem::Problem;
use crate::rate::Limit;
use crate::serve::Peer;
use crate::state::App;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: credentials are not looked at.
    Public,
    /// Any principal of the control plane.
    Anybody,
    /// A scope of the control plane.
    Scope(&'static str),
    /// A scope of the control plane, for agents too: what may upload an input may follow what becomes of it.
    Task(&'static str),
    /// As [`Self::Task`], to submit one; and the realm that the caller is at home in.
    Submit,
    /// A worker's token with this scope, and nothing else.
    Worker(&'static str),
    /// The revocation feed: any token of a worker, or this scope.
    Feed(&'static str),
    /// Minting worker tokens: for an admin, or an issuer for the workers that the handler asks about.
    Mint,
    /// Nothing when metrics are public, else this scope.
    Metrics(&'static str),
    /// A user or service of the content store with at least this role.
    RealmUser(RealmRole),
    /// Something of the realm that the path names, or the caller's own where it names none.
    Realm(RealmNeed),
}

/// The caller of a route, admitted.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Grant);

/// The caller of a realm route, and the realm it names.
#[derive(Debug, Clone)]
pub(crate) struct InRealm {
    pub(crate) grant: Grant,
    pub(crate) realm: RealmId,
    /// The realm as the caller spelt it; `self` as what it is.
    pub(crate) echo: String,
}

impl InRealm {
    /// The caller's rights. A grant of the realm surface has no others.
    pub(crate) fn rights(&self) -> Result<&RealmRights, Problem> {
        self.grant.realm().ok_or_else(|| self.grant.deny(Reason::NotAccepted).into())
    }
}

/// What stands before a route's handler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) access: Access,
    pub(crate) limits: [Option<Limit>; 2],
}

/// Judges a request by its route's access, then by its limits, and hands the grant to the handler.
pub(crate) async fn authorize(
    State((app, guard)): State<(App, Guard)>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match judge(&app, guard, params.as_ref().ok(), &mut parts, body).await {
        Ok(body) => {
            let caller = caller(&parts);
            let body = match &caller {
                Some(grant) => WhileLive::wrap(body, grant),
                None => body,
            };
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(grant) = caller {
                // The frame writes down who it was.
                response.extensions_mut().insert(Caller(grant));
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Gives back the body, which is read first when it is signed.
async fn judge(
    app: &App,
    guard: Guard,
    params: Option<&RawPathParams>,
    parts: &mut Parts,
    mut body: Body,
) -> Result<Body, Problem> {
    if frame::is_ui_tree(parts.uri.path()) && !app.config().ui.enabled {
        return Err(Problem::not_found());
    }
    if guard.access != Access::Public {
        body = read_signed(app, parts, body).await?;
    }
    identify(app, guard.access, params, parts).await?;
    if let Some(grant) = caller(parts) {
        body = session::refuse_forged(app, parts, body, &grant).await?;
    }
    for limit in guard.limits.into_iter().flatten() {
        count(app, limit, params, parts)?;
    }
    Ok(body)
}

/// Whoever was let in.
fn caller(parts: &Parts) -> Option<Grant> {
    let caller = parts.extensions.get().map(|Caller(grant): &Caller| grant.clone());
    caller.or_else(|| parts.extensions.get().map(|caller: &InRealm| caller.grant.clone()))
}

/// Counts a request that is let in against a limit of its route.
fn count(
    app: &App,
    limit: Limit,
    params: Option<&RawPathParams>,
    parts: &Parts,
) -> Result<(), Problem> {
    let in_realm = parts.extensions.get::<InRealm>();
    let grant = caller(parts);
    let grant = grant.as_ref();
    let key = match limit {
        Limit::Failures | Limit::FleetFailures | Limit::ClientInit => address(parts),
        Limit::ClientPoll => params.and_then(|params| Some(params.iter().next()?.1.to_owned())),
        Limit::Upload => in_realm.map(|in_realm| in_realm.realm.to_string()),
        Limit::User | Limit::Admin | Limit::Renewals => grant.map(who),
        Limit::Mcp => grant.map(|grant| grant.content_id().to_string()),
    };
    let Some(key) = key else { return Ok(()) };
    app.limiters().take(limit, &key).map_err(|mut problem| {
        problem.denied = grant.map(|grant| grant.deny(Reason::Rate).into());
        problem
    })
}

/// Whose requests count together: a principal's, and those of one task ticket.
fn who(grant: &Grant) -> String {
    match grant.class() {
        Class::Realm => grant.content_id().to_string(),
        _ => actor(grant),
    }
}

/// Where a request comes from; nothing over the local socket.
pub(crate) fn address(parts: &Parts) -> Option<String> {
    let ClientAddress(address) = parts.extensions.get().copied()?;
    let address = address?.to_canonical();
    Some(match address {
        IpAddr::V4(address) => address.to_string(),
        // A host has a whole network of them.
        IpAddr::V6(address) => format!("{:x}/64", address.to_bits() >> 64),
    })
}

async fn identify(
    app: &App,
    access: Access,
    params: Option<&RawPathParams>,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let scopes: &[&str] = match access {
        Access::Public => return Ok(()),
        Access::Metrics(_) if app.config().metrics.public => return Ok(()),
        Access::Submit => &["api:*"],
        Access::Worker(scope) => {
            let address = address(parts);
            return unless_guessing(app, address, worker::admit(app, Some(scope), parts)).await;
        }
        Access::Feed(_) if worker::is_worker(&parts.headers) => {
            let address = address(parts);
            return unless_guessing(app, address, worker::admit(app, None, parts)).await;
        }
        Access::Metrics(ref scope)
        | Access::Scope(ref scope)
        | Access::Feed(ref scope)
        | Access::Task(ref scope) => std::slice::from_ref(scope),
        Access::Mint => &["admin:*", "worker:mint"],
        Access::Anybody => &[],
        Access::RealmUser(role) => {
            let grant = realm_user(app, role, parts).await?;
            parts.extensions.insert(Caller(grant));
            return Ok(());
        }
        Access::Realm(need) => {
            let in_realm = realm(app, need, params, parts).await?;
            parts.extensions.insert(in_realm);
            return Ok(());
        }
    };
    let grant = admit(app, parts, Surface::Api).await?;
    let is_for_agents = matches!(access, Access::Anybody | Access::Task(_) | Access::Submit);
    if is_agent(grant.class()) && !is_for_agents {
        return Err(grant.deny(Reason::Role).into());
    }
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    let holds_one = scopes.iter().any(|scope| rights.permits(scope).is_ok());
    if !(scopes.is_empty() || holds_one) {
        return Err(grant.deny(Reason::Role).into());
    }
    parts.extensions.insert(Caller(grant));
    if access == Access::Submit {
        // It was counted, and what it may present once was taken, when it was admitted above.
        let grant = app.lookup().admit(&presented(app, parts)?, Surface::Realm).await?;
        let in_realm = in_realm(app, let_into_store(app, grant)?, "self")?;
        parts.extensions.insert(in_realm);
    }
    Ok(())
}

/// A user or service. Task tickets and agents are known here, and nobody's user.
async fn realm_user(app: &App, role: RealmRole, parts: &Parts) -> Result<Grant, Problem> {
    if credential::is_ticket(&parts.headers) {
        return Err(admit_to_store(app, parts, Surface::Realm).await?.deny(Reason::Role).into());
    }
    let grant = admit_to_store(app, parts, Surface::Api).await?;
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    if is_agent(grant.class()) || RealmRole::of_scopes(rights) < role {
        return Err(grant.deny(Reason::Role).into());
    }
    Ok(grant)
}

/// Credential, then route, then realm.
async fn realm(
    app: &App,
    need: RealmNeed,
    params: Option<&RawPathParams>,
    parts: &Parts,
) -> Result<InRealm, Problem> {
    let grant = admit_to_store(app, parts, Surface::Realm).await?;
    let rights = grant.realm().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    rights.permits(need).map_err(|reason| grant.deny(reason))?;
    // A path that is no text was not read.
    let params = params.ok_or_else(|| Problem::invalid("Malformed", "path"))?;
    let named = params.iter().find(|(name, _)| *name == "realm");
    in_realm(app, grant, named.map_or("self", |(_, segment)| segment))
}

/// The holder of `grant` in the realm that it names, which has to be its own.
pub(crate) fn in_realm(app: &App, grant: Grant, named: &str) -> Result<InRealm, Problem> {
    let rights = grant.realm().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    let (realm, echo) = match RealmPath::parse(named, app.users().is_on()) {
        Ok(RealmPath::Home) => (rights.realm, rights.realm.to_string()),
        Ok(RealmPath::Realm(realm)) if realm == rights.realm => (realm, named.to_owned()),
        // Another realm is as closed as one that does not exist.
        Ok(RealmPath::Realm(_)) | Err(_) => return Err(grant.deny(Reason::Scope).into()),
    };
    Ok(InRealm { grant, realm, echo })
}

/// Admits what a request to the content store presents.
async fn admit_to_store(app: &App, parts: &Parts, surface: Surface) -> Result<Grant, Problem> {
    let_into_store(app, admit(app, parts, surface).await?)
}

/// Whoever was admitted, unless it signed in with a token and that is turned off for the content store.
fn let_into_store(app: &App, grant: Grant) -> Result<Grant, Problem> {
    if grant.class() == Class::Jwt && !app.config().realm.jwt_auth {
        return Err(grant.deny(Reason::NotAccepted).into());
    }
    Ok(grant)
}

/// Reads the body of a signed request, unless too much that is bad came from its address.
async fn read_signed(app: &App, parts: &mut Parts, body: Body) -> Result<Body, Problem> {
    if !signed::is_signed(&parts.headers) {
        return Ok(body);
    }
    let address = address(parts);
    unless_guessing(app, address, signed::read(app, parts, body)).await
}

/// Admits what a request presents, unless too much that is bad came from its address.
pub(crate) async fn admit(app: &App, parts: &Parts, surface: Surface) -> Result<Grant, Problem> {
    unless_guessing(app, address(parts), admit_unlimited(app, parts, surface)).await
}

/// As [`admit`], of a request whose body was not read yet. A route that does not exist asks for this much too.
pub(crate) async fn admit_anybody(app: &App, request: Request) -> Result<Grant, Problem> {
    let (mut parts, body) = request.into_parts();
    drop(read_signed(app, &mut parts, body).await?);
    admit(app, &parts, Surface::Api).await
}

/// What judging a credential gives, unless too much that is bad came from `address`.
pub(crate) async fn unless_guessing<T>(
    app: &App,
    address: Option<String>,
    judged: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Some(address) = address else { return judged.await };
    app.limiters().look(Limit::Failures, &address)?;
    let judged = judged.await;
    if judged.as_ref().is_err_and(is_guess) {
        // Refused is the next one.
        let _ = app.limiters().take(Limit::Failures, &address);
    }
    judged
}

/// Whether something was presented that never was good here. A ticket that has ended was; so was a session that is
/// unknown, since nobody guesses 32 random bytes.
fn is_guess(problem: &Problem) -> bool {
    let class = problem.denied.as_ref().map(|denied| denied.class);
    matches!(problem.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND)
        && class.is_some_and(|class| class != Some(Class::Session))
}

/// What a request presents.
fn presented<'a>(app: &App, parts: &'a Parts) -> Result<Presented<'a>, Problem> {
    let peer = parts.extensions.get::<Peer>().copied();
    let signed = parts.extensions.get::<Signed>();
    let offer = match signed {
        Some(signed) => Offer::Credential(signed.presented()),
        None => peer
            .map_or(Offer::Nothing, |peer| credential::offer(&parts.headers, peer, &app.config())),
    };
    match offer {
        Offer::Credential(presented) => Ok(presented),
        Offer::Nothing if !app.config().auth.enabled => Ok(Presented::anonymous()),
        Offer::Nothing | Offer::Unreadable => Err(Problem::unauthorized()),
    }
}

async fn admit_unlimited(app: &App, parts: &Parts, surface: Surface) -> Result<Grant, Problem> {
    let signed = parts.extensions.get::<Signed>();
    let presented = presented(app, parts)?;
    let grant = app.lookup().admit(&presented, surface).await?;
    let is_admin_key = grant.class() == Class::ApiKey && grant.subject() == Some("key:admin");
    if is_admin_key && !credential::is_admin_header(&parts.headers) {
        return Err(grant.deny(Reason::Unknown).into());
    }
    if let Some(signed) = signed {
        signed::take(app, signed, &grant)?;
    }
    match grant.class() {
        Class::Jwt => seen::remember(app, &grant).await,
        Class::Session => session::used(app, &grant, parts).await,
        _ => {}
    }
    Ok(grant)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem::unauthorized())
    }
}

impl<S: Sync> FromRequestParts<S> for InRealm {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem::unauthorized())
    }
}
