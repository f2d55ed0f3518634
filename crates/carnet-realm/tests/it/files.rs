//! Properties of nodes and files that vectors cannot show.

use carnet_realm::layout::{ReadError, WriteError, layout, read_file, write_file};
use carnet_realm::node::{self, Limits};
use carnet_ticket::realm::NodeKey;
use futures::executor::block_on;
use proptest::prelude::*;

use crate::vectors::Memory;

const SMALL: Limits = Limits {
    node_limit: 1024,
    max_name_bytes: 255,
    max_children: 10_000,
    profile: carnet_ticket::verify::Profile::Strict,
};

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

/// Promise: R-6
#[test]
fn files_of_one_to_four_levels_read_back_and_no_node_is_over_the_limit() {
    for (size, depth) in [(0, 1), (944, 1), (945, 2), (60_000, 3), (3_746_736, 3), (3_746_737, 4)] {
        let data = content(size);
        let mut memory = Memory::default();
        assert_eq!(layout(size as u64, 1024).unwrap().depth, depth);
        let root = block_on(write_file(&data[..], size as u64, "text/plain", &SMALL, &mut memory))
            .unwrap();
        assert!(memory.nodes.values().all(|node| node.len() <= 1024));
        let mut out = Vec::new();
        assert_eq!(block_on(read_file(root, &memory, &SMALL, &mut out)).unwrap(), size as u64);
        assert!(out == data, "{size} bytes");
    }
}

#[test]
fn a_source_that_lies_about_its_length_is_refused() {
    let mut memory = Memory::default();
    let short = block_on(write_file(&b"abc"[..], 4, "text/plain", &SMALL, &mut memory));
    assert!(matches!(short, Err(WriteError::Source(_))));
    let long = block_on(write_file(&b"abcde"[..], 4, "text/plain", &SMALL, &mut memory));
    assert!(matches!(long, Err(WriteError::Longer { size: 4 })));
}

#[test]
fn a_damaged_or_overlong_tree_never_gives_more_than_the_file_says() {
    let limits = Limits { profile: carnet_ticket::verify::Profile::Compat, ..SMALL };
    let mut memory = Memory::default();
    let data = content(5_000);
    let root = block_on(write_file(&data[..], 5_000, "text/plain", &SMALL, &mut memory)).unwrap();
    let mut lying = memory.nodes[&root].to_vec();
    // The declared size comes after the header and five children.
    lying[16 + 5 * 16..][..8].copy_from_slice(&100_u64.to_le_bytes());
    let root = NodeKey::of(&lying);
    memory.nodes.insert(root, lying.into());
    let mut out = Vec::new();
    let read = block_on(read_file(root, &memory, &limits, &mut out));
    assert!(matches!(read, Err(ReadError::FileSizeMismatch { declared: 100, .. })));
    assert!(out.len() <= 100);
}

proptest! {
    /// Promise: R-6
    #[test]
    fn any_size_reads_back(size in 0_usize..200_000) {
        let data = content(size);
        let mut memory = Memory::default();
        let root = block_on(write_file(&data[..], size as u64, "a/b", &SMALL, &mut memory)).unwrap();
        let mut out = Vec::new();
        block_on(read_file(root, &memory, &SMALL, &mut out)).unwrap();
        prop_assert!(out == data);
        prop_assert!(memory.nodes.values().all(|node| node.len() <= 1024));
    }

    #[test]
    fn dicts_round_trip(entries: std::collections::BTreeMap<String, [u8; 16]>) {
        let entries: Vec<_> = entries.into_iter().filter(|(name, _)| !node::is_forbidden_name(name) && name.len() < 256)
            .map(|(name, key)| (name, NodeKey::from_bytes(key))).collect();
        let encoded = node::encode_dict(entries.clone(), &Limits::default()).unwrap();
        let node = node::decode(&encoded.bytes, &Limits::default()).unwrap();
        let read: Vec<_> = node.names().map(str::to_owned).zip(node.children()).collect();
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn random_bytes_and_damaged_nodes_never_panic(noise: Vec<u8>, at in 0_usize..93, bit in 0_u8..8) {
        let _ = node::decode(&noise, &SMALL);
        let with_header = [b"CAS\x01", &noise[..]].concat();
        let _ = node::decode(&with_header, &SMALL);
        let mut damaged = node::encode_file("text/plain", 13, &[], b"Hello, world!", &SMALL).unwrap().bytes.to_vec();
        let key = NodeKey::of(&damaged);
        damaged[at] ^= 1 << bit;
        prop_assert!(node::verify(&damaged, key, &SMALL).is_err());
    }
}
