//! `GET /api/v1/admin/keys`: the keyring, and who has loaded it.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::fleet::{self, live};
use super::shown;
use crate::state::App;

pub(in crate::routes) async fn list(State(app): State<App>) -> Json<Value> {
    let keyring = app.authority().keyring();
    let keys: Vec<_> = keyring.keys().iter().map(|key| shown(&key.info)).collect();
    let members = fleet::members(&app);
    let is_behind = |member: &&fleet::Member| live(&keyring).any(|key| member.lacks(key));
    let missing: Vec<_> = members.iter().filter(is_behind).map(fleet::Member::name).collect();
    let shown: Vec<_> = members.iter().map(|member| member.shown(&keyring)).collect();
    Json(json!({ "keys": keys, "fleet": shown, "missing": missing }))
}
