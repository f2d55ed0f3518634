//! Members of the fleet: what their certificates say, and whether they are quarantined.

mod enroll;
mod quarantine;

pub use enroll::EnrollMemberError;
pub use quarantine::{Quarantined, ReleaseError};

pub(crate) use enroll::{enroll, is_at};
pub(crate) use quarantine::revoke_all;

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::time::Duration;

use carnet_authority::ca::{IdentityGrant, Lifetime};
use carnet_authority::enroll::{Enrollment, Generation};
use carnet_ticket::identity::{CapabilityGlob, DnsName, Member, TrustDomain};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_moment, maybe_text, moment, parsed, text, texts, unsigned};
use crate::sql;

const FIND: &str = "SELECT * FROM worker_identities WHERE identity = ?1";
const SUSPECTS: &str =
    "SELECT * FROM worker_identities WHERE quarantined_at IS NOT NULL OR clone_seen_at IS NOT NULL";

/// What a member's certificates say of it, and what it may offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProfile {
    /// The hosts that it may be.
    pub dns: Vec<DnsName>,
    /// The addresses that it may have.
    pub ip: Vec<IpAddr>,
    /// What it may offer.
    pub capabilities: Vec<CapabilityGlob>,
    /// What the registry shows of it.
    pub labels: BTreeMap<String, String>,
    /// How long its certificates live.
    pub cert_ttl: Lifetime,
}

/// A member of the fleet as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Who it is.
    pub member: Member,
    /// Its newest certificate.
    pub generation: Generation,
    /// What its certificates say.
    pub profile: MemberProfile,
    /// When it was last enrolled.
    pub enrolled_at: Timestamp,
    /// Since when it is quarantined.
    pub quarantined_at: Option<Timestamp>,
    /// Why it is quarantined.
    pub quarantine_reason: Option<String>,
    /// When a copy of one of its certificates was seen.
    pub clone_seen_at: Option<Timestamp>,
}

impl MemberProfile {
    /// What `member`'s certificates say.
    pub fn grant(&self, trust_domain: TrustDomain, member: &Member) -> IdentityGrant {
        let (dns, ip) = (self.dns.iter().cloned(), self.ip.iter().copied());
        let name = member.name.clone();
        IdentityGrant::new(trust_domain, member.kind, name, dns, ip, self.cert_ttl)
    }
}

impl From<&Enrollment> for MemberProfile {
    fn from(enrollment: &Enrollment) -> Self {
        Self {
            dns: enrollment.dns.clone(),
            ip: enrollment.ip.clone(),
            capabilities: enrollment.capabilities.clone(),
            labels: enrollment.labels.clone(),
            cert_ttl: enrollment.cert_ttl,
        }
    }
}

impl Store {
    /// The member.
    pub async fn member(&self, member: &Member) -> Result<Option<MemberRow>, StoreError> {
        let member = member.to_string();
        self.look_up(move |connection| find(connection, &member)).await
    }

    /// Members that are quarantined, or of whose certificates a copy was seen.
    pub async fn suspects(&self) -> Result<Vec<MemberRow>, StoreError> {
        self.read(|connection| sql::all(connection, SUSPECTS, [], read)).await
    }
}

/// The member, as `kind/name`.
pub(crate) fn find(connection: &Connection, member: &str) -> Result<Option<MemberRow>, StoreError> {
    sql::one(connection, FIND, [member], read)
}

fn read(row: &Row<'_>) -> Result<MemberRow, StoreError> {
    let labels = serde_json::from_str(text(row, "labels")?);
    let profile = MemberProfile {
        dns: texts(row, "dns")?,
        ip: texts(row, "ip")?,
        capabilities: texts(row, "capabilities")?,
        labels: labels.map_err(|_| StoreError::BadRow { column: "labels" })?,
        cert_ttl: lifetime(row, "cert_ttl")?,
    };
    Ok(MemberRow {
        member: parsed(row, "identity")?,
        generation: Generation(unsigned(row, "generation")?),
        profile,
        enrolled_at: moment(row, "enrolled_at")?,
        quarantined_at: maybe_moment(row, "quarantined_at")?,
        quarantine_reason: maybe_text(row, "quarantine_reason")?.map(str::to_owned),
        clone_seen_at: maybe_moment(row, "clone_seen_at")?,
    })
}

/// How long certificates live.
pub(crate) fn lifetime(row: &Row<'_>, column: &'static str) -> Result<Lifetime, StoreError> {
    let life = Duration::from_secs(unsigned(row, column)?);
    Lifetime::new(life).map_err(|_| StoreError::BadRow { column })
}
