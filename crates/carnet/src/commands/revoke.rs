//! `carnet revoke`: one verb for anything.

use std::path::Path;

use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::TicketId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::RevokeArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Ends what was named, or says what would end.
pub async fn run(args: RevokeArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    connect::refuse_secret(&args.what)?;
    let what = if args.what == "-" { connect::secret(Path::new("-"))? } else { args.what.clone() };
    let client = connect::client(&args.server, surroundings)?;
    if let Some(id) = ApiKeyId::of_text(&what).or_else(|| ApiKeyId::parse(&what).ok()) {
        if args.preview {
            let content = carnet_ticket::api_key::content_id(&id.to_string()).to_string();
            let preview = post(&client, "content_id", &content, None, true).await?;
            return Ok(show(&args, &preview)?);
        }
        client.call(Method::DELETE, &format!("/api/v1/admin/api-keys/{id}"), None).await?;
        let value = json!({ "kind": "api_key", "value": id.to_string(), "status": "revoked" });
        return Ok(output::show(args.server.format, &value, |_| {
            format!("revoked {id}, with the tickets it issued")
        })?);
    }
    let (kind, value) = kind(&what).ok_or_else(|| {
        let forms = "ticket:<ULID>, key:<ULID>, 64 hex digits, subject/ID, key/ID or cert/SERIAL";
        Failure::Usage(format!("not something that can be revoked: expected {forms}"))
    })?;
    let answer = post(&client, kind, value, args.reason.as_deref(), args.preview).await?;
    Ok(show(&args, &answer)?)
}

async fn post(
    client: &carnet_realm::client::Client,
    kind: &str,
    value: &str,
    reason: Option<&str>,
    is_preview: bool,
) -> anyhow::Result<Value> {
    let mut body = json!({ "kind": kind, "value": value });
    if let Some(reason) = reason {
        body["reason"] = Value::from(reason);
    }
    let path = format!("/api/v1/admin/revocations?preview={is_preview}");
    Ok(client.call(Method::POST, &path, Some(&body)).await?)
}

/// The kind by prefix, and nothing else.
fn kind(what: &str) -> Option<(&'static str, &str)> {
    if what.parse::<TicketId>().is_ok() {
        return Some(("realm_ticket", what));
    }
    if UniqueId::from_hex(what).is_ok() {
        return Some(("content_id", what));
    }
    let (kind, value) = what.split_once('/')?;
    match kind {
        "subject" => Some(("subject", value)),
        "key" => Some(("key", value)),
        "cert" => Some(("certificate", value)),
        _ => None,
    }
}

fn show(args: &RevokeArgs, answer: &Value) -> std::io::Result<()> {
    output::show(args.server.format, answer, |answer| {
        if args.preview {
            let grants = output::text(&answer["ends"]["grants"]["count"]);
            return format!(
                "would end {grants} live grants of {} {}",
                output::text(&answer["kind"]),
                output::text(&answer["value"])
            );
        }
        let entry = &answer["revocation"];
        format!(
            "revoked {} {} (number {})",
            output::text(&entry["kind"]),
            output::text(&entry["value"]),
            entry["seq"]
        )
    })
}
