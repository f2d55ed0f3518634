//! Keys, and tickets made and read with them.

use std::fmt;

use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::claims::TicketClaims;
use super::{CLASS, MAC_LEN, PREFIX, TicketError, decode, encode};
use crate::id::{KeyId, UniqueId};
use crate::verify::Profile;

/// A role's key: BLAKE3 of its secret. `Debug` shows its id alone.
#[derive(Clone)]
pub struct TicketKey {
    key: [u8; 32],
    id: KeyId,
}

impl TicketKey {
    /// The key of a secret.
    pub fn from_secret(secret: &str) -> Self {
        Self {
            key: *blake3::hash(secret.as_bytes()).as_bytes(),
            id: KeyId::of(secret.trim().as_bytes()),
        }
    }

    /// Names it.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    fn mac(&self, payload: &[u8]) -> [u8; MAC_LEN] {
        *blake3::keyed_hash(&self.key, payload).as_bytes()
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketKey({})", self.id)
    }
}

/// Makes tickets under one secret. What may be minted is somebody else's decision.
#[derive(Debug, Clone)]
pub struct TicketIssuer(TicketKey);

impl TicketIssuer {
    /// An issuer with this secret.
    pub fn new(secret: &str) -> Self {
        Self(TicketKey::from_secret(secret))
    }

    /// Its key.
    pub fn key(&self) -> TicketKey {
        self.0.clone()
    }

    /// A ticket that says `claims`.
    pub fn issue(&self, claims: TicketClaims) -> Result<TicketToken, TicketError> {
        let payload = encode::payload(&claims)?;
        let mac = self.0.mac(&payload);
        Ok(TicketToken { claims, payload, mac, key_id: self.0.id })
    }
}

/// A ticket whose MAC holds.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketToken {
    claims: TicketClaims,
    payload: Vec<u8>,
    mac: [u8; MAC_LEN],
    key_id: KeyId,
}

impl TicketToken {
    /// What it says.
    pub fn claims(&self) -> &TicketClaims {
        &self.claims
    }

    /// What it says, and nothing else of it.
    pub fn into_claims(self) -> TicketClaims {
        self.claims
    }

    /// The key that it holds under.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Names its content, in whatever spelling it came.
    pub fn content_id(&self) -> UniqueId {
        CLASS.derive(&self.payload)
    }

    /// Its text, in lower case.
    pub fn encode(&self) -> Result<String, TicketError> {
        Ok(format!("{PREFIX}{}.{}", hex::encode(&self.payload), hex::encode(self.mac)))
    }

    /// Reads a ticket under one key, as old fleets do.
    pub fn decode(token: &str, key: &TicketKey) -> Result<Self, TicketError> {
        Self::decode_any(token, std::slice::from_ref(key), Profile::Compat)
    }

    /// Reads a ticket under any of `keys`. Every key is tried, whichever fits.
    pub fn decode_any(
        token: &str,
        keys: &[TicketKey],
        profile: Profile,
    ) -> Result<Self, TicketError> {
        let parts = decode::parts(token)?;
        let mut found = u8::MAX;
        for (index, key) in (0_u8..u8::MAX).zip(keys) {
            let fits = key.mac(&parts.payload).ct_eq(&parts.mac);
            found.conditional_assign(&index, fits);
        }
        let key = keys.get(usize::from(found)).ok_or(TicketError::MacMismatch)?;
        let claims = decode::claims(&parts.payload, profile)?;
        Ok(Self { claims, payload: parts.payload, mac: parts.mac, key_id: key.id })
    }

    /// What a ticket says, believed by nobody: its MAC is not looked at.
    pub fn decode_unverified(token: &str) -> Result<TicketClaims, TicketError> {
        decode::claims(&decode::parts(token)?.payload, Profile::Compat)
    }
}

/// Names the content of a ticket, in whatever spelling it came. It is a name and no judgement: the MAC is not
/// looked at.
pub fn content_id(token: &str) -> Result<UniqueId, TicketError> {
    decode::parts(token).map(|parts| CLASS.derive(&parts.payload))
}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketToken({})", self.content_id().fingerprint())
    }
}
