//! The fleet's listener, over real TLS. The clock starts at the real time, since clients judge certificates by it.

mod audit;
mod compat;
mod controller;
mod csr;
mod demands;
mod enrollment;
mod feed;
mod handshake;
mod keys;
mod local;
mod orders;
mod placement;
mod preview;
mod registry;
mod renewal;
mod rotation;
mod routes;
mod sandboxes;
pub mod support;
mod ui;
mod vectors;
