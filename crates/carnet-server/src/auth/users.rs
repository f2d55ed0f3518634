//! Development users: whoever has the one secret signs in as anybody. Source: realm spec, section 11.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use carnet_config::keys::Auth;
use carnet_gate::{Gate, StatusSource};
use carnet_store::Store;
use carnet_ticket::id;
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::jwt::{self, Jwt, KeyRing};
use carnet_ticket::realm::{RealmId, owner_content_id};
use carnet_ticket::rights::{RealmRole, Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Facts, Limits, Presented, Proof, Reason, Row};
use futures::future::BoxFuture;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::rights::as_set;

/// What every token of a development user derives from: it ends when the secret changes.
const DEV_USERS: UniqueId = id!("carnet.principal.dev-users");

/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(30);

/// Who may sign in as a development user, and which of them are administrators.
pub(crate) struct DevUsers {
    ring: KeyRing,
    known: ArcSwap<Known>,
}

/// What the configuration says of them.
#[derive(Default, PartialEq, Eq)]
struct Known {
    key: Option<KeyId>,
    admins: HashSet<RealmId>,
}

impl DevUsers {
    /// Those of the configuration.
    pub(crate) fn new(auth: &Auth) -> Self {
        let users = Self { ring: KeyRing::named("dev-users"), known: ArcSwap::default() };
        users.swap(auth);
        users
    }

    /// Judges their tokens: any issuer, any audience, any subject, with an end or without.
    pub(crate) fn verifier(&self) -> Jwt {
        Jwt::with_ring(self.ring.clone()).any_subject().allow_non_expiring().leeway(LEEWAY)
    }

    /// Whether there are any.
    pub(crate) fn is_on(&self) -> bool {
        self.known.load().key.is_some()
    }

    /// Those that are administrators unless something else was set for them.
    pub(crate) fn admins(&self) -> Vec<RealmId> {
        self.known.load().admins.iter().copied().collect()
    }

    /// The role of a user for whom none was set.
    pub(crate) fn role(&self, user: &RealmId) -> RealmRole {
        if self.known.load().admins.contains(user) {
            RealmRole::Admin
        } else {
            RealmRole::Unauthorized
        }
    }

    /// Knows those of `auth` from now on. Gives the content ids of what rests on what is no more so.
    pub(crate) fn swap(&self, auth: &Auth) -> Vec<UniqueId> {
        let secret = auth.dev_jwt_secret.as_ref();
        let admins = auth.dev_admin_subs.iter().filter_map(|sub| RealmId::dev_user(sub).ok());
        let known = Arc::new(Known {
            key: secret.map(|secret| KeyId::of(secret.expose_secret().as_bytes())),
            // Without a secret there are no such users.
            admins: if secret.is_some() { admins.collect() } else { HashSet::new() },
        });
        let before = self.known.swap(Arc::clone(&known));
        let is_other_key = before.key != known.key;
        if is_other_key {
            let key = secret.and_then(mac).map(Into::into);
            // One key is never too many.
            let _ = self.ring.replace(key.into_iter().collect());
        }
        let changed = before.admins.symmetric_difference(&known.admins).map(owner_content_id);
        changed.chain(is_other_key.then_some(DEV_USERS)).collect()
    }
}

/// A secret of any length as what verifies.
fn mac(secret: &SecretString) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret.expose_secret().as_bytes()).ok()
}

/// Reads what was set for development users, by the subject that their token claims: it counts once the gate has
/// found the token good.
pub(crate) struct UserStatusSource {
    store: Store,
    gate: Gate,
    users: Arc<DevUsers>,
}

impl UserStatusSource {
    pub(crate) fn new(store: Store, gate: Gate, users: Arc<DevUsers>) -> Self {
        Self { store, gate, users }
    }
}

impl StatusSource for UserStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            let claims = jwt::inspect(text).map_err(Reason::Jwt)?;
            let subject = claims.claims().get("sub").and_then(|subject| subject.as_str());
            let user = subject.and_then(|subject| RealmId::dev_user(subject).ok());
            let user = user.ok_or(Reason::Malformed)?;
            let epoch = self.gate.epoch();
            let set = self.store.set_role(&user).await.map_err(|error| {
                tracing::error!(%error, "a user's row could not be read");
                Reason::StatusUnavailable
            })?;
            let scopes = RouteScopes::of_role(self.users.role(&user).route_role());
            let row = Row {
                content_id: jwt::content_id(text),
                subject: user.to_string(),
                proof: Proof::None,
                issued_at: Timestamp(0),
                expires: Expiration::Never,
                ended: None,
                rights: Some(Rights::Routes(as_set(scopes, set))),
                limits: Limits::none(),
            };
            let ancestors = vec![owner_content_id(&user), DEV_USERS];
            Ok(Facts { epoch, row: Some(row), ancestors, home: Some(user) })
        })
    }
}
