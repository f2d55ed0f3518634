//! `carnet revoke`: one verb for anything.

use carnet_realm::client::{Client, ClientError};
use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::Member;
use carnet_ticket::{api_key, capability, jwt, realm, worker_token};
use reqwest::Method;
use serde_json::{Value, json};

use super::ticket::{self, list};
use super::{ca, enroll};
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
    let client = connect::client(&args.server, surroundings)?;
    if !args.preview
        && let Some(answer) = in_the_fleet(&client, what, args.reason.as_deref()).await?
    {
        return Ok(output::show(args.server.format, &answer, ca::revoke::text)?);
    }
    if !args.preview
        && let Some((kind, id)) = by_its_own_route(&client, what).await?
    {
        let value = json!({ "kind": kind, "value": id, "status": "revoked" });
        return Ok(output::show(args.server.format, &value, |_| match kind {
            "enrollment" => format!("revoked {id}"),
            _ => format!("revoked {id}, with the tickets it issued"),
        })?);
    }
    let selector = match what {
        What::Other(id) => in_ledger(&client, id).await?,
        other => selector(other)?,
    };
    let answer = post(&client, &selector, args).await?;
    Ok(show(args, &answer)?)
}

/// Ends a certificate of ours, or a worker with everything that it has.
async fn in_the_fleet(
    client: &Client,
    what: What<'_>,
    reason: Option<&str>,
) -> anyhow::Result<Option<Value>> {
    let done = match what {
        What::Worker(name) => {
            let name = name.parse().map_err(|_| what::unknown())?;
            ca::revoke::member(client, &Member::worker(name), reason).await
        }
        What::Certificate(text) => match text.parse() {
            Ok(serial) => ca::revoke::certificate(client, serial, reason).await,
            // Not one of ours, which are all of one length.
            Err(_) => return Ok(None),
        },
        _ => return Ok(None),
    };
    match done {
        Err(error) if is_unknown(&error) && matches!(what, What::Certificate(_)) => Ok(None),
        done => Ok(Some(done?)),
    }
}

fn is_unknown(error: &ClientError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.status.as_u16() == 404)
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
        What::Enrollment(text) => {
            // Of a token the server is told what it keeps of it, and not the token.
            let digest = EnrollmentToken::decode(text).map(|token| hex::encode(token.digest().0));
            let named = digest.unwrap_or_else(|_| text.to_owned());
            enroll::revoke::delete(client, &named).await?;
            return Ok(Some(("enrollment", named)));
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
            if is_unknown(&error) {
                Ok(None)
            } else {
                Err(error)
            }
        }
    }
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
        What::Worker(name) => of("subject", format!("worker/{name}")),
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
