//! JSON Web Tokens (RFC 7519) in the compact form, signed with the algorithms of [`Algorithm`] and no other.
//!
//! [`Jwt`] judges them, with a [`VerifyingKey`] or a [`KeyRing`]; [`JwtTicketBuilder`] signs them with a
//! [`SigningKey`]; [`inspect`] reads them and believes nothing.
//!
//! ```
//! use carnet_ticket::jwt::Jwt;
//! use hmac::{Hmac, Mac};
//! use sha2::Sha256;
//!
//! let key = Hmac::<Sha256>::new_from_slice(b"a secret that both sides know")?;
//! let jwt = Jwt::with_key(key).allow_issuer("my-app").allow_audience("my-stream");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod build;
mod claims;
mod compact;
mod der;
mod elliptic;
mod error;
mod header;
mod inspect;
mod json;
mod jwk;
pub mod jws;
mod key;
mod private;
mod ring;
mod rsa;
mod secret;
mod signature;
mod signing;
mod validator;
mod verify;

pub use algorithm::Algorithm;
pub use build::{JwtTicketBuilder, SignError};
pub use elliptic::{EdDsa, Es256, Es384, Es512};
pub use error::JwtError;
pub use inspect::{UnverifiedJwt, content_id, inspect};
pub use jwk::{JwkSet, JwkSetError};
pub use key::{KeyError, VerifyingKey};
pub use ring::{KeyRing, TooManyKeys};
pub use rsa::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
pub use secret::{Hs256, Hs384, Hs512};
pub use signing::{EdDsaSigningKey, Es256SigningKey, Es384SigningKey, Es512SigningKey, SigningKey};
pub use validator::Jwt;
pub use verify::VerifiedJwt;

use crate::id;
use crate::id::UniqueId;

/// The class of tokens.
pub const CLASS: UniqueId = id!("mosaik.tickets.jwt.v1");

/// The longest token there is, characters.
pub const TEXT_LEN_MAX: usize = 16_384;

/// The most keys that are tried, or that a set or ring holds.
const KEYS_MAX: usize = 100;
