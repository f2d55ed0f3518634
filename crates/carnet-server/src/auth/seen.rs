//! [`SeenUsers`]: who has signed in, so that an administrator finds them.

use carnet_gate::Grant;
use carnet_ticket::id::UniqueId;
use moka::sync::Cache;

use super::owner;
use crate::state::App;

/// How many users' last sign-ins are remembered, so that they are not written again.
const REMEMBERED_MAX: u64 = 10_000;

/// The longest name or address that is kept.
const TEXT_LEN_MAX: usize = 320;

/// Users that this process has written down, as their sign-ins say.
pub(crate) struct SeenUsers(Cache<UniqueId, ()>);

impl Default for SeenUsers {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_MAX))
    }
}

/// Writes down who has signed in, the first time and when its sign-in says something else. That this fails is no
/// reason to let nobody in.
pub(super) async fn remember(app: &App, grant: &Grant) {
    let Ok(user) = owner(grant) else { return };
    let (email, name) = (claim(grant, "email"), claim(grant, "name"));
    // What is shown has no control characters, so no two sign-ins are the same text.
    let said = UniqueId::hash(format!("{}\0{email:?}\0{name:?}", user.id).as_bytes());
    let seen = &app.seen_users().0;
    if seen.contains_key(&said) {
        return;
    }
    match app.store().see_user(user.own, email, name, app.clock().now()).await {
        Ok(()) => seen.insert(said, ()),
        Err(error) => tracing::error!(%error, "a user that signed in was not written down"),
    }
}

/// What a sign-in says of a user, when it can be shown.
pub(crate) fn claim(grant: &Grant, name: &str) -> Option<String> {
    let text = grant.claim(name)?;
    let is_shown = (1..=TEXT_LEN_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    is_shown.then(|| text.to_owned())
}
