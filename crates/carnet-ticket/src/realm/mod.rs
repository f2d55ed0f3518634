//! Ids and texts of the content store, and the ticket class that is its own.
//!
//! Source: realm spec, section 2. Everything is Crockford base32 in upper case: hashes of 16 bytes with two
//! zero bits at the end, ULIDs with two zero bits at the front.

mod agent;
mod base32;
mod client;
mod depot;
mod key;
mod owner;
pub mod p256;
mod ulid;
mod verify;

pub use agent::{
    AgentTokens, SignedRequests, agent_content_id, issuer_content_id, owner_content_id,
};
pub use client::{AgentToken, BadAgentToken, ClientId, MalformedId, TokenId};
pub use depot::{DepotId, MalformedDepot};
pub use key::{KeyError, NodeKey};
pub use owner::{BadSubject, RealmId, RealmPath, UnknownRealm};
pub(crate) use ulid::prefixed_ulid;
pub use ulid::{MalformedTicket, MalformedUlid, TicketId, Ulid};
pub use verify::{CLASS, RealmTickets, content_id};
