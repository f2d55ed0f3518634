//! `carnet inspect`: what something is, by its form alone.

use std::fmt::Display;

use carnet_ticket::id;
use carnet_ticket::id::UniqueId;
use carnet_ticket::{api_key, realm};
use serde_json::{Value, json};

use super::{ticket, worker};
use crate::cli::credential::InspectArgs;
use crate::connect;
use crate::given;
use crate::output;
use crate::what::{self, What};

/// What content ids of agent tokens and of clients are derived from.
const AGENT_TOKEN_CLASS: UniqueId = id!("carnet.credential.agent-token");
const CLIENT_CLASS: UniqueId = id!("carnet.credential.signed-request");

/// Tells what was given. Nothing of a secret is shown but its fingerprint.
pub fn run(args: &InspectArgs) -> anyhow::Result<()> {
    connect::refuse_secret(&args.what)?;
    let text = given::text(&args.what)?;
    let value = match What::of(&text)? {
        What::Capability(token) => return ticket::inspect::capability(token, args.format),
        What::Jwt(token) => return ticket::inspect::jwt(token, args.format),
        What::WorkerToken(token) => return worker::token::inspect::show(token, args.format),
        other => describe(other).ok_or_else(what::unknown)?,
    };
    Ok(output::show(args.format, &value, output::object)?)
}

fn describe(what: What<'_>) -> Option<Value> {
    Some(match what {
        What::Realm(ticket) => content("realm", realm::content_id(&ticket)),
        What::ApiKey(id) => stored("api-key", id, api_key::content_id(&id.to_string())),
        What::AgentToken(id) => stored("agent-token", id, AGENT_TOKEN_CLASS.derive(id.to_string())),
        What::Client(id) => stored("signed-request", id, CLIENT_CLASS.derive(id.to_string())),
        What::Enrollment(id) if id.starts_with("enroll:") => {
            json!({ "class": "enrollment", "id": id })
        }
        What::Enrollment(_) => json!({ "class": "enrollment" }),
        What::Content(id) => content("content-id", id),
        What::Worker(name) => json!({ "class": "worker", "name": name }),
        What::Subject(id) => json!({ "class": "subject", "id": id }),
        What::Key(id) => json!({ "class": "key", "id": id.to_string() }),
        What::Certificate(serial) => json!({ "class": "certificate", "serial": serial }),
        What::Node(key) => {
            json!({ "class": "node", "key": key, "hash": hex::encode(key.as_bytes()) })
        }
        What::WorkerToken(_) | What::Jwt(_) | What::Capability(_) | What::Other(_) => return None,
    })
}

fn content(class: &str, id: UniqueId) -> Value {
    json!({ "class": class, "content_id": id.to_string(), "fingerprint": id.fingerprint().to_string() })
}

fn stored(class: &str, id: impl Display, content_id: UniqueId) -> Value {
    let mut value = content(class, content_id);
    value["id"] = Value::from(id.to_string());
    value
}
