//! The admin UI: pages made on the server, at `/ui`, and signing in to it, at `/auth`. Source: control plane spec,
//! sections 6.2 and 13.
//!
//! What this module is: templates, and what they show. What it is not: it has no rules of its own. A page reads and
//! changes through the functions that the API's routes call, and every route of it stands in `routes::all` with its
//! access.
//!
//! Invariants:
//! - every text goes through the templates' escaping; nothing is marked safe;
//! - no page has an inline script or style, and none needs a script: scripts only keep it up to date and copy;
//! - no secret is in a page but a token that was just minted, and what forms carry against forged requests.

mod asset;
mod fields;
mod page;
mod problem;
mod time;

pub(crate) mod audit;
pub(crate) mod dashboard;
pub(crate) mod sign_in;
pub(crate) mod tasks;
pub(crate) mod tickets;
pub(crate) mod workers;

pub(crate) use asset::show as asset;
pub(crate) use page::{HTML, guard};
pub(crate) use problem::problem;
