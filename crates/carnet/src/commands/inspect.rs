//! `carnet inspect`: what something is, by its form alone.

use std::path::Path;

use carnet_ticket::api_key::{self, ApiKeyId};
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::{self, NodeKey, TicketId};
use serde_json::{Value, json};

use crate::cli::InspectArgs;
use crate::connect;
use crate::failure::Failure;
use crate::output;

/// Tells what was given. Nothing of a secret is shown but its fingerprint.
pub fn run(args: &InspectArgs) -> anyhow::Result<()> {
    connect::refuse_secret(&args.what)?;
    let what = if args.what == "-" { connect::secret(Path::new("-"))? } else { args.what.clone() };
    let value = describe(&what).ok_or_else(|| {
        Failure::Usage(
            "not a form that is known: ticket:…, carnet_ak_…, key:…, node:…, or 64 hex digits"
                .to_owned(),
        )
    })?;
    output::show(args.format, &value, output::object)?;
    Ok(())
}

fn describe(what: &str) -> Option<Value> {
    let content = |class: &str, id: UniqueId| json!({ "class": class, "content_id": id.to_string(), "fingerprint": id.fingerprint().to_string() });
    if let Ok(ticket) = what.parse::<TicketId>() {
        return Some(content("realm", realm::content_id(&ticket)));
    }
    if let Some(id) = ApiKeyId::of_text(what).or_else(|| ApiKeyId::parse(what).ok()) {
        let mut value = content("api-key", api_key::content_id(&id.to_string()));
        value["id"] = Value::from(id.to_string());
        return Some(value);
    }
    if let Ok(key) = what.parse::<NodeKey>() {
        let hash = hex::encode(key.as_bytes());
        return Some(json!({ "class": "node", "key": key, "hash": hash }));
    }
    UniqueId::from_hex(what).ok().map(|id| content("content-id", id))
}
