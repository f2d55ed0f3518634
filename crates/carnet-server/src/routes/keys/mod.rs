//! `/api/v1/admin/keys`: the keyring, and how it turns.

mod fleet;
mod list;
mod promote;
mod retire;
mod rotate;

pub(super) use list::list;
pub(super) use promote::promote;
pub(super) use retire::retire;
pub(super) use rotate::rotate;

use carnet_authority::keyring::{KeyInfo, PromoteError, RetireError, RotateError};
use carnet_ticket::id::KeyId;
use carnet_ticket::time::Timestamp;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::authority::TurnError;
use crate::problem::Problem;

/// What a turn may be told: nothing but whether it is forced.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    force: bool,
}

/// A key as it is shown: nothing of its secret.
fn shown(info: &KeyInfo) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    json!({
        "id": info.id.to_string(),
        "purpose": info.purpose.as_str(),
        "algorithm": if info.purpose.jwk_use().is_some() { "EdDSA" } else { "HS256" },
        "state": info.state.as_str(),
        "source": info.source.as_str(),
        "created_at": moment(info.created_at),
        "promoted_at": moment(info.promoted_at),
        "demoted_at": moment(info.demoted_at),
        "retired_at": moment(info.retired_at),
    })
}

fn key_id(text: &str) -> Result<KeyId, Problem> {
    KeyId::from_hex(text).map_err(|_| Problem::not_found())
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        let conflict = |code, message| Self::other(StatusCode::CONFLICT, code, message);
        let managed = || conflict("config_managed", "the configuration holds these keys");
        match error {
            TurnError::Rotate(RotateError::ConfigManaged)
            | TurnError::Promote(PromoteError::ConfigManaged)
            | TurnError::Retire(RetireError::ConfigManaged) => managed(),
            TurnError::Rotate(RotateError::AlreadyStaged(id)) => {
                conflict("key_staged", "a key is staged already")
                    .with(json!({ "id": id.to_string() }))
            }
            TurnError::Promote(PromoteError::NotFound)
            | TurnError::Retire(RetireError::NotFound) => Self::not_found(),
            TurnError::Promote(PromoteError::NotStaged(state)) => {
                conflict("key_not_staged", "the key is not staged")
                    .with(json!({ "state": state.as_str() }))
            }
            TurnError::Retire(RetireError::Active) => conflict("key_active", "the key signs"),
            TurnError::Retire(RetireError::InUse { earliest }) => {
                let earliest = earliest.moment().map(|moment| moment.to_string());
                conflict("key_in_use", "tokens under the key may live")
                    .with(json!({ "earliest": earliest }))
            }
            TurnError::NoSealKey => conflict("no_seal_key", "keys.seal_key is not set"),
            TurnError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "a key could not be made");
                Self::unavailable()
            }
        }
    }
}
