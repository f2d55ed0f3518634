//! `realm-nodes.json`: nodes, files, and the rules of requests that need no store.

use std::collections::HashMap;

use bytes::Bytes;
use carnet_realm::layout::{NodeSink, NodeSource, capacity, layout, read_file, write_file};
use carnet_realm::node::{self, Encoded, Limits, Node, NodeError, NodeKind};
use carnet_realm::range::Ranged;
use carnet_realm::{accept, checksum, range};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::nodes::encode_again;
use crate::runner::{self, Input, Outcome, error, variant};
use crate::ticket_vectors::{attenuate_op, depot_history};

const OPS: &[(&str, runner::Op)] = &[
    ("node-decode", node_decode),
    ("node-encode", node_encode),
    ("layout", layout_op),
    ("capacity", capacity_op),
    ("write-file", write_file_op),
    ("read-file", read_file_op),
    ("accept", accept_op),
    ("accept-syntax", accept_syntax),
    ("attenuate", attenuate_op),
    ("depot-history", depot_history),
    ("range", range_op),
    ("checksum", checksum_op),
];

/// Promise
#[test]
fn vectors_realm_nodes() {
    runner::run("realm-nodes.json", OPS);
}

fn limits(input: &mut Input) -> Limits {
    let number =
        |value: Option<Value>, default: u64| value.map_or(default, |value| value.as_u64().unwrap());
    let profile = input.maybe("profile");
    Limits {
        node_limit: u32::try_from(number(input.maybe("node_limit"), 4 << 20)).unwrap(),
        max_name_bytes: 255,
        max_children: u32::try_from(number(input.maybe("max_children"), 10_000)).unwrap(),
        profile: match profile.as_ref().and_then(Value::as_str) {
            None | Some("strict") => Profile::Strict,
            Some("compat") => Profile::Compat,
            Some(other) => panic!("unknown profile {other}"),
        },
    }
}

fn node_decode(input: &mut Input) -> Outcome {
    let (bytes, limits) = (input.bytes("bytes_hex"), limits(input));
    let key = input.maybe("key").map(|key| key.as_str().unwrap().parse().unwrap());
    let verified = node::decode(&bytes, &limits).and_then(|node| {
        node::verify(&bytes, key.unwrap_or_else(|| NodeKey::of(&bytes)), &limits).map(|_| node)
    });
    let node = verified.map_err(|fault| error(&fault_name(&fault)))?;
    if limits.profile == Profile::Strict {
        assert_eq!(encode_again(&node, &limits).unwrap().bytes, bytes, "a node has one encoding");
    }
    Ok(describe(&node, &bytes))
}

fn fault_name(fault: &NodeError) -> String {
    assert_eq!(fault.name(), variant(fault));
    fault.name().to_owned()
}

fn describe(node: &Node<'_>, bytes: &[u8]) -> Value {
    let key = NodeKey::of(bytes);
    let mut value = json!({
        "kind": node.kind().as_str(),
        "payload_size": node.payload_size(),
        "children": node.children().collect::<Vec<_>>(),
        "key": key,
        "hash_hex": hex::encode(key.as_bytes()),
    });
    match node.kind() {
        NodeKind::Dict => value["names"] = node.names().collect(),
        _ => value["data_hex"] = Value::from(hex::encode(node.data())),
    }
    if let Some(size) = node.file_size() {
        value["file_size"] = Value::from(size);
        value["content_type"] = Value::from(node.content_type());
    }
    value
}

fn node_encode(input: &mut Input) -> Outcome {
    let limits = Limits::default();
    let keys = |value: Value| -> Vec<NodeKey> { serde_json::from_value(value).unwrap() };
    let encoded = match input.text("kind").as_str() {
        "dict" => {
            node::encode_dict(serde_json::from_value(input.take("entries")).unwrap(), &limits)
        }
        "successor" => {
            node::encode_successor(&keys(input.take("children")), &input.bytes("data_hex"), &limits)
        }
        "file" => {
            let (content_type, size) = (input.text("content_type"), input.number("file_size"));
            let (children, data) = (keys(input.take("children")), input.bytes("data_hex"));
            node::encode_file(&content_type, size, &children, &data, &limits)
        }
        other => panic!("unknown kind {other}"),
    };
    let encoded = encoded.map_err(|fault| error(&fault_name(&fault)))?;
    Ok(json!({ "bytes_hex": hex::encode(&encoded.bytes), "key": encoded.key }))
}

fn layout_op(input: &mut Input) -> Outcome {
    let node_limit = u32::try_from(input.number("node_limit")).unwrap();
    let layout =
        layout(input.number("size"), node_limit).map_err(|fault| error(&variant(&fault)))?;
    let mut nodes = 1_u64;
    let mut level: Vec<_> = layout.children(&layout.root).collect();
    let first: Vec<_> = level.iter().take(3).copied().collect();
    while !level.is_empty() {
        nodes += level.len() as u64;
        level = level.iter().flat_map(|part| layout.children(part)).collect();
    }
    Ok(json!({
        "depth": layout.depth,
        "nodes": nodes,
        "root_data": layout.root.data,
        "root_children": layout.root.children,
        "child_data": first.iter().map(|part| part.data).collect::<Vec<_>>(),
        "child_children": first.iter().map(|part| part.children).collect::<Vec<_>>(),
    }))
}

fn capacity_op(input: &mut Input) -> Outcome {
    let node_limit = u32::try_from(input.number("node_limit")).unwrap();
    let (inner, root) =
        capacity(node_limit, u32::try_from(input.number("depth")).unwrap()).unwrap();
    Ok(json!({ "inner": inner.to_string(), "root": root.to_string() }))
}

/// Nodes in memory, and what was put.
#[derive(Default)]
pub struct Memory {
    pub nodes: HashMap<NodeKey, Bytes>,
}

impl NodeSink for Memory {
    type Error = std::convert::Infallible;

    async fn put(&mut self, node: Encoded) -> Result<(), Self::Error> {
        self.nodes.insert(node.key, node.bytes);
        Ok(())
    }
}

impl NodeSource for Memory {
    type Error = std::convert::Infallible;

    async fn node(&self, key: NodeKey) -> Result<Option<Bytes>, Self::Error> {
        Ok(self.nodes.get(&key).cloned())
    }
}

fn write_file_op(input: &mut Input) -> Outcome {
    let limits = limits(input);
    let size = input.number("size");
    let content_type = input.text("content_type");
    let data: Vec<u8> = match input.text("data").as_str() {
        "0" => vec![0; usize::try_from(size).unwrap()],
        "i mod 251" => (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect(),
        other => panic!("unknown data {other}"),
    };
    let mut memory = Memory::default();
    let written = futures::executor::block_on(write_file(
        &data[..],
        size,
        &content_type,
        &limits,
        &mut memory,
    ));
    let root = written.map_err(|fault| match fault {
        carnet_realm::layout::WriteError::Node(fault) => error(&fault_name(&fault)),
        fault => error(&variant(&fault)),
    })?;
    let mut nodes = vec![root];
    let mut at = 0;
    while at < nodes.len() {
        let node = node::decode(&memory.nodes[&nodes[at]], &limits).unwrap();
        nodes.extend(node.children());
        at += 1;
    }
    let lengths = || memory.nodes.values().map(Bytes::len);
    let total: usize = nodes.iter().map(|key| memory.nodes[key].len()).sum();
    Ok(json!({
        "root_key": root,
        "depth": layout(size, limits.node_limit).unwrap().depth,
        "nodes": nodes.len(),
        "distinct_nodes": memory.nodes.len(),
        "max_node_bytes": lengths().max(),
        "total_node_bytes": total,
    }))
}

fn read_file_op(input: &mut Input) -> Outcome {
    let nodes = input.take("nodes_hex");
    let nodes = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| Bytes::from(hex::decode(node.as_str().unwrap()).unwrap()));
    let memory = Memory { nodes: nodes.map(|node| (NodeKey::of(&node), node)).collect() };
    let root = input.text("root").parse().unwrap();
    let mut out = Vec::new();
    let read = futures::executor::block_on(read_file(root, &memory, &limits(input), &mut out));
    let size = read.map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({ "size": size, "sha256": hex::encode(Sha256::digest(&out)) }))
}

fn patterns(input: &mut Input) -> Vec<String> {
    serde_json::from_value(input.take("accept")).unwrap()
}

fn accept_op(input: &mut Input) -> Outcome {
    let is_accepted = accept::matches(&patterns(input), &input.text("content_type"));
    if is_accepted { Ok(json!({})) } else { Err(error("NotAccepted")) }
}

fn accept_syntax(input: &mut Input) -> Outcome {
    accept::check_patterns(&patterns(input))
        .map(|()| json!({}))
        .map_err(|_| error("invalid_request"))
}

fn range_op(input: &mut Input) -> Outcome {
    let len = input.number("length");
    match range::of_header(Some(&input.text("range")), len) {
        Ranged::Whole => Ok(json!({ "status": 200 })),
        Ranged::Part(part) => Ok(json!({
            "status": 206,
            "content_range": format!("bytes {}-{}/{len}", part.start, part.end - 1),
            "length": part.end - part.start,
        })),
        Ranged::Unsatisfiable => Err(
            json!({ "error": "range_not_satisfiable", "content_range": format!("bytes */{len}") }),
        ),
    }
}

fn checksum_op(input: &mut Input) -> Outcome {
    let bytes = input.bytes("bytes_hex");
    let headers = input.take("headers");
    let header = |name: &str| headers.get(name).and_then(Value::as_str);
    let fault = |fault| match fault {
        checksum::ChecksumError::Mismatch { .. } => error("checksum_mismatch"),
        _ => error("invalid_request"),
    };
    let checksums =
        checksum::Checksums::parse(header("Content-MD5"), header("X-CAS-Blake3")).map_err(fault)?;
    checksums.check(&bytes).map(|()| json!({})).map_err(fault)
}
