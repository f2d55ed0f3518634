//! [`Lease`]: who works on something now.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::identity::WorkerId;
use crate::time::Timestamp;
use crate::verify::Profile;

/// A lease of something. It is not signed, and travels only between those who know each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is leased: `task:<ULID>`.
    pub resource_id: String,
    /// What kind of thing that is.
    pub resource_type: String,
    /// Who holds it.
    pub holder: WorkerId,
    /// The process that holds it; workers of StacyVM say none.
    pub instance: Option<String>,
    /// Grows with each change, and never falls.
    pub generation: u64,
    /// The first moment at which it is not held any more.
    pub expires_at: Timestamp,
}

/// A lease of which process, and how new: what a worker says beside each report, `<instance>/<generation>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseMark {
    /// The process.
    pub instance: String,
    /// The generation.
    pub generation: u64,
}

/// Why a lease is not one's own to work under, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// A member is missing, blank, or of another type.
    #[error("the lease is malformed")]
    Malformed,
    /// Its time is over.
    #[error("the lease has expired")]
    Expired,
    /// Somebody else holds it.
    #[error("the lease is another worker's")]
    WrongHolder,
    /// A process before this one holds it.
    #[error("the lease is another process's")]
    WrongInstance,
    /// It is of something else.
    #[error("the lease is of something else")]
    WrongResource,
    /// A newer one was seen.
    #[error("the lease is older than one that was seen")]
    StaleGeneration,
}

impl Lease {
    /// The longest texts in a lease.
    const TEXT_LEN_MAX: usize = 256;

    /// Reads what an envelope carries. Only in compat may it leave out its instance and what kind of thing it is of.
    pub fn read(value: &Value, profile: Profile) -> Result<Self, LeaseError> {
        let members = value.as_object().ok_or(LeaseError::Malformed)?;
        let is_compat = profile == Profile::Compat;
        let expires_at = text(members, "expires_at")?.ok_or(LeaseError::Malformed)?;
        let lease = Self {
            resource_id: text(members, "resource_id")?.ok_or(LeaseError::Malformed)?.to_owned(),
            resource_type: text(members, "resource_type")?.unwrap_or_default().to_owned(),
            holder: text(members, "holder_id")?
                .and_then(|id| id.parse().ok())
                .ok_or(LeaseError::Malformed)?,
            instance: text(members, "instance")?.map(str::to_owned),
            generation: members
                .get("generation")
                .and_then(Value::as_u64)
                .ok_or(LeaseError::Malformed)?,
            expires_at: Timestamp::from_rfc3339(expires_at).ok_or(LeaseError::Malformed)?,
        };
        let is_whole = lease.instance.is_some() && !lease.resource_type.is_empty();
        if is_whole || is_compat { Ok(lease) } else { Err(LeaseError::Malformed) }
    }

    /// As it is written in JSON.
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "resource_id": self.resource_id,
            "resource_type": self.resource_type,
            "holder_id": self.holder.as_str(),
            "generation": self.generation,
            "expires_at": self.expires_at.to_string(),
        });
        if let Some(instance) = &self.instance {
            value["instance"] = Value::from(instance.as_str());
        }
        value
    }

    /// Which process holds it, and how new it is.
    pub fn mark(&self) -> LeaseMark {
        LeaseMark {
            instance: self.instance.clone().unwrap_or_default(),
            generation: self.generation,
        }
    }
}

/// A text that is not blank; none where there is no such member.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, LeaseError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    let text = text.filter(|text| text.len() <= Lease::TEXT_LEN_MAX);
    text.map(Some).ok_or(LeaseError::Malformed)
}

impl fmt::Display for LeaseMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.generation)
    }
}

impl FromStr for LeaseMark {
    type Err = LeaseError;

    fn from_str(text: &str) -> Result<Self, LeaseError> {
        let (instance, generation) = text.split_once('/').ok_or(LeaseError::Malformed)?;
        let generation = generation.parse().map_err(|_| LeaseError::Malformed)?;
        if instance.len() > Lease::TEXT_LEN_MAX {
            return Err(LeaseError::Malformed);
        }
        Ok(Self { instance: instance.to_owned(), generation })
    }
}
