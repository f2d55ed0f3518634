//! What the gate is told about agents: never more than their owner has now.

use std::sync::Arc;

use carnet_gate::{Gate, StatusSource};
use carnet_store::{AgentRow, Store, StoreError};
use carnet_ticket::api_key::{self, ApiKeys};
use carnet_ticket::realm::p256::{P256Error, SignedRequest};
use carnet_ticket::realm::{AgentToken, ClientId, RealmId, agent_content_id, owner_content_id};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Facts, Limits, Presented, Proof, Reason, Row, RowEnd};
use futures::future::BoxFuture;

use super::rights::{as_set, home};
use super::users::DevUsers;

/// What tells about agents.
#[derive(Clone)]
pub(crate) struct AgentFacts {
    pub(crate) store: Store,
    pub(crate) gate: Gate,
    pub(crate) users: Arc<DevUsers>,
    pub(crate) api_keys: Arc<ApiKeys>,
}

/// Reads the rows of agent tokens.
pub(crate) struct TokenStatusSource(pub(crate) AgentFacts);

/// Reads the rows of approved clients.
pub(crate) struct ClientStatusSource(pub(crate) AgentFacts);

impl StatusSource for TokenStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            let id = AgentToken::parse(text).map_err(|_| Reason::Malformed)?.id();
            let epoch = self.0.gate.epoch();
            let row = self.0.store.token_agent(id).await.map_err(unreadable)?;
            Ok(row.map_or_else(Facts::none, |row| self.0.facts(&id.to_string(), &row, epoch)))
        })
    }
}

impl StatusSource for ClientStatusSource {
    fn load<'a>(&'a self, presented: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
        Box::pin(async move {
            let text = presented.as_text().ok_or(Reason::Malformed)?;
            let request = SignedRequest::decode(text).ok_or(Reason::Malformed)?;
            let id = ClientId::of(request.head.public_key);
            let epoch = self.0.gate.epoch();
            let row = self.0.store.client_agent(id).await.map_err(unreadable)?;
            let row = row.ok_or(Reason::SignedRequest(P256Error::UnknownClient))?;
            Ok(self.0.facts(&id.to_string(), &row, epoch))
        })
    }

    /// The public key: everything else is another with each request.
    fn about<'a>(&self, presented: &Presented<'a>) -> &'a [u8] {
        let data = presented.data.unwrap_or_default();
        data.split(|byte| *byte == b'\n').next().unwrap_or_default()
    }
}

impl AgentFacts {
    fn facts(&self, id: &str, agent: &AgentRow, epoch: u64) -> Facts {
        let owner = &agent.owner;
        let scopes = self.owner_scopes(agent);
        let rights = scopes.as_ref().map(|scopes| Rights::Routes(scopes.of_agent()));
        let row = Row {
            content_id: agent_content_id(id),
            subject: id.to_owned(),
            proof: Proof::None,
            issued_at: agent.created_at,
            expires: expires(agent),
            ended: scopes.is_none().then_some(RowEnd::Issuer),
            rights,
            limits: Limits::none(),
        };
        let key = owner.id.starts_with("key:").then(|| api_key::content_id(&owner.id));
        let owners = [owner_content_id(&owner.own), owner_content_id(&owner.home)];
        let home = home(&owner.own, owner.home, agent.home_role);
        Facts { epoch, row: Some(row), ancestors: owners.into_iter().chain(key).collect(), home }
    }

    /// What the owner of an agent may do now; none when it is no more.
    fn owner_scopes(&self, agent: &AgentRow) -> Option<RouteScopes> {
        let owner = &agent.owner;
        let scopes = match &agent.key {
            Some(key) => {
                RouteScopes { tenant: key.tenant_id.clone(), ..RouteScopes::of_role(&key.role) }
            }
            None if owner.id.starts_with("key:") => {
                RouteScopes::of_role(self.api_keys.role_of(&owner.id)?)
            }
            None if owner.own == RealmId::local_admin() => {
                return Some(RouteScopes::of_role("admin"));
            }
            None => RouteScopes::of_role(self.users.role(&owner.own).route_role()),
        };
        Some(as_set(scopes, agent.owner_role))
    }
}

/// The end of an agent, or of its owner's key, whichever comes first.
fn expires(agent: &AgentRow) -> Expiration {
    // The last moment at which it counts is expires_at itself.
    let own = Timestamp(agent.expires_at.0.saturating_add(1));
    let of_key = agent.key.as_ref().and_then(|key| key.expires_at);
    Expiration::At(of_key.map_or(own, |end| end.min(own)))
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn unreadable(error: StoreError) -> Reason {
    tracing::error!(%error, "an agent's row could not be read");
    Reason::StatusUnavailable
}
