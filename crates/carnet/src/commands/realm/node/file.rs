//! `carnet realm node inspect` and `key`: nodes in files, without a server.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use carnet_realm::node::{Limits, Node, NodeKind, decode};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::cli::NodeFileArgs;
use crate::failure::Failure;
use crate::output;

/// Tells what a node is: its header and its children.
pub fn inspect(args: &NodeFileArgs) -> anyhow::Result<()> {
    let bytes = read(&args.file)?;
    let node = node(&args.file, &bytes)?;
    let value = describe(&node, NodeKey::of(&bytes));
    output::show(args.format, &value, text)?;
    Ok(())
}

/// Prints the key of a node.
pub fn key(args: &NodeFileArgs) -> anyhow::Result<()> {
    let bytes = read(&args.file)?;
    node(&args.file, &bytes)?;
    let key = NodeKey::of(&bytes);
    output::show(args.format, &json!({ "key": key }), |_| key.to_string())?;
    Ok(())
}

/// The bytes of a file that is no longer than any node.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let max = Limits::ANY.node_len_max() + 1;
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(max).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(max).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::CouldNotRun(format!("{}: {error}", path.display()))),
    }
}

fn node<'a>(path: &Path, bytes: &'a [u8]) -> Result<Node<'a>, Failure> {
    decode(bytes, &Limits::ANY)
        .map_err(|error| Failure::Check(format!("{}: {}: {error}", path.display(), error.name())))
}

fn describe(node: &Node<'_>, key: NodeKey) -> Value {
    let mut names = node.names();
    let children = node.children().map(|key| match names.next() {
        Some(name) => json!({ "name": name, "key": key }),
        None => json!({ "key": key }),
    });
    let mut value = json!({
        "key": key,
        "kind": node.kind().as_str(),
        "size": node.size(),
        "payloadSize": node.payload_size(),
        "children": children.collect::<Vec<_>>(),
    });
    if node.kind() == NodeKind::File {
        value["contentType"] = json!(node.content_type());
        value["fileSize"] = json!(node.file_size());
    }
    value
}

fn text(value: &Value) -> String {
    let mut rows = Vec::new();
    for name in ["key", "kind", "size", "payloadSize", "contentType", "fileSize"] {
        rows.extend(value.get(name).map(|value| (name, output::text(value))));
    }
    for child in value["children"].as_array().into_iter().flatten() {
        let name = child["name"].as_str().unwrap_or_default().escape_debug();
        rows.push((
            "child",
            format!("{}  {name}", output::text(&child["key"])).trim_end().to_owned(),
        ));
    }
    output::fields(&rows)
}
