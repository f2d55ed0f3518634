//! `realm-nodes.json`: what a child ticket gets of its parent, and what depots remember.

use std::collections::HashMap;

use carnet_realm::depot;
use carnet_realm::ticket::{By, CreateTicket, Parent, WritableRequest, attenuate};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::rights::WriteLimits;
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

use crate::runner::{Input, Outcome, error};

/// The key of a node that a case names.
fn named(name: &Value) -> NodeKey {
    NodeKey::of(name.as_str().unwrap().as_bytes())
}

fn all_named(names: &Value) -> Option<Vec<NodeKey>> {
    Some(names.as_array()?.iter().map(named).collect())
}

/// What is named below `roots`, these included.
fn below(graph: &Value, roots: &Value) -> Vec<NodeKey> {
    let mut names: Vec<_> = roots.as_array().into_iter().flatten().collect();
    let mut at = 0;
    while at < names.len() {
        names.extend(graph[names[at].as_str().unwrap()].as_array().into_iter().flatten());
        at += 1;
    }
    names.into_iter().map(named).collect()
}

pub fn attenuate_op(input: &mut Input) -> Outcome {
    let (graph, parent, request) =
        (input.take("graph"), input.take("parent"), input.take("request"));
    let accept = |writable: &Value| -> Option<Vec<String>> {
        serde_json::from_value(writable["accept"].clone()).unwrap()
    };
    let usable = below(&graph, &parent["input"]);
    let (writable, used) = (&parent["writable"], parent["used"].as_u64().unwrap());
    let write = WriteLimits {
        quota: writable["quota"].as_u64().map(|quota| quota - used),
        accept: accept(writable).unwrap_or_default(),
    };
    let may_write = parent["status"] == "issued" && writable.is_object();
    let parent = Parent {
        input: all_named(&parent["input"]),
        write: may_write.then_some(write),
        expires_at: Timestamp(parent["expires_at"].as_i64().unwrap()),
        depth: u32::try_from(parent["depth"].as_u64().unwrap()).unwrap(),
        delegable: parent["delegable"].as_bool().unwrap(),
    };
    let wanted = CreateTicket {
        input: all_named(&request["input"]),
        writable: request["writable"].as_object().map(|_| WritableRequest {
            quota: request["writable"]["quota"].as_u64(),
            accept: accept(&request["writable"]),
        }),
        delegable: request["delegable"].as_bool().unwrap_or(false),
        ..CreateTicket::default()
    };
    let ttl_s = request["expiresIn"].as_u64().unwrap_or(24 * 3600);
    let until = Timestamp(i64::try_from(input.number("now_ms") + ttl_s * 1000).unwrap());
    let child = attenuate(parent, By::Itself, &wanted, |key| usable.contains(key), until)
        .map_err(|exceeds| json!({ "error": "forbidden", "field": exceeds.field() }))?;
    let names: HashMap<_, _> = graph
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (NodeKey::of(name.as_bytes()), name))
        .collect();
    let input =
        child.input.map(|keys| keys.iter().map(|key| names[key].as_str()).collect::<Vec<_>>());
    let mut made = json!({
        "input": input,
        "writable": child.write.is_some(),
        "expires_at": child.expires_at.0,
        "delegable": child.delegable,
    });
    if let Some(write) = child.write {
        made["quota"] = json!(write.quota);
        made["accept"] = json!(write.accept);
    }
    Ok(made)
}

pub fn depot_history(input: &mut Input) -> Outcome {
    let (root, history) = (input.take("root"), input.take("history"));
    let (max_history, new) = (input.take("max_history"), input.take("commit"));
    let expected = input.maybe("expected_root");
    let names: HashMap<_, _> = history
        .as_array()
        .unwrap()
        .iter()
        .chain([&root, &new])
        .map(|name| (named(name), name.clone()))
        .collect();
    let max_history = max_history.as_u64().unwrap_or(0);
    depot::check_max_history(max_history).map_err(|_| error("invalid_request"))?;
    if expected.is_some_and(|expected| expected != root) {
        return Err(error("conflict"));
    }
    let former = all_named(&history).unwrap();
    let history = depot::history_after(named(&root), &former, max_history, named(&new));
    let history: Vec<_> = history.iter().map(|key| names[key].clone()).collect();
    Ok(json!({ "root": new, "history": history }))
}
