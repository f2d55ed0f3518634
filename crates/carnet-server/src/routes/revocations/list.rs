//! `GET /api/v1/admin/revocations`, newest first.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;

pub(in crate::routes) async fn list(
    State(app): State<App>,
    page: Page,
) -> Result<Json<Value>, Problem> {
    let mut rows = app.store().list_revocations(page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.entry.seq);
    Ok(Json(
        json!({ "revocations": rows.iter().map(shown).collect::<Vec<_>>(), "next_cursor": next }),
    ))
}
