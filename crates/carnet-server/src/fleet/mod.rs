//! The fleet's listener: TLS for everybody, a client certificate for most. Source: worker runtime spec, sections 1
//! and 5.
//!
//! A certificate that is presented and does not count fails the handshake (`tls`); one that goes on with an
//! earlier session is judged before anything is read. What it is worth is a [`Grant`](carnet_gate::Grant) of the
//! gate, which the connection holds: when it ends, the connection is cut. Each route names who may call it
//! ([`Demand`]).

pub(crate) mod bearer;
mod ca;
mod controller;
mod csr;
mod demand;
mod member;
mod refusal;
pub(crate) mod registry;
mod rights;
mod routes;
mod tls;
pub(crate) mod worker;

pub use demand::Demand;
pub(crate) use member::{FleetPeer, member, used};
pub(crate) use refusal::{denied, refused};
pub(crate) use rights::FleetRights;
pub(crate) use routes::router;
pub use routes::{Route, all};
pub(crate) use tls::{FleetTls, GateTime, alert};
