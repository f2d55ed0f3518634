//! The ticket-scoped content store: nodes named by their hash, files made of them, and task tickets that
//! read exactly what a task needs and commit exactly one result.
//!
//! What this crate is: the node format ([`node`]), files ([`layout`]), and the rules of realms. With feature
//! `service` the rules over a store, with feature `client` the HTTP client of the other side. What it is
//! not: it parses no credential and decides no expiry; it is handed a grant's rights.
//!
//! Invariants:
//! - stored bytes are what their key says, checked when they come in and when they go out;
//! - naming a hash never gives access to what it names;
//! - what is acknowledged is durable.

pub mod accept;
pub mod checksum;
#[cfg(feature = "client")]
pub mod client;
pub mod depot;
pub mod layout;
pub mod mcp;
pub mod node;
pub mod range;
#[cfg(feature = "service")]
pub mod realms;
pub mod ticket;
