//! [`SpiffeId`]: who a member of a fleet is, in one URI.

use std::fmt;
use std::str::FromStr;

use super::{TrustDomain, WorkerName};

pub(super) const SCHEME: &str = "spiffe://";

/// The longest URI that is read.
const LEN_MAX: usize = 2048;

/// What a member of a fleet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Does work.
    Worker,
    /// Hands it out.
    ControlPlane,
    /// A person with a certificate.
    Operator,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Worker, Self::ControlPlane, Self::Operator];

    /// The path segment.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::ControlPlane => "control-plane",
            Self::Operator => "operator",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// `spiffe://<trust domain>/<kind>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpiffeId {
    trust_domain: TrustDomain,
    kind: Kind,
    name: String,
}

/// Why a text is not the SPIFFE ID of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeError {
    /// It is not a SPIFFE ID with two segments.
    #[error("not spiffe://<trust domain>/<kind>/<name>")]
    Malformed,
    /// Its first segment is no kind of member.
    #[error("no such kind of member")]
    UnknownKind,
}

impl SpiffeId {
    /// The id of `name`.
    pub fn new(trust_domain: TrustDomain, kind: Kind, name: &WorkerName) -> Self {
        Self { trust_domain, kind, name: name.as_str().to_owned() }
    }

    /// Whose name it is.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name among its kind. A foreign one may have capitals, which no [`WorkerName`] has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As revocations and audit rows name it: `<kind>/<name>`.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }
}

impl FromStr for SpiffeId {
    type Err = SpiffeError;

    fn from_str(text: &str) -> Result<Self, SpiffeError> {
        let parts = Parts::of(text).ok_or(SpiffeError::Malformed)?;
        parts.member().ok_or(SpiffeError::UnknownKind)
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}/{}", self.trust_domain, self.kind.as_str(), self.name)
    }
}

/// A well-formed id, of whatever kind.
pub(super) struct Parts<'a> {
    pub(super) trust_domain: TrustDomain,
    kind: &'a str,
    name: &'a str,
}

impl<'a> Parts<'a> {
    /// Reads an id of two segments. A port, a user, a query or a fragment has characters that stand nowhere in it.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(SCHEME).filter(|_| text.len() <= LEN_MAX)?;
        let (trust_domain, path) = rest.split_once('/')?;
        let (kind, name) = path.split_once('/')?;
        let is_path = [kind, name].into_iter().all(is_segment);
        is_path.then(|| Some(Self { trust_domain: trust_domain.parse().ok()?, kind, name }))?
    }

    /// The member that it names, if its kind is known.
    pub(super) fn member(self) -> Option<SpiffeId> {
        let kind = Kind::from_name(self.kind)?;
        Some(SpiffeId { trust_domain: self.trust_domain, kind, name: self.name.to_owned() })
    }
}

fn is_segment(segment: &str) -> bool {
    let is_character =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !segment.is_empty() && segment.bytes().all(is_character) && !matches!(segment, "." | "..")
}
