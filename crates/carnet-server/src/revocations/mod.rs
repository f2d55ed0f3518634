//! Revocations outside the database: [`RevocationLog`], from which an old database learns what was revoked since, and
//! [`Feed`], from which everybody learns it who has no database.

mod feed;
mod log;
mod snapshot;
mod stream;

pub(crate) use feed::Feed;
pub use log::LogError;
pub(crate) use log::RevocationLog;
pub(crate) use stream::stream;
