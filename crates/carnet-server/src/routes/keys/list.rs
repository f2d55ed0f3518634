//! `GET /api/v1/admin/keys`: the keyring, and who has loaded it.

use axum::Json;
use axum::extract::State;
use carnet_authority::keyring::KeyState;
use serde_json::{Value, json};

use super::shown;
use crate::state::App;

/// This process is the whole fleet while no worker is registered: it has every key that it shows.
pub(in crate::routes) async fn list(State(app): State<App>) -> Json<Value> {
    let keyring = app.authority().keyring();
    let keys: Vec<_> = keyring.keys().iter().map(|key| shown(&key.info)).collect();
    let live = keyring.keys().iter().filter(|key| key.info.state != KeyState::Retired);
    let ids: Vec<_> = live.map(|key| key.info.id.to_string()).collect();
    let fleet = json!([{ "member": "server", "key_ids": ids, "age_s": 0, "missing": [] }]);
    Json(json!({ "keys": keys, "fleet": fleet, "missing": [] }))
}
