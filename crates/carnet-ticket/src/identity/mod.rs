//! Members of a fleet and what they are called. Source: worker runtime spec, section 2.

mod capability;
mod certificate;
mod dns;
mod lifetime;
mod member;
mod name;
mod peer;
mod spiffe;
mod text;
mod version;

pub use capability::{CapabilityGlob, CapabilityId, InvalidCapabilityGlob, InvalidCapabilityId};
pub use certificate::{BACKDATED_S, CERTIFICATE_CLASS, Certificates, Leaf};
pub use dns::{DnsName, InvalidDnsName};
pub use lifetime::{Lifetime, Schedule, ScheduleError};
pub use member::{InvalidMember, Member};
pub use name::{
    InvalidName, InvalidTrustDomain, InvalidWorkerId, TrustDomain, WorkerId, WorkerName,
};
pub use peer::{PeerError, peer, peer_of_leaf, trust_domain_of_ca};
pub use spiffe::{Kind, SpiffeError, SpiffeId};
pub use version::{InvalidVersion, Version};
