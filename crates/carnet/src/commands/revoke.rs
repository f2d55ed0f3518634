//! `carnet revoke`: one verb for anything.

use carnet_realm::client::{Client, ClientError};
use carnet_ticket::{api_key, capability, jwt, realm, worker_token};
use reqwest::Method;
use serde_json::{Value, json};

use super::ticket::{self, list};
use crate::cli::credential::RevokeArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::given;
use crate::output;
use crate::what::{self, What};

/// The most characters of an id that the ledger is asked for.
const TOKEN_ID_LEN_MAX: usize = 128;

/// What the revocation route is sent.
struct Selector {
    kind: &'static str,
    value: String,
    worker_id: Option<String>,
}

/// Ends what was named, or says what would end.
pub async fn run(args: RevokeArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    connect::refuse_secret(&args.what)?;
    let text = given::text(&args.what)?;
    one(&text, &args, surroundings).await
}

/// Ends what `text` names.
pub async fn one(text: &str, args: &RevokeArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let what = What::of(text)?;
    refuse_what_no_server_has(what)?;
    let client = connect::client(&args.server, surroundings)?;
    if !args.preview
        && let Some((kind, id)) = by_its_own_route(&client, what).await?
    {
        let value = json!({ "kind": kind, "value": id, "status": "revoked" });
        return Ok(output::show(args.server.format, &value, |_| {
            format!("revoked {id}, with the tickets it issued")
        })?);
    }
    let selector = match what {
        What::Other(id) => in_ledger(&client, id).await?,
        other => selector(other)?,
    };
    let answer = post(&client, &selector, args).await?;
    Ok(show(args, &answer)?)
}

/// Ends what has a route of its own for that: its kind and its id. An agent that is somebody else's is not found
/// there; an administrator ends it by its content.
async fn by_its_own_route(
    client: &Client,
    what: What<'_>,
) -> Result<Option<(&'static str, String)>, ClientError> {
    let (kind, id, done) = match what {
        What::ApiKey(id) => {
            let path = format!("/api/v1/admin/api-keys/{id}");
            client.call(Method::DELETE, &path, None).await?;
            return Ok(Some(("api_key", id.to_string())));
        }
        What::AgentToken(id) => {
            ("agent_token", id.to_string(), client.delete_token(&id.to_string()).await)
        }
        What::Client(id) => ("client", id.to_string(), client.delete_client(&id.to_string()).await),
        _ => return Ok(None),
    };
    match done {
        Ok(_) => Ok(Some((kind, id))),
        Err(error) => {
            let is_unknown = error.refusal().is_some_and(|refusal| refusal.status.as_u16() == 404);
            if is_unknown { Ok(None) } else { Err(error) }
        }
    }
}

/// What is recognised and has no route yet.
fn refuse_what_no_server_has(what: What<'_>) -> Result<(), Failure> {
    let kind = match what {
        What::Enrollment(_) => "enrollments",
        What::Worker(_) => "workers by their certificate's name",
        _ => return Ok(()),
    };
    Err(Failure::CouldNotRun(format!("{kind} cannot be revoked by this version")))
}

/// The kind and value by form, and nothing else.
fn selector(what: What<'_>) -> Result<Selector, Failure> {
    let of = |kind, value: String| Ok(Selector { kind, value, worker_id: None });
    match what {
        What::WorkerToken(token) => worker_token(token),
        What::Jwt(token) => {
            jwt::inspect(token).map_err(|error| Failure::denied(error.code(), error))?;
            of("content_id", jwt::content_id(token).to_string())
        }
        What::Capability(token) => {
            let id = capability::content_id(token).map_err(ticket::malformed)?;
            of("content_id", id.to_string())
        }
        What::ApiKey(id) => of("content_id", api_key::content_id(&id.to_string()).to_string()),
        What::AgentToken(id) => of("content_id", realm::agent_content_id(id).to_string()),
        What::Client(id) => of("content_id", realm::agent_content_id(id).to_string()),
        What::Realm(ticket) => of("realm_ticket", ticket.to_string()),
        What::Content(id) => of("content_id", id.to_string()),
        What::Subject(id) => of("subject", id.to_owned()),
        What::Key(id) => of("key", id.to_string()),
        What::Certificate(serial) => of("certificate", serial.to_owned()),
        _ => Err(what::unknown()),
    }
}

/// By its id, of its worker alone; one without an id by its content.
fn worker_token(token: &str) -> Result<Selector, Failure> {
    let said = worker_token::inspect(token);
    let said = said.map_err(|error| Failure::denied(error.code(), error))?;
    let (kind, value, worker_id) = match said.token_id {
        Some(id) => ("token_id", id, said.worker_id),
        None => ("content_id", worker_token::content_id(token).to_string(), None),
    };
    Ok(Selector { kind, value, worker_id })
}

/// The id of a token, if the ledger has it.
async fn in_ledger(client: &Client, id: &str) -> anyhow::Result<Selector> {
    let is_id = id.len() <= TOKEN_ID_LEN_MAX
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    if !is_id {
        return Err(what::unknown().into());
    }
    // A subject may be spelt as an id is.
    let named = list::all(client, &[("q", id)]).await?;
    if named.iter().any(|entry| entry["token_id"] == id) {
        Ok(Selector { kind: "token_id", value: id.to_owned(), worker_id: None })
    } else {
        Err(what::unknown().into())
    }
}

async fn post(
    client: &Client,
    selector: &Selector,
    args: &RevokeArgs,
) -> Result<Value, ClientError> {
    let mut body = json!({ "kind": selector.kind, "value": selector.value });
    let beside = [("worker_id", &selector.worker_id), ("reason", &args.reason)];
    for (name, value) in beside {
        if let Some(value) = value {
            body[name] = Value::from(value.as_str());
        }
    }
    let path = format!("/api/v1/admin/revocations?preview={}", args.preview);
    client.call(Method::POST, &path, Some(&body)).await
}

fn show(args: &RevokeArgs, answer: &Value) -> std::io::Result<()> {
    output::show(args.server.format, answer, |answer| {
        if args.preview { would_end(answer) } else { revoked(answer) }
    })
}

/// What a preview says would end, a line each; of each kind as many as it names.
fn would_end(answer: &Value) -> String {
    let kinds = answer["ends"].as_object().into_iter().flatten();
    let (mut count, mut lines) = (0, Vec::new());
    for (kind, listed) in kinds {
        let ids = listed["ids"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = listed["count"].as_u64().unwrap_or_default();
        count += named;
        lines.extend(ids.iter().map(|id| format!("{kind} {}", output::text(id))));
        if let Some(more) = named.checked_sub(ids.len() as u64).filter(|more| *more > 0) {
            lines.push(format!("{kind} and {more} more"));
        }
    }
    let (kind, value) = (output::text(&answer["kind"]), output::text(&answer["value"]));
    lines.insert(0, format!("would end {count} of {kind} {value}"));
    lines.join("\n")
}

/// What an answer says was revoked.
pub fn revoked(answer: &Value) -> String {
    let entry = &answer["revocation"];
    format!(
        "revoked {} {} (number {})",
        output::text(&entry["kind"]),
        output::text(&entry["value"]),
        entry["seq"]
    )
}
