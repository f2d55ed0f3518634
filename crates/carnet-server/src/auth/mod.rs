//! Who may call what: from a request to a grant, before any handler runs.

mod access;
mod api_keys;
mod body;
mod credential;
mod rights;

pub use access::Access;
pub(crate) use access::{Caller, Guard, InRealm, admit, authorize, in_realm};
pub(crate) use api_keys::ApiKeyStatusSource;
pub(crate) use rights::{ApiRights, RealmRightsMap, actor, home_realm};
