//! The requests of `ca-and-registry.json` to the fleet's listener.

use std::time::Duration;

use carnet_server::registry::{AdminStates, Reported, WorkerState};
use carnet_server::tasks::TaskRequest;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::enrollment::enrollment;
use super::registry::ID;
use super::support::{Fleet, Member};
use crate::runner::{self, Input, Outcome};
use crate::support::AUTHORITY;

const OPS: &[(&str, runner::Op)] = &[
    ("http fleet", |input| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(http(input))
    }),
    ("worker_state", worker_state),
    ("task_request", task_request),
    ("placement", super::placement::vector),
];

/// Placed are those that are online.
fn worker_state(input: &mut Input) -> Outcome {
    let admin = input.maybe("admin");
    let is_set = |verb: &str| {
        let verbs = admin.as_ref().and_then(Value::as_array);
        verbs.is_some_and(|verbs| verbs.iter().any(|set| set == verb))
    };
    let states = AdminStates {
        cordoned: is_set("cordon"),
        draining: is_set("drain"),
        quarantined: is_set("quarantine"),
    };
    let age = Duration::from_secs(input.take("age_s").as_u64().unwrap());
    let reported = input.maybe("reported");
    let reported = reported.as_ref().and_then(Value::as_str).unwrap_or_default();
    let reported = Reported::parse(reported).map_err(|_| json!({ "error": "InvalidStatus" }))?;
    let state = WorkerState::of(states, reported, age, Duration::from_mins(2));
    Ok(json!({ "state": state.as_str(), "placeable": state == WorkerState::Online }))
}

fn task_request(input: &mut Input) -> Outcome {
    let sources = carnet_config::Sources::default();
    let config = carnet_config::load(&sources).unwrap().config;
    let body = input.take("body").to_string();
    let request = TaskRequest::parse(body.as_bytes(), &config.tasks).map_err(|problem| {
        let field = &problem.details.as_ref().unwrap()["field"];
        json!({ "error": problem.code, "status": problem.status.as_u16(), "field": field })
    })?;
    assert_eq!(request.realm.as_deref(), Some("acme"));
    let spec = request.spec;
    Ok(json!({
        "version": spec.version,
        "timeout_s": spec.timeout_ms / 1000,
        "output_bytes": spec.output_bytes,
        "max_attempts": spec.max_attempts,
        "requires_gpu": spec.requires_gpu,
    }))
}

/// Promise: K-9, K-38, K-57
#[test]
fn vectors_ca_and_registry() {
    runner::run("ca-and-registry.json", OPS);
}

/// A worker under the names that the vectors' workers have.
async fn hello_world(fleet: &Fleet) -> Member {
    let body = json!({ "name": "hello-world", "dns": ["hello-world"] });
    let (_, token) = enrollment(fleet, &body).await;
    fleet.enroll(&token, "hello-world").await
}

async fn http(input: &mut Input) -> Outcome {
    let given = input.take("given");
    let request = input.take("request");
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let is_compat = given["fleet_compat"] == true;
    let mut settings = AUTHORITY.to_vec();
    settings.extend((given["profile"] == "compat").then_some(("profile.default", "compat")));
    settings.extend(is_compat.then_some(("fleet.compat", "true")));
    let fleet = Fleet::start_with(&settings).await;
    let credential = text("credential");
    // Whoever may call is a worker by its certificate, or where that is allowed by a token.
    let is_valid = credential == "valid";
    let member = if is_valid && !is_compat { Some(hello_world(&fleet).await) } else { None };
    let token = if is_valid && is_compat { Some(fleet.worker_token(ID).await) } else { None };
    let client = fleet.client(member.as_ref());
    let authorized = |request: RequestBuilder| match &token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    for (list, path) in
        [("registered", "/v1/workers/register"), ("controller_registered", "/register")]
    {
        for registered in given[list].as_array().into_iter().flatten() {
            let asked = client.post(format!("{}{path}", fleet.url)).json(registered);
            fleet.send(authorized(asked)).await.expect(200);
        }
    }
    let method = Method::from_bytes(text("method").as_bytes()).unwrap();
    let url = format!("{}{}", fleet.url, text("path"));
    let mut asked = authorized(client.request(method, url).body(text("body_text")));
    if request["content_type"].is_string() {
        asked = asked.header("Content-Type", text("content_type"));
    }
    if let Some(name) = credential.strip_prefix("enrollment:") {
        let (_, token) = enrollment(&fleet, &json!({ "name": name })).await;
        asked = asked.basic_auth("enroll", Some(token));
    }
    let answer = fleet.send(asked).await;
    let (status, body) = (answer.status.as_u16(), answer.json());
    if answer.status.is_success() {
        return Ok(json!({ "status": status, "body": body }));
    }
    let is_registration = text("path").ends_with("/register");
    Err(json!({ "error": name_of(&body, is_registration), "status": status, "body": body }))
}

/// What the vectors call a refusal.
fn name_of(body: &Value, is_registration: bool) -> Value {
    let name = match &body["detail"] {
        Value::Array(faults) => return faults[0]["type"].clone(),
        Value::String(detail) => detail.as_str(),
        _ => "",
    };
    json!(match name {
        "CSR is required" => "CsrRequired",
        "CSR is not valid" => "CsrInvalid",
        "Gone: send a CSR to /certificates/csr" => "Gone",
        "Method Not Allowed" => "MethodNotAllowed",
        "Client certificate required" => "ClientCertificateRequired",
        "Missing authorization header" => "Unauthorized",
        "Forbidden" if is_registration => "UrlNotAllowed",
        "Forbidden" => "NameMismatch",
        _ if name.starts_with("No worker available for ") => "NoWorker",
        other => other,
    })
}
