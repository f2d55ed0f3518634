//! What may be asked of a new ticket, and what of a parent a child may get. Source: realm spec, section 7.

mod attenuate;
mod request;

pub use attenuate::{By, Child, DEPTH_MAX, Exceeds, Parent, attenuate};
pub use request::{CreateTicket, InvalidTicket, WritableRequest};
