//! `ca-and-registry.json`: what a worker does with files, names and numbers.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use carnet_ticket::task::Lease;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_worker::bootstrap::{Action, Held, decide};
use carnet_worker::capability::{CapabilityDefinition, Version, service_type};
use carnet_worker::rpc::{Begun, Replies};
use carnet_worker::{FileFault, WorkerError, WorkerIdentity, cert_dir, heartbeat_form, lease};
use serde_json::{Value, json};

use crate::runner::{self, Input, Op, Outcome, error, variant};
use crate::support::Machine;

const OPS: &[(&str, Op)] = &[
    ("cert_dir", cert_dir_op),
    ("cert_files", cert_files),
    ("capability", capability),
    ("version_parse", version_parse),
    ("version_compatible", version_compatible),
    ("heartbeat_encode", heartbeat_encode),
    ("service_type", service_type_op),
    ("lease_accept", lease_accept),
    ("rpc_idempotency", rpc_idempotency),
];

/// Promise: K-14
/// Promise: K-15
/// Promise: K-16
/// Promise: K-35
/// Promise: K-36
/// Promise: K-48
/// Promise: K-52
#[test]
fn every_case_holds() {
    runner::run("ca-and-registry.json", OPS);
}

fn cert_dir_op(input: &mut Input) -> Outcome {
    let env = serde_json::from_value(input.take("env")).unwrap();
    let home = input.text("home");
    let paths = |value: Value| serde_json::from_value::<BTreeSet<String>>(value).unwrap();
    let (existing, writable) = (paths(input.take("existing")), paths(input.take("writable")));
    let is_in = |set: &BTreeSet<String>, path: &Path| set.contains(path.to_str().unwrap());
    let exists = |path: &Path| is_in(&existing, path);
    let is_writable = |path: &Path| is_in(&writable, path);
    let dir = cert_dir::choose(&env, Path::new(&home), &exists, &is_writable);
    Ok(json!({ "dir": dir }))
}

fn cert_files(input: &mut Input) -> Outcome {
    let state = input.text("state");
    let life_left = input.maybe("life_left").and_then(|left| left.as_f64());
    let has_token = input.maybe("token").is_some_and(|token| token == true);
    let held = match &*state {
        "valid" => Held::Pair { life_left: life_left.unwrap() },
        "expired" => Held::Pair { life_left: 0.0 },
        state => return Err(damaged(state)),
    };
    let action = match decide(held, has_token) {
        Action::Reuse => "reuse",
        Action::Renew => "renew",
        Action::Enroll => "enroll",
        Action::Refuse => "refuse",
    };
    Ok(json!({ "action": action }))
}

/// What is said of a directory in which one thing is wrong.
fn damaged(state: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (dir, _machine) = runtime.block_on(async {
        let (machine, _ca) = Machine::enrolling().await;
        machine.bootstrap().await.unwrap();
        (machine.dir(), machine)
    });
    let key = dir.join("client.key");
    match state {
        "missing-key" => std::fs::remove_file(key).unwrap(),
        "empty-cert" => std::fs::write(dir.join("client.crt"), "").unwrap(),
        "key-mismatch" => {
            std::fs::write(key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        }
        "open-mode" => {
            std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        state => panic!("unknown state {state}"),
    }
    match WorkerIdentity::load(&dir) {
        Err(WorkerError::CertificateFile { path, fault }) => {
            json!({ "error": fault_name(fault), "file": path.file_name().unwrap().to_str() })
        }
        other => panic!("{state}: {other:?}"),
    }
}

fn fault_name(fault: FileFault) -> String {
    variant(&fault)
}

fn capability(input: &mut Input) -> Outcome {
    let given = input.take("definition");
    let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
    let mut definition = CapabilityDefinition::new(&text("id"), &text("version"))
        .verb(&text("verb"))
        .description(&text("description"))
        .input_schema(given["input_schema"].clone())
        .output_schema(given["output_schema"].clone());
    for one in given["errors"].as_array().into_iter().flatten() {
        let (code, meaning) = (one["code"].as_str().unwrap(), one["description"].as_str().unwrap());
        definition = definition.error(code, meaning, one["retryable"] == true);
    }
    definition.key().map(|key| json!({ "key": key })).map_err(|fault| error(&variant(&fault)))
}

fn version_parse(input: &mut Input) -> Outcome {
    let version: Version = input.text("text").parse().map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "major": version.major, "minor": version.minor, "patch": version.patch }))
}

fn version_compatible(input: &mut Input) -> Outcome {
    let mut version = |name| input.text(name).parse::<Version>().unwrap();
    let (offered, wanted) = (version("offered"), version("wanted"));
    if offered.serves(wanted) {
        Ok(json!({ "compatible": true }))
    } else {
        Err(error("Incompatible"))
    }
}

fn heartbeat_encode(input: &mut Input) -> Outcome {
    let load = match input.take("load_score") {
        Value::String(text) => match &*text {
            "NaN" => f32::NAN,
            "Infinity" => f32::INFINITY,
            _ => f32::NEG_INFINITY,
        },
        value => serde_json::from_value(value).unwrap(),
    };
    let form = heartbeat_form(&input.text("service_type"), load);
    form.map(|prefix| json!({ "prefix": prefix })).map_err(|fault| error(&variant(&fault)))
}

fn service_type_op(input: &mut Input) -> Outcome {
    let given: Vec<String> = serde_json::from_value(input.take("capabilities")).unwrap();
    let ids: Result<Vec<_>, _> = given.iter().map(|id| id.parse()).collect();
    let ids = ids.map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "service_type": service_type(&ids) }))
}

fn lease_accept(input: &mut Input) -> Outcome {
    let profile = match &*input.text("profile") {
        "compat" => Profile::Compat,
        _ => Profile::Strict,
    };
    let (own_id, own_instance) =
        (input.text("own_id").parse().unwrap(), input.text("own_instance"));
    let (resource, high_water) = (input.text("resource_id"), input.number("high_water"));
    let now = Timestamp::from_rfc3339(&input.text("now")).unwrap();
    let accepted = Lease::read(&input.take("lease"), profile).and_then(|lease| {
        lease::accept(&lease, &own_id, &own_instance, &resource, high_water, now)?;
        Ok(lease.generation)
    });
    let generation = accepted.map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "high_water": generation.max(high_water) }))
}

fn rpc_idempotency(input: &mut Input) -> Outcome {
    let calls: Vec<(String, String)> = serde_json::from_value(input.take("calls")).unwrap();
    let (mut replies, now) = (Replies::<usize>::default(), Timestamp(0));
    let (mut executed, mut replayed) = (0, Vec::new());
    for (id, body) in calls {
        let begun = replies.begin(&id, body.as_bytes(), now);
        let begun = begun
            .map_err(|fault| json!({ "error": fault.name(), "status": fault.status().as_u16() }))?;
        replayed.push(matches!(begun, Begun::Again(_)));
        if let Begun::First(answer) = begun {
            executed += 1;
            answer.send(Some(executed)).unwrap();
        }
    }
    Ok(json!({ "executed": executed, "replayed": replayed }))
}
