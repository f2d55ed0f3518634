//! `GET /api/realm/{realm}/depots`, newest first.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{make_main, shown};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;

/// The depots of a realm.
pub(in crate::routes) async fn list(
    State(app): State<App>,
    caller: InRealm,
    page: Page,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    make_main(&app, &caller, &trail).await?;
    let mut rows = app.realms().list_depots(&caller.realm, page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.seq);
    let depots: Vec<_> = rows.iter().map(shown).collect();
    let mut body = json!({ "depots": depots, "hasMore": next.is_some() });
    if let Some(next) = next {
        body["nextCursor"] = Value::from(next);
    }
    Ok(Json(body))
}
