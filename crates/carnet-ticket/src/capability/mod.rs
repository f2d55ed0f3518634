//! Capability tickets: a role, a subject and limits, under a BLAKE3 MAC. The bytes are those of
//! `cohesix-ticket` claims version 1.
//!
//! ```
//! use carnet_ticket::capability::{BudgetSpec, MountSpec, Role, TicketClaims, TicketIssuer, TicketToken};
//!
//! let issuer = TicketIssuer::new("an-operational-secret-of-at-least-32-bytes");
//! let budget = BudgetSpec::default_heartbeat();
//! let claims = TicketClaims::new(
//!     Role::WorkerHeartbeat, budget, Some("worker-1".to_owned()), MountSpec::empty(), 1_735_689_600_000);
//! let text = issuer.issue(claims.clone())?.encode()?;
//! assert_eq!(TicketToken::decode(&text, &issuer.key())?.claims(), &claims);
//! # Ok::<(), carnet_ticket::capability::TicketError>(())
//! ```

mod admit;
mod claims;
mod decode;
mod encode;
mod error;
mod key;
mod limits;

pub use admit::{Admitted, AdmittedTicket, AttachRequest, Capability, CapabilityError, RoleKeys};
pub use claims::{
    BudgetSpec, MountSpec, Role, TicketClaims, TicketQuotas, TicketScope, TicketVerb,
};
pub use error::TicketError;
pub use key::{TicketIssuer, TicketKey, TicketToken, content_id};
pub use limits::{LimitFault, TicketLimits};

use crate::id;
use crate::id::UniqueId;

/// The class of capability tickets.
pub const CLASS: UniqueId = id!("carnet.ticket.capability");

/// The longest ticket there is, characters.
pub const TOKEN_LEN_MAX: usize = 10_110;

const PREFIX: &str = "cohesix-ticket-";
const VERSION: u8 = 1;
const TEXT_LEN_MAX: usize = 255;
const SCOPES_MAX: usize = 16;
const MAC_LEN: usize = 32;

const FLAG_TICKS: u8 = 0x01;
const FLAG_OPS: u8 = 0x02;
const FLAG_TTL: u8 = 0x04;
const FLAG_SUBJECT: u8 = 0x08;
const FLAG_SCOPES: u8 = 0x10;
const FLAG_QUOTAS: u8 = 0x20;
const FLAGS_UNKNOWN: u8 = 0xc0;
