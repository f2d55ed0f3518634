//! The fleet's listener, over real TLS. The clock starts at the real time, since clients judge certificates by it.

mod csr;
mod demands;
mod enrollment;
mod handshake;
mod local;
mod renewal;
mod routes;
pub mod support;
