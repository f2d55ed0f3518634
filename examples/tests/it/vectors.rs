//! The operations of `ca-and-registry.json` that are the example workers'.

use base64::prelude::{BASE64_STANDARD, Engine};
use carnet_worker::WorkerApplication;
use serde_json::{Map, Value, json};

use crate::runner::{Input, Op, Outcome, run};
use crate::support::{Answer, Fleet, Part};
use crate::workers::{doc_converter, email_parser, hello_world, image_classifier};

const OPS: &[(&str, Op)] = &[
    ("http worker_https", http),
    ("doc_detect", doc_detect),
    ("image_classify", image_classify),
    ("email_parse", email_parse),
];

/// Promise: K-63
#[test]
fn ca_and_registry() {
    run("ca-and-registry.json", OPS);
}

/// Does something with a worker that serves.
fn with<T>(worker: WorkerApplication, act: impl AsyncFnOnce(&Fleet) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { act(&Fleet::start(worker).await).await })
}

fn post_form(worker: WorkerApplication, path: &str, parts: &[Part<'_>]) -> Answer {
    with(worker, async |fleet: &Fleet| fleet.post_form(path, parts).await)
}

/// What came, or how it was refused.
fn outcome(answer: &Answer, ok: impl FnOnce(Value) -> Value) -> Outcome {
    match answer.refusal() {
        (200, _) => Ok(ok(answer.json())),
        (status, code) => Err(json!({ "error": code, "status": status })),
    }
}

fn http(input: &mut Input) -> Outcome {
    let given = input.take("given");
    assert_eq!(given["worker"], "hello-world");
    assert_eq!(given["worker_id"], crate::support::WORKER_ID);
    let request: Map<String, Value> = serde_json::from_value(input.take("request")).unwrap();
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let (path, content_type, body) = (text("path"), text("content_type"), text("body_text"));
    let answer = with(hello_world::worker(0), async |fleet: &Fleet| {
        match (text("method"), text("credential")) {
            ("GET", "valid") => fleet.get(path).await,
            ("GET", "none") => fleet.get_as_nobody(path).await,
            ("POST", "valid") => fleet.post(path, content_type, body.into()).await,
            other => panic!("{other:?}"),
        }
    });
    let body = answer.json();
    if answer.status == 200 {
        return Ok(json!({ "status": 200, "body": body }));
    }
    let error = match &body["detail"] {
        Value::Array(faults) => faults[0]["type"].clone(),
        text if text == "Client certificate required" => json!("ClientCertificateRequired"),
        text if text == "Message cannot be empty" => json!("EmptyMessage"),
        text if text == "exclamations must be an integer between 0 and 10" => {
            json!("BadExclamations")
        }
        other => panic!("{other}"),
    };
    Err(json!({ "error": error, "status": answer.status, "body": body }))
}

/// The answer says what the document was taken for.
fn doc_detect(input: &mut Input) -> Outcome {
    let filename = input.take("filename");
    let content = input.text("content");
    let output = input.maybe("output_format");
    let output = output.as_ref().and_then(Value::as_str).unwrap_or("plain");
    let parts: [Part<'_>; 2] = [
        ("file", filename.as_str(), content.as_bytes()),
        ("output_format", None, output.as_bytes()),
    ];
    let answer = post_form(doc_converter::worker(0), "/convert", &parts);
    outcome(&answer, |body| {
        let message = body["message"].as_str().unwrap().to_owned();
        json!({ "format": message.split(' ').nth(2) })
    })
}

fn image_classify(input: &mut Input) -> Outcome {
    let file = BASE64_STANDARD.decode(input.text("file_base64")).unwrap();
    let types = input.text("classification_types");
    let parts: [Part<'_>; 2] =
        [("file", Some("picture"), &file), ("classification_types", None, types.as_bytes())];
    outcome(&post_form(image_classifier::worker(0), "/classify", &parts), |body| body)
}

fn email_parse(input: &mut Input) -> Outcome {
    let eml = input.text("eml");
    let request = match input.take("request_data") {
        Value::String(text) => text,
        object => object.to_string(),
    };
    let parts: [Part<'_>; 2] =
        [("file", Some("a.eml"), eml.as_bytes()), ("request_data", None, request.as_bytes())];
    outcome(&post_form(email_parser::worker(0), "/parse/eml", &parts), |mut body| {
        body["messages"][0].take()
    })
}
