//! Worker tokens: a named worker calls the control plane, or is called by it, for at most 15 minutes.
//!
//! Two formats, one set of rules: `stacyvm-worker-v1` (HMAC-SHA256, the bytes of StacyVM) and
//! `carnet-worker-v2` (Ed25519, so that who verifies cannot mint). Source: worker token spec.
//!
//! ```
//! use carnet_ticket::time::Timestamp;
//! use carnet_ticket::verify::Profile;
//! use carnet_ticket::worker_token::{Audience, Claims, HmacKey, WorkerKeys, mint_v1, verify};
//!
//! let key = HmacKey::from_text("worker-signing-key-with-at-least-32-bytes")?;
//! let token = mint_v1(&key, &Claims {
//!     worker_id: "worker-a".to_owned(),
//!     token_id: "0123456789abcdef0123456789abcdef".to_owned(),
//!     audience: Audience::ControlPlane.as_str().to_owned(),
//!     scopes: vec!["worker:heartbeat".to_owned()],
//!     expires_s: 1_778_321_100,
//!     issued_at_s: 1_778_320_800,
//!     not_before_s: 0,
//! })?;
//! let keys = WorkerKeys::new().with_hmac([key])?;
//! let now = Timestamp::from_unix_s(1_778_320_860);
//! let verified = verify(&token, &keys, Profile::Strict, Some(Audience::ControlPlane), now)?;
//! assert_eq!(verified.worker_id, "worker-a");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audience;
mod auth;
mod claims;
mod dialect;
mod encode;
mod error;
mod format;
mod gate;
mod inspect;
mod json;
pub mod jwks;
mod key;
mod keys;
mod members;
mod scope;
mod verify;

use std::time::Duration;

pub use audience::Audience;
pub use auth::{
    ID_HEADER, TOKEN_HEADER, Via, WorkerAuth, WorkerHeaders, WorkerIdentity, authenticate,
};
pub use claims::{Claims, MintError};
pub use encode::{mint_v1, mint_v2};
pub use error::WorkerTokenError;
pub use format::Format;
pub use gate::{WorkerTokenVerifier, presented};
pub use inspect::{Unverified, content_id, inspect};
pub use key::HmacKey;
pub use keys::{RingFull, WorkerKeys};
pub use scope::{WorkerScope, WorkerScopes};
pub use verify::{WorkerToken, verify};

use crate::id;
use crate::id::UniqueId;

/// The class of worker tokens.
pub const CLASS: UniqueId = id!("carnet.ticket.worker-token");

/// What content ids of static tokens are derived from.
pub const STATIC_CLASS: UniqueId = id!("carnet.credential.static-token");

/// The longest life of a token.
pub const LIFETIME_MAX: Duration = Duration::from_mins(15);

/// How far ahead `nbf` and `iat` may be: clocks may differ by as much. Nothing is added to `exp`.
pub const SKEW: Duration = Duration::from_secs(30);

/// The longest token, characters.
pub const TOKEN_LEN_MAX: usize = 4096;

/// The most HMAC keys of a ring.
pub const HMAC_KEYS_MAX: usize = 16;

/// The most public keys of a ring.
pub const PUBLIC_KEYS_MAX: usize = 64;

/// The last second that has a date.
const LAST_S: i64 = 253_402_300_799;
