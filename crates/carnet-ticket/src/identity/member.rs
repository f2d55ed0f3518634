//! [`Member`]: who a member is within its own fleet.

use std::fmt;
use std::str::FromStr;

use super::{Kind, SpiffeId, TrustDomain, WorkerName};

/// `<kind>/<name>`: the path of a SPIFFE ID, and the subject of a member's certificates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// What it is.
    pub kind: Kind,
    /// Its name among its kind.
    pub name: WorkerName,
}

/// A text is no member of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a member is worker/NAME, control-plane/NAME or operator/NAME")]
pub struct InvalidMember;

impl Member {
    /// The worker `name`.
    pub fn worker(name: WorkerName) -> Self {
        Self { kind: Kind::Worker, name }
    }

    /// The member that an identity names; `None` of a name that no fleet of ours gives.
    pub fn of(identity: &SpiffeId) -> Option<Self> {
        Some(Self { kind: identity.kind(), name: identity.name().parse().ok()? })
    }

    /// Its identity among all fleets.
    pub fn spiffe_id(&self, trust_domain: TrustDomain) -> SpiffeId {
        SpiffeId::new(trust_domain, self.kind, &self.name)
    }
}

impl FromStr for Member {
    type Err = InvalidMember;

    fn from_str(text: &str) -> Result<Self, InvalidMember> {
        let (kind, name) = text.split_once('/').ok_or(InvalidMember)?;
        let kind = Kind::from_name(kind).ok_or(InvalidMember)?;
        Ok(Self { kind, name: name.parse().map_err(|_| InvalidMember)? })
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.name)
    }
}
