//! The CA's endpoints: one file per thing that is asked of it.

mod bundle;
mod issue;
mod revoke;

pub(super) use bundle::{bundle, certificate, crl, gone, health};
pub(super) use issue::{issue, renew};
pub(super) use revoke::revoke;
