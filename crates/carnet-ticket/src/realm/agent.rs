//! Agents before the gate, and the names of everybody that others derive from.

use std::fmt::Display;

use super::p256::{P256Error, SignedRequest};
use super::{AgentToken, ClientId, RealmId};
use crate::id::UniqueId;
use crate::time::Timestamp;
use crate::verify::{Class, Facts, Presented, Profile, Reason, Row, Verified, Verify};
use crate::{api_key, id};

/// What content ids of agents are derived from.
const AGENT: UniqueId = id!("carnet.credential.agent");

/// What content ids of owners are derived from.
const OWNER: UniqueId = id!("carnet.principal.owner");

/// Judges agent tokens by their row, which was found by the hash of the token.
#[derive(Debug, Clone, Copy, Default)]
pub struct AgentTokens;

/// Judges signed requests: the signature here, the client by its row. Whether a request comes for the first time
/// is judged where it came in.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequests {
    /// Whether version 1 counts too.
    pub profile: Profile,
}

/// The content id of an agent, by its id: `token:…` or `client:…`.
pub fn agent_content_id(id: impl Display) -> UniqueId {
    AGENT.derive(id.to_string())
}

/// The content id of everything that rests on an owner: what it presents, its agents, the tickets of its realm.
pub fn owner_content_id(owner: &RealmId) -> UniqueId {
    OWNER.derive(owner.to_string())
}

/// The content id of who issued a task ticket, when it is a credential that can be withdrawn; a user is none.
pub fn issuer_content_id(issuer: &str) -> Option<UniqueId> {
    match issuer.split_once(':')?.0 {
        "key" => Some(api_key::content_id(issuer)),
        "token" | "client" => Some(agent_content_id(issuer)),
        _ => None,
    }
}

impl SignedRequests {
    /// Refuses a client that its row alone refuses, whatever it signed. What this lets pass is not let in yet.
    pub fn foresee(client: ClientId, facts: &Facts, now: Timestamp) -> Result<(), Reason> {
        let row = row_of(client, facts)?;
        if row.ended.is_some() || row.expires.is_expired_at(now) {
            return Err(Reason::Expired);
        }
        Ok(())
    }
}

impl Verify for AgentTokens {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        let token = AgentToken::parse(text).map_err(|_| Reason::Malformed)?;
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        if row.content_id != agent_content_id(token.id()) {
            return Err(Reason::Unknown);
        }
        Verified::of_row(Class::AgentToken, row, facts, now)
    }
}

impl Verify for SignedRequests {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        let request = SignedRequest::decode(text).ok_or(Reason::Malformed)?;
        let client = request.verify(self.profile, now).map_err(Reason::SignedRequest)?;
        Verified::of_row(Class::SignedRequest, row_of(client, facts)?, facts, now)
    }
}

fn row_of(client: ClientId, facts: &Facts) -> Result<&Row, Reason> {
    let row = facts.row.as_ref().filter(|row| row.content_id == agent_content_id(client));
    row.ok_or(Reason::SignedRequest(P256Error::UnknownClient))
}
