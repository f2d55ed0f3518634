//! `validators.json`: revocations and meters.

use carnet_gate::{Cost, Delta, Entry, Gate, Grant, Selector};
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Ended, Limits, Reason, RevocationKind, Surface, Verified};
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};
use crate::support::{facts, gate, presented};

const OPS: &[(&str, runner::Op)] = &[("revocation", revocation), ("meter", meter)];

/// Promise: G-7, G-11
#[test]
fn vectors_validators() {
    runner::run("validators.json", OPS);
}

fn revocation(input: &mut Input) -> Outcome {
    let credential = credential(&input.take("ticket"));
    let now = Timestamp::from_unix_s(input.take("now").as_i64().unwrap());
    let entries = input.take("entries").as_array().unwrap().iter().map(entry).collect::<Vec<_>>();
    let (gate, _) = gate();
    let delta = Delta { from_seq: entries[0].seq, seq: entries[entries.len() - 1].seq, entries };
    gate.apply(&delta).unwrap();
    match gate.revocations().judge(&credential, now) {
        Some(kind) => Err(error(&format!("Revoked({kind})"))),
        None => Ok(json!({ "revoked": false })),
    }
}

fn credential(ticket: &Value) -> Verified {
    let text = |name: &str| ticket[name].as_str().map(str::to_owned);
    let ancestors = ticket["ancestors"].as_array().unwrap();
    Verified {
        class: Class::ALL
            .into_iter()
            .find(|class| Some(class.as_str()) == ticket["class"].as_str())
            .unwrap(),
        content_id: UniqueId::from_hex(&text("content_id").unwrap()).unwrap(),
        subject: text("subject"),
        token_id: text("jti"),
        key_id: text("key_id").map(|id| KeyId::from_hex(&id).unwrap()),
        issued_at: ticket["issued_at"].as_i64().map(Timestamp::from_unix_s),
        expires: Expiration::Never,
        rights: Some(Rights::Routes(RouteScopes::of_role("worker"))),
        limits: Limits::none(),
        certificate: text("certificate"),
        ancestors: ancestors
            .iter()
            .map(|id| UniqueId::from_hex(id.as_str().unwrap()).unwrap())
            .collect(),
        claims: serde_json::Map::new(),
    }
}

fn entry(entry: &Value) -> Entry {
    let seconds = |name: &str| entry[name].as_i64().map(Timestamp::from_unix_s);
    let kind = RevocationKind::from_name(entry["kind"].as_str().unwrap()).unwrap();
    let line = seconds("issued_before").unwrap_or(Timestamp(0));
    let selector =
        Selector::parse(kind, entry["value"].as_str().unwrap(), entry["worker_id"].as_str(), line);
    Entry {
        seq: entry["seq"].as_u64().unwrap(),
        selector: selector.unwrap(),
        at: seconds("at").unwrap(),
        exp: seconds("exp"),
    }
}

fn meter(input: &mut Input) -> Outcome {
    let (gate, _) = gate();
    let mut grants = Vec::new();
    let results: Vec<_> = input
        .take("steps")
        .as_array()
        .unwrap()
        .iter()
        .map(|step| meter_step(&gate, &mut grants, step))
        .collect();
    Ok(json!({ "results": results }))
}

fn meter_step(gate: &Gate, grants: &mut Vec<Grant>, step: &Value) -> Value {
    let content = UniqueId::from_hex(step["content_id"].as_str().unwrap()).unwrap();
    let result = match step["do"].as_str().unwrap() {
        "admit" => {
            let mut facts = facts(gate, content);
            facts.row.as_mut().unwrap().limits = limits(&step["limits"]);
            gate.admit(&presented(Class::Realm), &facts, Surface::Api)
                .map(|grant| grants.push(grant))
        }
        "charge" => {
            let grant = grants.iter().rfind(|grant| grant.content_id() == content).unwrap();
            futures::executor::block_on(grant.charge(cost(&step["cost"])))
        }
        other => panic!("unknown step {other}"),
    };
    match result.map_err(|denied| denied.reason) {
        Ok(()) => json!("ok"),
        Err(Reason::Exhausted(meter)) => error(&format!("Exhausted({meter})")),
        Err(Reason::Ended(Ended::Exhausted(meter))) => error(&format!("Ended(Exhausted({meter}))")),
        Err(Reason::Quota(meter)) => error(&format!("Quota({meter})")),
        Err(reason) => error(&variant(&reason)),
    }
}

fn limits(value: &Value) -> Limits {
    let of = |name: &str| value.get(name).and_then(Value::as_u64);
    Limits {
        ops: of("ops"),
        ticks: of("ticks"),
        bandwidth_bytes: of("bandwidth_bytes"),
        cursor_resumes: of("cursor_resumes"),
        cursor_advances: of("cursor_advances"),
    }
}

fn cost(value: &Value) -> Cost {
    let of = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    Cost {
        ops: of("ops"),
        ticks: of("ticks"),
        bandwidth_bytes: of("bandwidth_bytes"),
        cursor_resumes: of("cursor_resumes"),
        cursor_advances: of("cursor_advances"),
    }
}
