//! Revocations outside the database: [`RevocationLog`], from which an old database learns what was revoked since.

mod log;

pub use log::LogError;
pub(crate) use log::RevocationLog;
