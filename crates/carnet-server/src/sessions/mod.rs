//! Signing in to the admin UI: links and keys open sessions, signing out ends them. Whatever a session is allowed is
//! the gate's matter (`auth::session`). Source: control plane spec, section 6.2.

mod end;
mod link;
mod open;

pub(crate) use end::end;
pub(crate) use link::make_link;
pub(crate) use open::{open_by_key, open_by_link};

use carnet_gate::Grant;
use carnet_ticket::id::UniqueId;
use carnet_ticket::session::SessionSecret;
use carnet_ticket::verify::{Class, Reason};

use crate::problem::Problem;
use crate::random;
use crate::state::LOCAL_ADMIN;

/// Who signs in, and the key that shows it, if one does.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    subject: String,
    rests_on: Option<UniqueId>,
}

impl Login {
    /// The operator of this machine.
    pub(crate) fn local_admin() -> Self {
        Self { subject: LOCAL_ADMIN.to_owned(), rests_on: None }
    }

    /// Whoever holds a grant: the operator of this machine, or a service. Nobody else has sessions.
    pub(crate) fn of(grant: &Grant) -> Result<Self, Problem> {
        match grant.class() {
            Class::Local => Ok(Self::local_admin()),
            Class::ApiKey => Ok(Self {
                subject: grant.subject().unwrap_or_default().to_owned(),
                rests_on: Some(grant.content_id()),
            }),
            _ => Err(grant.deny(Reason::Role).into()),
        }
    }
}

/// A new secret.
fn secret() -> Result<SessionSecret, Problem> {
    Ok(SessionSecret::new(random::bytes()?))
}
