//! Properties of files that vectors cannot show.

use carnet_realm::layout::{
    Layout, LayoutError, Part, ReadError, WriteError, capacity, layout, read_file, write_file,
};
use carnet_realm::node::{Limits, encode_file, encode_successor};
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
    let mut memory = Memory::default();
    let data = content(5_000);
    let root = block_on(write_file(&data[..], 5_000, "text/plain", &SMALL, &mut memory)).unwrap();
    let mut lying = memory.nodes[&root].to_vec();
    // The declared size comes after the header and five children.
    lying[16 + 5 * 16..][..8].copy_from_slice(&100_u64.to_le_bytes());
    let root = NodeKey::of(&lying);
    memory.nodes.insert(root, lying.into());
    let mut out = Vec::new();
    let read = block_on(read_file(root, &memory, &SMALL, &mut out));
    assert!(matches!(read, Err(ReadError::FileSizeMismatch { declared: 100, .. })));
    assert!(out.len() <= 100);
    // In compat what a file says of its size means nothing: its content is what it is.
    let mut out = Vec::new();
    let read = block_on(read_file(root, &memory, &Limits::ANY, &mut out));
    assert!(read.is_ok_and(|size| size == 5_000) && out == data);
}

#[test]
fn a_tree_without_data_is_read_in_time_that_its_nodes_take() {
    let mut memory = Memory::default();
    let mut store = |node: carnet_realm::node::Encoded| {
        memory.nodes.insert(node.key, node.bytes);
        node.key
    };
    let mut below = store(encode_successor(&[], &[], &SMALL).unwrap());
    // Read one by one, these would be 60^20 nodes.
    for _ in 0..20 {
        below = store(encode_successor(&[below; 60], &[], &SMALL).unwrap());
    }
    let data = store(encode_successor(&[], b"abc", &SMALL).unwrap());
    let mixed = store(encode_successor(&[below, data, below], &[], &SMALL).unwrap());
    let root = store(encode_file("a/b", 6, &[mixed, below, mixed], &[], &SMALL).unwrap());
    let mut out = Vec::new();
    assert_eq!(block_on(read_file(root, &memory, &SMALL, &mut out)).unwrap(), 6);
    assert_eq!(out, b"abcabc");
}

#[test]
fn a_capacity_of_any_depth_is_told() {
    assert_eq!(capacity(1024, u32::MAX), capacity(1024, 10));
    assert_eq!(capacity(1024, 0), capacity(1024, 1));
    assert_eq!(layout(u64::MAX, 16 << 20).unwrap().depth, 4);
    let most = u64::try_from(capacity(1024, 10).unwrap().1).unwrap();
    assert_eq!(layout(most, 1024).unwrap().depth, 10);
    assert_eq!(layout(most + 1, 1024), Err(LayoutError::TooLarge));
}

/// Promise: R-6
#[test]
fn layouts_hold_every_byte_and_no_node_is_over_the_limit() {
    for node_limit in [1024, 4096, 65_536] {
        let (_, most) = capacity(node_limit, 10).unwrap();
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let edges = (1..=10).filter_map(|depth| {
            let (_, edge) = capacity(node_limit, depth).unwrap();
            u64::try_from(edge).ok().filter(|edge| *edge < most)
        });
        for size in edges.flat_map(|edge| [edge, edge + 1]).chain([0, most / 3, most]) {
            let layout = layout(size, node_limit).unwrap();
            let inner = u64::from(node_limit) - 16;
            let held = held(&layout, &layout.root, inner - 64, inner);
            assert_eq!(held, size, "at {node_limit}");
        }
    }
}

/// The bytes that `part`, which has this much room, and the `inner` nodes below it hold. All its children but
/// the last are alike.
fn held(layout: &Layout, part: &Part, room: u64, inner: u64) -> u64 {
    assert!(part.data + 16 * part.children <= room, "a node is over the limit");
    let mut children = layout.children(part);
    let Some(first) = children.next() else { return part.data };
    let last = children.last().unwrap_or(first);
    let below = |child: &Part| held(layout, child, inner, inner);
    part.data + (part.children - 1) * below(&first) + below(&last)
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
}
