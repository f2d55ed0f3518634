//! [`RealmRole`]: what an owner of a realm may do at all.

use super::RouteScopes;

/// The role of a realm's owner (control plane spec, section 6). Ordered: more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RealmRole {
    /// Known, and let in nowhere.
    Unauthorized,
    /// Its realm is its own.
    Authorized,
    /// It also sets the roles of others.
    Admin,
}

impl RealmRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Unauthorized, Self::Authorized, Self::Admin];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Authorized => "authorized",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The role that these scopes make: whoever reads anything has a realm.
    pub fn of_scopes(scopes: &RouteScopes) -> Self {
        match () {
            () if scopes.scopes.contains(&"admin:*") => Self::Admin,
            () if scopes.scopes.contains(&"read:*") => Self::Authorized,
            () => Self::Unauthorized,
        }
    }

    /// The role on the control plane that it stands for, when an administrator sets it.
    pub const fn route_role(self) -> &'static str {
        match self {
            Self::Unauthorized => "",
            Self::Authorized => "api",
            Self::Admin => "admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: R-47
    #[test]
    fn realm_roles_derive_from_the_roles_of_the_control_plane() {
        let of = |role: &str| RealmRole::of_scopes(&RouteScopes::of_role(role));
        for role in ["", "issuer", "worker", "unknown"] {
            assert_eq!(of(role), RealmRole::Unauthorized, "{role}");
        }
        for role in ["viewer", "api", "operator", "tenant_admin"] {
            assert_eq!(of(role), RealmRole::Authorized, "{role}");
        }
        assert_eq!(of("admin"), RealmRole::Admin);
        for role in RealmRole::ALL {
            assert_eq!(of(role.route_role()), role);
            assert_eq!(RealmRole::from_name(role.as_str()), Some(role));
        }
    }
}
