//! What principals may do on each surface, by their role. Source: control plane spec, section 6.

use carnet_gate::{Grant, RightsMap};
use carnet_ticket::realm::RealmId;
use carnet_ticket::rights::{Holder, RealmRights, Rights, Roots, RouteScopes, WriteLimits};
use carnet_ticket::verify::{Class, Facts, Reason, Verified};

/// Rights on the control plane of those whose credential carries none: the operator of this machine.
pub(crate) struct ApiRights;

impl RightsMap for ApiRights {
    fn rights(&self, verified: &Verified, _: &Facts) -> Result<Rights, Reason> {
        match verified.class {
            Class::Local | Class::Anonymous => Ok(Rights::Routes(RouteScopes::of_role("admin"))),
            _ => Err(Reason::NotAccepted),
        }
    }
}

/// Rights on the content store: everybody's home realm, as far as a role gives one.
pub(crate) struct RealmRightsMap;

impl RightsMap for RealmRightsMap {
    fn rights(&self, verified: &Verified, _: &Facts) -> Result<Rights, Reason> {
        let local = RouteScopes::of_role("admin");
        let scopes = match (verified.class, &verified.rights) {
            (Class::Local | Class::Anonymous, _) => &local,
            // A role that reads nothing has no realm.
            (Class::ApiKey, Some(Rights::Routes(scopes))) if scopes.scopes.contains(&"read:*") => {
                scopes
            }
            (Class::ApiKey, Some(Rights::Routes(_))) => return Err(Reason::Role),
            _ => return Err(Reason::NotAccepted),
        };
        let realm =
            home_realm(verified.class, scopes, verified.subject.as_deref().unwrap_or_default());
        let write = Some(WriteLimits::default());
        Ok(Rights::Realm(RealmRights {
            realm,
            holder: Holder::User,
            roots: Roots::All,
            write,
            delegable: true,
        }))
    }
}

/// The home realm of a principal: a service's tenant's, else its own; the local operator's.
pub(crate) fn home_realm(class: Class, scopes: &RouteScopes, subject: &str) -> RealmId {
    match (class, &scopes.tenant) {
        (Class::ApiKey, Some(tenant)) => RealmId::tenant(tenant),
        (Class::ApiKey, None) => RealmId::service(subject.trim_start_matches("key:")),
        _ => RealmId::local_admin(),
    }
}

/// Who does something, as rows and answers name it: `key:…`, or the user's id.
pub(crate) fn actor(grant: &Grant) -> String {
    match grant.class() {
        Class::Local | Class::Anonymous => RealmId::local_admin().to_string(),
        Class::Realm => match grant.realm().map(|rights| &rights.holder) {
            Some(Holder::Ticket(_)) => format!("ticket:~{}", grant.fingerprint()),
            _ => String::new(),
        },
        _ => grant.subject().unwrap_or_default().to_owned(),
    }
}
