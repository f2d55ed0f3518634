//! What the gate is told about API keys.

use std::sync::Arc;

use carnet_gate::{Gate, StatusSource};
use carnet_store::{ApiKeyRow, Store, StoreError};
use carnet_ticket::api_key::{self, ApiKeyId, ApiKeys, ConfiguredKey};
use carnet_ticket::realm::{RealmId, owner_content_id};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Facts, Limits, Presented, Proof, Reason, Row};
use futures::future::BoxFuture;

use super::rights::{as_set, home, service_realm};

/// Reads the rows of stored API keys, and what was set for services, those of the configuration too.
#[derive(Clone)]
pub(crate) struct ApiKeyStatusSource {
    store: Store,
    gate: Gate,
    api_keys: Arc<ApiKeys>,
}

impl ApiKeyStatusSource {
    pub(crate) fn new(store: Store, gate: Gate, api_keys: Arc<ApiKeys>) -> Self {
        Self { store, gate, api_keys }
    }

    async fn read(&self, text: &str) -> Result<Facts, StoreError> {
        let epoch = self.gate.epoch();
        let key = match ApiKeyId::of_text(text) {
            Some(id) => self.store.api_key(id).await?.map(row_of),
            None => self.api_keys.configured(text).map(|key| row_of_configured(&key)),
        };
        match key {
            Some(key) => self.facts(key, epoch).await,
            None => Ok(Facts::none()),
        }
    }

    /// What is known of a service that has a key, by its id.
    pub(super) async fn of_service(&self, id: &str) -> Result<Facts, StoreError> {
        let epoch = self.gate.epoch();
        let key = match ApiKeyId::parse(id) {
            Ok(id) => self.store.api_key(id).await?.map(row_of),
            Err(_) => self.api_keys.of_service(id).map(|key| row_of_configured(&key)),
        };
        match key {
            Some(key) => self.facts(key, epoch).await,
            None => Ok(Facts::none()),
        }
    }

    async fn facts(&self, key: (RouteScopes, Row), epoch: u64) -> Result<Facts, StoreError> {
        let (scopes, row) = key;
        let own = service_realm(&row.subject);
        let at_home = scopes.tenant.as_deref().map_or(own, RealmId::tenant);
        let set = self.store.set_role(&own).await?;
        let home_role = if at_home == own { set } else { self.store.set_role(&at_home).await? };
        let row = Row { rights: Some(Rights::Routes(as_set(scopes, set))), ..row };
        let ancestors = vec![owner_content_id(&own), owner_content_id(&at_home)];
        Ok(Facts { epoch, row: Some(row), ancestors, home: home(&own, at_home, home_role) })
    }
}

impl StatusSource for ApiKeyStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            if text.len() > api_key::LEN_MAX {
                return Err(Reason::TooLarge);
            }
            self.read(text).await.map_err(|error| {
                tracing::error!(%error, "an API key's row could not be read");
                Reason::StatusUnavailable
            })
        })
    }
}

/// A stored key: what it may do, and its row.
fn row_of(key: ApiKeyRow) -> (RouteScopes, Row) {
    let id = key.id.to_string();
    let scopes = RouteScopes {
        tenant: key.tenant_id,
        mint_for: key.subjects,
        ..RouteScopes::of_role(&key.role)
    };
    let row = Row {
        content_id: api_key::content_id(&id),
        subject: id,
        proof: Proof::Digest(key.hash),
        issued_at: key.created_at,
        expires: key.expires_at.map_or(Expiration::Never, Expiration::At),
        ended: None,
        rights: None,
        limits: Limits::none(),
    };
    (scopes, row)
}

/// A key of the configuration, which was found by its text.
fn row_of_configured(key: &ConfiguredKey) -> (RouteScopes, Row) {
    let row = Row {
        content_id: key.content_id(),
        subject: key.service.to_owned(),
        proof: Proof::None,
        issued_at: Timestamp(0),
        expires: Expiration::Never,
        ended: None,
        rights: None,
        limits: Limits::none(),
    };
    (RouteScopes::of_role(key.role), row)
}
