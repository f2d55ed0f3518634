//! `PATCH /api/admin/users/{user}`: a role, a quota. Both count at once, for live credentials too.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::{Details, Kind};
use carnet_store::{OwnerKind, SetUser, SetUserError, UserSet};
use carnet_ticket::realm::{RealmId, owner_content_id};
use carnet_ticket::rights::RealmRole;
use carnet_ticket::verify::RowEnd;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{owner_in_path, quota, role};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role: Option<String>,
    #[serde(default, deserialize_with = "body::maybe_number")]
    quota_limit: Option<u64>,
}

pub(in crate::routes) async fn update(
    State(app): State<App>,
    Path(user): Path<String>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let input: Input = body::realm_json(&app, &headers, request).await?;
    let role_set = input
        .role
        .map(|name| RealmRole::from_name(&name).ok_or_else(|| Problem::invalid("BadRole", "role")));
    let role_set = role_set.transpose()?;
    let (realm, kind, id) = owner_in_path(&app, &user).ok_or_else(Problem::not_found)?;
    // Whoever runs the server is its administrator, whatever is written down.
    if realm == RealmId::local_admin() && role_set.is_some_and(|role| role < RealmRole::Admin) {
        return Err(Problem::conflict());
    }
    let set = SetUser {
        realm,
        kind,
        id,
        role: role_set,
        quota_limit: input.quota_limit,
        standing_admins: app.users().admins(),
    };
    let mut event = trail.event(Kind::Config, "realm.user.set", &set.id);
    event.details = details(&set);
    let now = app.clock().now();
    let done =
        app.store().audited(event).set_user(set, now).await.map_err(|error| match error {
            SetUserError::LastAdmin => Problem::conflict(),
            SetUserError::Store(error) => error.into(),
            _ => Problem::internal(),
        })?;
    if let Some(role) = role_set {
        put_in_force(&app, &done, role);
    }
    Ok(Json(json!({
        "userId": done.row.id,
        "role": role(&app, &done.row).as_str(),
        "quotaLimit": quota(&app, &done.row),
    })))
}

/// What is read from now on is new. What lives ends, unless the owner may do as much as before.
fn put_in_force(app: &App, done: &UserSet, role: RealmRole) {
    let owner = owner_content_id(&done.row.realm);
    let standing = || app.users().role(&done.row.realm);
    let before = match done.row.kind {
        OwnerKind::User => done.role_before.unwrap_or_else(standing),
        // What its key may do, unless it was less.
        _ => done.role_before.unwrap_or(RealmRole::Admin),
    };
    if role < before {
        app.gate().end_content(owner, RowEnd::Parent);
    } else {
        app.gate().row_changed(owner);
    }
}

fn details(set: &SetUser) -> Details {
    let role = set.role.map(|role| ("role".to_owned(), Value::from(role.as_str())));
    let quota = set.quota_limit.map(|quota| ("quota_limit".to_owned(), Value::from(quota)));
    Details::new(role.into_iter().chain(quota).collect())
}
