//! [`SignedCheckpoint`]: where a chain stood at a moment, signed.
//!
//! A [`jws`] of type `carnet-audit-checkpoint+jws`.

use carnet_ticket::ed25519::{SigningKey, VerifyingKey};
use carnet_ticket::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::chain::ChainHash;
use super::text::Text;
use crate::jws::{self, JwsError};

const TYPE: &str = "carnet-audit-checkpoint+jws";

/// The most characters of a checkpoint.
const LEN_MAX: usize = 4096;

/// Where a chain stood at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose chain.
    pub iss: Text,
    /// The number of its last event.
    pub seq: u64,
    /// That event's hash.
    pub hash: ChainHash,
    /// When, in Unix milliseconds.
    pub at: Timestamp,
    /// The number of the checkpoint before; 0 for the first.
    pub prev_seq: u64,
}

/// A checkpoint with a signature that nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    text: String,
    claimed: Checkpoint,
}

/// Why a text is no checkpoint, or not of these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The text is too long.
    #[error("a checkpoint of {len} characters, at most {max}")]
    TooLong {
        /// Its characters.
        len: usize,
        /// The most there may be.
        max: usize,
    },
    /// It does not read as a checkpoint.
    #[error("not a checkpoint")]
    Malformed,
    /// No key that is known has signed it.
    #[error("signed by a key that is not known")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    BadSignature,
}

impl Checkpoint {
    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        let payload = serde_json::to_string(&self).map_err(|_| CheckpointError::Malformed)?;
        let text = jws::sign(TYPE, &payload, key);
        Ok(SignedCheckpoint { text, claimed: self })
    }
}

impl SignedCheckpoint {
    /// Reads a compact JWS without looking at its signature.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > LEN_MAX {
            return Err(CheckpointError::TooLong { len: text.len(), max: LEN_MAX });
        }
        let payload = jws::payload_unverified(text)?;
        let claimed = serde_json::from_slice(&payload).map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { text: text.to_owned(), claimed })
    }

    /// The compact JWS.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says, whoever says it.
    pub const fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// What it says, if one of `keys` has signed it.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<&Checkpoint, CheckpointError> {
        jws::verify(TYPE, &self.text, keys)?;
        Ok(&self.claimed)
    }
}

impl From<JwsError> for CheckpointError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::BadSignature => Self::BadSignature,
            _ => Self::Malformed,
        }
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(de::Error::custom)
    }
}
