//! Requests signed with a client's P-256 key. Source: realm spec, section 4.
//!
//! Version 2 signs, in lines, its name, the time, a nonce, method, host, target and the body's hash. Version 1,
//! which `compat` takes beside it, signs neither nonce nor host nor query.

mod error;
mod key;
mod request;

pub use error::P256Error;
pub use key::PublicKey;
pub use request::{Body, Head, SignedRequest};
