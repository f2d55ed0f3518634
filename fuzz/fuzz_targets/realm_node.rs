//! Nodes of the content store.

#![no_main]

use carnet_realm::node::{
    Encoded, Limits, Node, NodeError, NodeKind, decode, encode_dict, encode_file, encode_successor,
    verify,
};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;
use libfuzzer_sys::fuzz_target;

const STRICT: Limits =
    Limits { node_limit: 4096, max_name_bytes: 255, max_children: 100, profile: Profile::Strict };
const COMPAT: Limits = Limits { profile: Profile::Compat, ..STRICT };

fuzz_target!(|data: &[u8]| {
    let (strict, compat) = (decode(data, &STRICT), decode(data, &COMPAT));
    if let Ok(node) = compat {
        assert_eq!(node.size(), data.len() as u64);
        assert_eq!(node.kind() == NodeKind::File, node.file_size().is_some());
        if node.kind() == NodeKind::Dict {
            assert_eq!(node.names().count(), node.children().len());
            assert!(node.names().is_sorted());
        }
    }
    let Ok(node) = strict else { return };
    assert_eq!(compat, Ok(node), "strict takes nothing else than compat does");
    let again = encode(&node).expect("what was read can be written");
    assert_eq!(again.bytes, data, "one form each");
    assert_eq!(again.key, NodeKey::of(data));
    assert_eq!(verify(data, again.key, &STRICT).map(|node| node.node()), Ok(node));
    let other = NodeKey::from_bytes([0; 16]);
    assert!(matches!(verify(data, other, &STRICT), Err(NodeError::HashMismatch { .. })));
});

fn encode(node: &Node<'_>) -> Result<Encoded, NodeError> {
    let children: Vec<_> = node.children().collect();
    match node.kind() {
        NodeKind::Dict => {
            let names = node.names().map(str::to_owned);
            encode_dict(names.zip(children).collect(), &STRICT)
        }
        NodeKind::Successor => encode_successor(&children, node.data(), &STRICT),
        NodeKind::File => {
            let size = node.file_size().unwrap_or_default();
            encode_file(node.content_type(), size, &children, node.data(), &STRICT)
        }
    }
}
