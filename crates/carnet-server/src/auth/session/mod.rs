//! Sessions of the admin UI. A session is a credential like any other: the gate judges it, by a row that holds nothing
//! but who signed in, with what, and until when. Source: control plane spec, section 6.2.

mod cookie;
mod facts;
mod forged;
mod used;

pub(super) use cookie::text;
pub(crate) use cookie::{clear, secret, set};
pub(crate) use facts::SessionStatusSource;
pub(super) use forged::refuse_forged;
pub(super) use used::used;
pub(crate) use used::{UsedSessions, is_refresh};
