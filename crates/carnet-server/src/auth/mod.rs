//! Who may call what: from a request to a grant, before any handler runs.

mod access;
mod agents;
mod api_keys;
mod body;
mod credential;
mod replays;
mod rights;
mod seen;
pub(crate) mod session;
mod signed;
mod users;
mod worker;

pub use access::Access;
pub(crate) use access::{
    Caller, Guard, InRealm, address, admit, admit_anybody, authorize, in_realm, unless_guessing,
};
pub(crate) use agents::{AgentFacts, ClientStatusSource, TokenStatusSource};
pub(crate) use api_keys::ApiKeyStatusSource;
pub(crate) use credential::has_credential;
pub(crate) use replays::Replays;
pub(crate) use rights::{ApiRights, RealmRightsMap, actor, is_agent, owner, service_realm};
pub(crate) use seen::{SeenUsers, claim};
pub(crate) use users::{DevUsers, UserStatusSource};
