//! `/api/admin/users`: roles and quotas of the owners of realms.

mod list;
mod update;

pub(in crate::routes) use list::list;
pub(in crate::routes) use update::update;

use carnet_store::{OwnerKind, UserRow};
use carnet_ticket::realm::RealmId;
use carnet_ticket::rights::RealmRole;

use crate::auth::service_realm;
use crate::state::App;

/// The role that counts for an owner, as far as that does not depend on what it presents.
fn role(app: &App, user: &UserRow) -> RealmRole {
    user.role.unwrap_or_else(|| match user.kind {
        OwnerKind::User if user.realm == RealmId::local_admin() => RealmRole::Admin,
        OwnerKind::User => app.users().role(&user.realm),
        // A service has what its key has, a tenant is what its services are.
        OwnerKind::Service | OwnerKind::Tenant => RealmRole::Authorized,
    })
}

/// The most bytes of an owner's realm; 0 for no limit.
fn quota(app: &App, user: &UserRow) -> u64 {
    user.quota_limit.or(app.realms().options().quota).unwrap_or(0)
}

/// An owner as a path names it: by its id, or a development user by its subject, with and without `user:`.
fn owner_in_path(app: &App, text: &str) -> Option<(RealmId, OwnerKind, String)> {
    if text.starts_with("key:") {
        return Some((service_realm(text), OwnerKind::Service, text.to_owned()));
    }
    if let Some(tenant) = text.strip_prefix("tenant:") {
        return Some((RealmId::tenant(tenant), OwnerKind::Tenant, text.to_owned()));
    }
    let bare = text.strip_prefix("user:").unwrap_or(text);
    let by_id = format!("user:{bare}").parse().ok();
    let by_subject = || app.users().is_on().then(|| RealmId::dev_user(bare).ok()).flatten();
    let realm: RealmId = by_id.or_else(by_subject)?;
    Some((realm, OwnerKind::User, realm.to_string()))
}
