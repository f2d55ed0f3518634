//! `GET /api/admin/users`: whoever has signed in or had something set, newest first.

use axum::Json;
use axum::extract::State;
use carnet_store::UserRow;
use serde_json::{Value, json};

use super::{quota, role};
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;

pub(in crate::routes) async fn list(
    State(app): State<App>,
    page: Page,
) -> Result<Json<Value>, Problem> {
    let mut rows = app.store().list_users(page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.seq);
    let users: Vec<_> = rows.iter().map(|row| shown(&app, row)).collect();
    let mut body = json!({ "users": users, "hasMore": next.is_some() });
    if let Some(next) = next {
        body["nextCursor"] = Value::from(next);
    }
    Ok(Json(body))
}

fn shown(app: &App, user: &UserRow) -> Value {
    let mut value = json!({
        "userId": user.id,
        "role": role(app, user).as_str(),
        "quotaLimit": quota(app, user),
    });
    for (member, text) in [("email", &user.email), ("name", &user.name)] {
        if let Some(text) = text {
            value[member] = Value::from(text.as_str());
        }
    }
    value
}
