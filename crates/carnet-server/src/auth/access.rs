//! [`Access`]: what a route asks of its caller, judged before its handler runs.

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use carnet_gate::Grant;
use carnet_ticket::realm::{RealmId, RealmPath};
use carnet_ticket::rights::{RealmNeed, RealmRights};
use carnet_ticket::verify::{Class, Presented, Reason, Surface};
use http::request::Parts;

use super::credential::{self, Offer};
use crate::problem::Problem;
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
    /// Minting worker tokens: for an admin, or an issuer for the workers that the handler asks about.
    Mint,
    /// Nothing when metrics are public, else this scope.
    Metrics(&'static str),
    /// A user or service of the content store, whatever its role.
    RealmUser,
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

/// Judges a request by its route's access, and hands the grant to the handler.
pub(crate) async fn authorize(
    State((app, access)): State<(App, Access)>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match judge(&app, access, &params, &mut parts).await {
        Ok(()) => {
            let caller = parts.extensions.get::<Caller>().cloned();
            let in_realm =
                || parts.extensions.get().map(|caller: &InRealm| Caller(caller.grant.clone()));
            let caller = caller.or_else(in_realm);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(caller) = caller {
                // The frame writes down who it was.
                response.extensions_mut().insert(caller);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn judge(
    app: &App,
    access: Access,
    params: &RawPathParams,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let scopes: &[&str] = match access {
        Access::Public => return Ok(()),
        Access::Metrics(_) if app.config().metrics.public => return Ok(()),
        Access::Metrics(ref scope) | Access::Scope(ref scope) => std::slice::from_ref(scope),
        Access::Mint => &["admin:*", "worker:mint"],
        Access::Anybody => &[],
        Access::RealmUser => {
            // A task ticket is known here, and nobody's user.
            if credential::is_ticket(&parts.headers) {
                return Err(admit(app, parts, Surface::Realm).await?.deny(Reason::Role).into());
            }
            let grant = admit(app, parts, Surface::Api).await?;
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
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    let holds_one = scopes.iter().any(|scope| rights.permits(scope).is_ok());
    if !(scopes.is_empty() || holds_one) {
        return Err(grant.deny(Reason::Role).into());
    }
    parts.extensions.insert(Caller(grant));
    Ok(())
}

/// Credential, then route, then realm.
async fn realm(
    app: &App,
    need: RealmNeed,
    params: &RawPathParams,
    parts: &Parts,
) -> Result<InRealm, Problem> {
    let grant = admit(app, parts, Surface::Realm).await?;
    let rights = grant.realm().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    rights.permits(need).map_err(|reason| grant.deny(reason))?;
    let named = params.iter().find(|(name, _)| *name == "realm");
    in_realm(grant, named.map_or("self", |(_, segment)| segment))
}

/// The holder of `grant` in the realm that it names, which has to be its own.
pub(crate) fn in_realm(grant: Grant, named: &str) -> Result<InRealm, Problem> {
    let rights = grant.realm().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    let (realm, echo) = match RealmPath::parse(named, false) {
        Ok(RealmPath::Home) => (rights.realm, rights.realm.to_string()),
        Ok(RealmPath::Realm(realm)) if realm == rights.realm => (realm, named.to_owned()),
        // Another realm is as closed as one that does not exist.
        Ok(RealmPath::Realm(_)) | Err(_) => return Err(grant.deny(Reason::Scope).into()),
    };
    Ok(InRealm { grant, realm, echo })
}

/// Admits what a request presents. A route that does not exist asks for this much too.
pub(crate) async fn admit(app: &App, parts: &Parts, surface: Surface) -> Result<Grant, Problem> {
    let peer = parts.extensions.get::<Peer>().copied();
    let offer = peer.map_or(Offer::Nothing, |peer| credential::offer(&parts.headers, peer));
    let presented = match offer {
        Offer::Credential(presented) => presented,
        Offer::Nothing if !app.config().auth.enabled => Presented::anonymous(),
        Offer::Nothing | Offer::Unreadable => return Err(Problem::unauthorized()),
    };
    let grant = app.lookup().admit(&presented, surface).await?;
    let is_admin_key = grant.class() == Class::ApiKey && grant.subject() == Some("key:admin");
    if is_admin_key && !credential::is_admin_header(&parts.headers) {
        return Err(grant.deny(Reason::Unknown).into());
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
