//! Format vectors, and properties of ids, tickets and expirations.

#[path = "../../../../vectors/runner.rs"]
mod runner;

mod capability;
mod capability_admit;
mod capability_vectors;
mod enrollment;
mod fleet_vectors;
mod identity;
mod ids;
mod jwt;
mod jwt_vectors;
mod p256;
mod realm_vectors;
mod revocation_feed_vectors;
mod vectors;
mod worker_token;
mod worker_token_vectors;
mod wycheproof;
