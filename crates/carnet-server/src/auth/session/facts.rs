//! What the gate is told about sessions: never more than their subject may do now.

use carnet_gate::{Gate, StatusSource};
use carnet_store::{SessionRow, Store, StoreError};
use carnet_ticket::realm::{RealmId, owner_content_id};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::session::SessionSecret;
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{Facts, Limits, Presented, Proof, Reason, Row, RowEnd};
use futures::future::BoxFuture;

use super::super::api_keys::ApiKeyStatusSource;
use crate::state::LOCAL_ADMIN;

/// Reads the rows of sessions, and what those who signed in may do.
pub(crate) struct SessionStatusSource {
    store: Store,
    gate: Gate,
    keys: ApiKeyStatusSource,
}

impl SessionStatusSource {
    pub(crate) fn new(store: Store, gate: Gate, keys: ApiKeyStatusSource) -> Self {
        Self { store, gate, keys }
    }

    async fn read(&self, secret: &SessionSecret) -> Result<Facts, StoreError> {
        let epoch = self.gate.epoch();
        let Some(session) = self.store.session(secret.digest()).await? else {
            return Ok(Facts::none());
        };
        let subject = self.subject(&session).await?;
        // The end of a session, or of the key that opened it, whichever comes first.
        let own_end = session.expires_at.min(session.idle_at);
        let end = match subject.row.as_ref().map(|row| row.expires) {
            Some(Expiration::At(end)) => end.min(own_end),
            _ => own_end,
        };
        let row = Row {
            content_id: session.digest.content_id(),
            subject: session.subject,
            proof: Proof::None,
            issued_at: session.created_at,
            expires: Expiration::At(end),
            ended: subject.row.is_none().then_some(RowEnd::Issuer),
            rights: subject.row.and_then(|row| row.rights),
            limits: Limits::none(),
        };
        let ancestors = session.rests_on.into_iter().chain(subject.ancestors).collect();
        Ok(Facts { epoch, row: Some(row), ancestors, home: subject.home })
    }

    /// What is known of whoever signed in; no row when that is nobody any more.
    async fn subject(&self, session: &SessionRow) -> Result<Facts, StoreError> {
        let mut facts = if session.subject == LOCAL_ADMIN {
            local_admin(session)
        } else {
            self.keys.of_service(&session.subject).await?
        };
        // A service whose key is another now has sessions of its own.
        facts.row = facts.row.filter(|row| match session.rests_on {
            Some(key) => row.content_id == key,
            None => session.subject == LOCAL_ADMIN,
        });
        Ok(facts)
    }
}

impl StatusSource for SessionStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            let secret = SessionSecret::parse(text).ok_or(Reason::Malformed)?;
            self.read(&secret).await.map_err(|error| {
                tracing::error!(%error, "a session's row could not be read");
                Reason::StatusUnavailable
            })
        })
    }
}

/// The operator of this machine, who needs no key.
fn local_admin(session: &SessionRow) -> Facts {
    let own = RealmId::local_admin();
    let row = Row {
        content_id: session.digest.content_id(),
        subject: LOCAL_ADMIN.to_owned(),
        proof: Proof::None,
        issued_at: session.created_at,
        expires: Expiration::Never,
        ended: None,
        rights: Some(Rights::Routes(RouteScopes::of_role("admin"))),
        limits: Limits::none(),
    };
    Facts { row: Some(row), ancestors: vec![owner_content_id(&own)], home: Some(own), epoch: 0 }
}
