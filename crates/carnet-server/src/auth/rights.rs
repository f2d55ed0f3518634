//! What principals may do on each surface, by their role. Source: control plane spec, section 6.

use carnet_gate::{Grant, RightsMap};
use carnet_store::AgentOwner;
use carnet_ticket::realm::RealmId;
use carnet_ticket::rights::{
    Holder, RealmRights, RealmRole, Rights, Roots, RouteScopes, WriteLimits,
};
use carnet_ticket::verify::{Class, Facts, Reason, Verified};

use crate::problem::Problem;
use crate::state::LOCAL_ADMIN;

/// Rights on the control plane of those whose credential carries none: the operator of this machine, and users,
/// whose rights are read by their name.
pub(crate) struct ApiRights;

impl RightsMap for ApiRights {
    fn rights(&self, verified: &Verified, facts: &Facts) -> Result<Rights, Reason> {
        scopes(verified, facts).map(Rights::Routes)
    }
}

/// Rights on the content store: everybody's home realm, as far as a role gives one.
pub(crate) struct RealmRightsMap;

impl RightsMap for RealmRightsMap {
    fn rights(&self, verified: &Verified, facts: &Facts) -> Result<Rights, Reason> {
        // A task ticket carries its rights, unless its realm is closed.
        if verified.class == Class::Realm {
            return Err(Reason::Role);
        }
        let scopes = scopes(verified, facts)?;
        let realm = match verified.class {
            Class::Local | Class::Anonymous => RealmId::local_admin(),
            _ => facts.home.ok_or(Reason::Role)?,
        };
        if RealmRole::of_scopes(&scopes) == RealmRole::Unauthorized {
            return Err(Reason::Role);
        }
        Ok(Rights::Realm(RealmRights {
            realm,
            holder: if is_agent(verified.class) { Holder::Agent } else { Holder::User },
            roots: Roots::All,
            write: Some(WriteLimits::default()),
            delegable: true,
        }))
    }
}

/// What a principal may do by its role.
fn scopes(verified: &Verified, facts: &Facts) -> Result<RouteScopes, Reason> {
    let stored = facts.row.as_ref().and_then(|row| row.rights.as_ref());
    match (verified.class, verified.rights.as_ref().or(stored)) {
        (Class::Local | Class::Anonymous, _) => Ok(RouteScopes::of_role("admin")),
        (_, Some(Rights::Routes(scopes))) => Ok(scopes.clone()),
        _ => Err(Reason::NotAccepted),
    }
}

/// Whether credentials of this class are those of agents.
pub(crate) const fn is_agent(class: Class) -> bool {
    matches!(class, Class::AgentToken | Class::SignedRequest)
}

/// These scopes, unless an administrator set another role: that counts instead.
pub(super) fn as_set(scopes: RouteScopes, set: Option<RealmRole>) -> RouteScopes {
    match set {
        None => scopes,
        Some(role) => {
            RouteScopes { tenant: scopes.tenant, ..RouteScopes::of_role(role.route_role()) }
        }
    }
}

/// The realm that a principal is at home in, unless that is another's and closed.
pub(super) fn home(own: &RealmId, home: RealmId, home_role: Option<RealmRole>) -> Option<RealmId> {
    let is_closed = *own != home && home_role == Some(RealmRole::Unauthorized);
    (!is_closed).then_some(home)
}

/// The realm of a service's own, by its id with or without `key:`.
pub(crate) fn service_realm(id: &str) -> RealmId {
    RealmId::service(id.strip_prefix("key:").unwrap_or(id))
}

/// Who a user or service is, by its grant of the control plane: as whom it owns agents, and where it is at home.
pub(crate) fn owner(grant: &Grant) -> Result<AgentOwner, Problem> {
    let subject = grant.subject().unwrap_or_default();
    let tenant = grant.routes().and_then(|scopes| scopes.tenant.as_deref());
    let own = match grant.class() {
        Class::Local | Class::Anonymous => RealmId::local_admin(),
        Class::Session if subject == LOCAL_ADMIN => RealmId::local_admin(),
        Class::ApiKey | Class::Session => service_realm(subject),
        Class::Jwt => RealmId::dev_user(subject).map_err(|_| grant.deny(Reason::Malformed))?,
        _ => return Err(grant.deny(Reason::Role).into()),
    };
    let is_service =
        matches!(grant.class(), Class::ApiKey | Class::Session) && own != RealmId::local_admin();
    let id = if is_service { subject.to_owned() } else { own.to_string() };
    Ok(AgentOwner { id, own, home: tenant.map_or(own, RealmId::tenant) })
}

/// Who does something, as rows and answers name it: `key:…`, `token:…`, `client:…`, or the user's id.
pub(crate) fn actor(grant: &Grant) -> String {
    match grant.class() {
        Class::Local | Class::Anonymous | Class::Jwt | Class::Session => {
            owner(grant).map(|owner| owner.id).unwrap_or_default()
        }
        Class::Realm => match grant.realm().map(|rights| &rights.holder) {
            Some(Holder::Ticket(_)) => format!("ticket:~{}", grant.fingerprint()),
            _ => String::new(),
        },
        _ => grant.subject().unwrap_or_default().to_owned(),
    }
}
