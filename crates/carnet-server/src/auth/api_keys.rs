//! What the gate is told about stored API keys.

use carnet_gate::{Gate, StatusSource};
use carnet_store::{ApiKeyRow, Store};
use carnet_ticket::api_key::{self, ApiKeyId};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{Facts, Limits, Presented, Proof, Reason, Row};
use futures::future::BoxFuture;

/// Reads the rows of stored API keys. Keys of the configuration have none.
pub(crate) struct ApiKeyStatusSource {
    store: Store,
    gate: Gate,
}

impl ApiKeyStatusSource {
    pub(crate) fn new(store: Store, gate: Gate) -> Self {
        Self { store, gate }
    }
}

impl StatusSource for ApiKeyStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let Some(id) = presented.as_text().and_then(ApiKeyId::of_text) else {
                return Ok(Facts::none());
            };
            let epoch = self.gate.epoch();
            let row = self.store.api_key(id).await.map_err(|error| {
                tracing::error!(%error, "an API key's row could not be read");
                Reason::StatusUnavailable
            })?;
            Ok(Facts { epoch, row: row.map(row_of), ancestors: Vec::new() })
        })
    }
}

fn row_of(key: ApiKeyRow) -> Row {
    let id = key.id.to_string();
    Row {
        content_id: api_key::content_id(&id),
        subject: id,
        proof: Proof::Digest(key.hash),
        issued_at: key.created_at,
        expires: key.expires_at.map_or(Expiration::Never, Expiration::At),
        ended: None,
        rights: Some(Rights::Routes(RouteScopes {
            tenant: key.tenant_id,
            mint_for: key.subjects,
            ..RouteScopes::of_role(&key.role)
        })),
        limits: Limits::none(),
    }
}
