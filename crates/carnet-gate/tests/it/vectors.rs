//! `validators.json`: revocations and meters. `capability.json`: what a grant may spend.

use std::collections::BTreeMap;

use carnet_gate::{Clock, Cost, Delta, Denied, Entry, Gate, Grant, Selector};
use carnet_ticket::capability::{Role, TicketScope, TicketVerb};
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::rights::{PathScopes, PathVerb, Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Ended, Limits, Reason, RevocationKind, Surface, Verified};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};
use crate::support::{facts, gate, gate_at, presented};

/// Promise: G-7, G-11
#[test]
fn vectors_validators() {
    runner::run("validators.json", &[("revocation", revocation), ("meter", meter)]);
}

#[test]
fn vectors_capability() {
    runner::run("capability.json", &[("charge", charge)]);
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
            block_on(grant.charge(cost(&step["cost"])))
        }
        other => panic!("unknown step {other}"),
    };
    shown(result.map_err(|denied| denied.reason))
}

fn shown(result: Result<(), Reason>) -> Value {
    match result {
        Ok(()) => json!("ok"),
        Err(Reason::Exhausted(meter)) => error(&format!("Exhausted({meter})")),
        Err(Reason::Ended(Ended::Exhausted(meter))) => error(&format!("Ended(Exhausted({meter}))")),
        Err(Reason::Ended(why)) => error(&format!("Ended({why:?})")),
        Err(Reason::Quota(meter)) => error(&format!("Quota({meter})")),
        Err(reason) => error(&variant(&reason)),
    }
}

/// One grant on the namespace, with a scope for each that a step names.
fn charge(input: &mut Input) -> Outcome {
    let steps = input.take("steps");
    let steps = steps.as_array().unwrap();
    let declared = input.take("limits");
    let (clock, hand) = Clock::manual(Timestamp(0));
    let gate = gate_at(clock);
    let mut facts = facts(&gate, UniqueId::from_u8(1));
    let row = facts.row.as_mut().unwrap();
    row.limits = limits(&declared);
    row.expires = declared["expires_at_ms"]
        .as_i64()
        .map_or(Expiration::Never, |ms| Expiration::At(Timestamp(ms)));
    row.rights = Some(Rights::Paths(PathScopes { role: Role::Queen, scopes: scopes(steps) }));
    let grant = gate.admit(&presented(Class::Capability), &facts, Surface::Namespace).unwrap();
    let results: Vec<_> = steps
        .iter()
        .map(|step| {
            hand.set(Timestamp(step["at_ms"].as_i64().unwrap()));
            shown(block_on(charge_step(&grant, step)).map_err(|denied| denied.reason))
        })
        .collect();
    Ok(json!({ "results": results }))
}

async fn charge_step(grant: &Grant, step: &Value) -> Result<(), Denied> {
    let Some(read) = step.get("read") else {
        let cost = cost(&step["cost"]);
        let permit = step["scope"].as_u64().map(|index| {
            let path = format!("/{index}");
            grant.paths().unwrap().permits(PathVerb::Read, &path).unwrap()
        });
        return grant.charge(permit.map_or(cost, |permit| cost.under(permit))).await;
    };
    let amount = |name: &str| read[name].as_u64().unwrap();
    let bytes = amount("requested").min(amount("available"));
    let hold = grant.hold(Cost::op().bytes(bytes)).await?;
    hold.settle(Cost::op().bytes(bytes)).await;
    Ok(())
}

fn scopes(steps: &[Value]) -> Vec<TicketScope> {
    let mut rates = BTreeMap::new();
    for step in steps {
        if let (Some(scope), Some(rate)) = (step["scope"].as_u64(), step["scope_rate"].as_u64()) {
            rates.insert(scope, u32::try_from(rate).unwrap());
        }
    }
    let scope = |(index, rate)| TicketScope::new(format!("/{index}"), TicketVerb::Read, rate);
    rates.into_iter().map(scope).collect()
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
        permit: None,
    }
}
