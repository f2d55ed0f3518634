//! Links that sign somebody in, once.

use std::time::Duration;

use carnet_authority::audit::Kind;
use carnet_store::SignInLinkRow;
use carnet_ticket::time::Timestamp;
use zeroize::Zeroizing;

use super::{Login, secret};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

/// How long a link is good.
const LIFE: Duration = Duration::from_mins(15);

/// A link: shown once, to whoever asked for it.
pub(crate) struct SignInLink {
    /// Where it leads.
    pub(crate) url: Zeroizing<String>,
    /// Until when it is good.
    pub(crate) expires_at: Timestamp,
}

/// Makes a link that signs in as `login`.
pub(crate) async fn make_link(
    app: &App,
    trail: &Trail,
    login: Login,
) -> Result<SignInLink, Problem> {
    let code = secret()?;
    let expires_at = app.clock().now().after(LIFE);
    let event = trail.event(Kind::Auth, "session.link", &login.subject);
    let Login { subject, rests_on } = login;
    let row = SignInLinkRow { digest: code.digest(), subject, rests_on, expires_at };
    app.store().audited(event).insert_sign_in_link(row).await?;
    let url = Zeroizing::new(format!("{}/auth/link?code={}", app.url(), *code.text()));
    Ok(SignInLink { url, expires_at })
}

impl App {
    /// Makes a link that signs the operator of this machine in to the admin UI, once; nothing when there is no UI. It is
    /// a secret.
    pub async fn sign_in_link(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        if !self.config().ui.enabled {
            return Ok(None);
        }
        let trail = Trail::of_server(self.clock().now(), "start");
        let link = make_link(self, &trail, Login::local_admin()).await?;
        Ok(Some(link.url))
    }
}
