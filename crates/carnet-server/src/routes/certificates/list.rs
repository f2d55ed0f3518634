//! `GET /api/v1/admin/certificates`, newest first.

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
    let mut rows = app.store().list_certificates(page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |(number, _)| *number);
    let now = app.clock().now();
    let rows: Vec<_> = rows.iter().map(|(_, row)| shown(row, now)).collect();
    Ok(Json(json!({ "certificates": rows, "next_cursor": next })))
}
