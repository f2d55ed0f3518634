//! Opening a session: with a link, which is spent, or with a key.

use carnet_authority::audit::{Actor, Details, Event, Kind};
use carnet_gate::Denied;
use carnet_store::SessionRow;
use carnet_ticket::id::Fingerprint;
use carnet_ticket::session::SessionSecret;
use carnet_ticket::verify::{Class, Presented, Reason, RowEnd, Surface};

use super::{Login, secret};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

/// Spends a link. Of many who come with one, one gets a session.
pub(crate) async fn open_by_link(
    app: &App,
    trail: &Trail,
    code: &str,
) -> Result<SessionSecret, Problem> {
    let code = SessionSecret::parse(code).ok_or_else(no_such_link)?;
    let link = app.store().sign_in_link(code.digest(), app.clock().now()).await?;
    let link = link.ok_or_else(no_such_link)?;
    let login = Login { subject: link.subject, rests_on: link.rests_on };
    let (secret, row) = new_session(app, login)?;
    let event = event(trail, &row, "link");
    let store = app.store().audited(event);
    let opened = store.open_session_by_link(code.digest(), row).await?;
    end_oldest(app, opened.ok_or_else(no_such_link)?);
    Ok(secret)
}

/// Opens a session with an API key, for a service that may read at all.
pub(crate) async fn open_by_key(
    app: &App,
    trail: &Trail,
    key: &str,
) -> Result<SessionSecret, Problem> {
    let presented = Presented::of(Class::ApiKey, key.trim());
    let grant = app.lookup().admit(&presented, Surface::Api).await?;
    let rights = grant.routes().ok_or_else(|| grant.deny(Reason::NotAccepted))?;
    rights.permits("read:*").map_err(|reason| grant.deny(reason))?;
    let (secret, row) = new_session(app, Login::of(&grant)?)?;
    let event = event(trail, &row, "key");
    end_oldest(app, app.store().audited(event).open_session(row).await?);
    Ok(secret)
}

fn new_session(app: &App, login: Login) -> Result<(SessionSecret, SessionRow), Problem> {
    let (config, now, secret) = (app.config(), app.clock().now(), secret()?);
    let Login { subject, rests_on } = login;
    let row = SessionRow {
        digest: secret.digest(),
        subject,
        rests_on,
        created_at: now,
        idle_at: now.after(config.ui.session_idle),
        expires_at: now.after(config.ui.session_max),
    };
    Ok((secret, row))
}

/// Whoever signs in is who does it.
fn event(trail: &Trail, session: &SessionRow, with: &str) -> Event {
    let actor = Actor {
        id: session.subject.as_str().into(),
        class: Class::Session.as_str().into(),
        role: None,
        fingerprint: Some(session.digest.content_id().fingerprint().to_string().into()),
    };
    let details = Details::new([("with".to_owned(), with.into())].into_iter().collect());
    Event { actor, details, ..trail.event(Kind::Auth, "session.open", &session.subject) }
}

fn end_oldest(app: &App, ended: carnet_store::Opened) {
    for session in ended {
        app.gate().end_content(session.content_id(), RowEnd::Deleted);
    }
}

/// A link that never was, is spent, or is too old: they look the same.
fn no_such_link() -> Problem {
    Denied {
        reason: Reason::Unknown,
        class: Some(Class::Session),
        surface: Surface::Api,
        fingerprint: Fingerprint::default(),
        rule: None,
    }
    .into()
}
