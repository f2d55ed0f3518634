//! The certificate authority, judged by another one's tools.

mod credential;
mod crl;
mod csr;
mod lifetime;
mod profile;
mod rotate;
mod sign;
pub mod support;
