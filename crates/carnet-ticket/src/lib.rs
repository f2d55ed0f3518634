//! Ids, tickets, expirations, and the vocabulary in which every credential is judged.
//!
//! What this crate is: the bytes and texts of credentials, and pure functions over them. What it is not: it
//! does no I/O, reads no clock (`now` is an argument), draws no random numbers (they are arguments too, but for
//! what new keys and ECDSA signatures take) and is never `async`.
//!
//! Invariants:
//! - every decoder checks a limit before it allocates, and never panics;
//! - ticket data and secrets are in no `Display`, `Debug` or error;
//! - what is verified has another type than what is not.
//!
//! To add a credential format: a folder for it with `claims`, `encode` and `verify`, an implementation of
//! [`verify::Verify`], its vectors, and a runner for them in `tests/it`.

pub mod api_key;
pub mod capability;
pub mod claim;
pub mod duration;
pub mod ed25519;
pub mod enrollment;
pub mod id;
pub mod identity;
pub mod implicit;
pub mod jwks;
pub mod jws;
pub mod jwt;
mod member;
mod pem;
pub mod realm;
pub mod revocation;
pub mod revocation_feed;
pub mod rights;
pub mod rpc;
pub mod session;
pub mod task;
pub mod ticket;
pub mod time;
pub mod verify;
pub mod worker_token;
