//! Properties of nodes that vectors cannot show.

use std::collections::BTreeMap;

use carnet_realm::node::{self, Encoded, Limits, Node, NodeError, NodeKind};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;
use proptest::prelude::*;

const STRICT: Limits = Limits {
    node_limit: 1024,
    max_name_bytes: 255,
    max_children: 10_000,
    profile: Profile::Strict,
};
const COMPAT: Limits = Limits { profile: Profile::Compat, ..STRICT };

/// A node made from what was read of another.
pub fn encode_again(node: &Node<'_>, limits: &Limits) -> Result<Encoded, NodeError> {
    let children: Vec<_> = node.children().collect();
    match node.kind() {
        NodeKind::Dict => {
            node::encode_dict(node.names().map(str::to_owned).zip(children).collect(), limits)
        }
        NodeKind::Successor => node::encode_successor(&children, node.data(), limits),
        NodeKind::File => node::encode_file(
            node.content_type(),
            node.file_size().unwrap(),
            &children,
            node.data(),
            limits,
        ),
    }
}

fn raw(flags: u32, children: &[[u8; 16]], payload: &[u8]) -> Vec<u8> {
    let numbers =
        [flags, u32::try_from(payload.len()).unwrap(), u32::try_from(children.len()).unwrap()];
    [b"CAS\x01", &numbers.map(u32::to_le_bytes).concat()[..], &children.concat(), payload].concat()
}

fn file_info(size: u64, content_type: &[u8]) -> Vec<u8> {
    let mut info = [&size.to_le_bytes()[..], content_type].concat();
    info.resize(node::FILE_INFO_LEN, 0);
    info
}

/// Payloads that are near enough to good ones to reach every check.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let name =
        (0_u16..4, prop::collection::vec(prop::sample::select(&b"ab./\0\xc3\xa9"[..]), 0..4))
            .prop_map(|(slip, name)| {
                let len = u16::try_from(name.len()).unwrap() + slip.saturating_sub(2);
                [&len.to_le_bytes()[..], &name].concat()
            });
    let content_type = prop::collection::vec(prop::sample::select(&b"a/\0\x1f"[..]), 0..6);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..90),
        prop::collection::vec(name, 0..4).prop_map(|names| names.concat()),
        (0_u64..4, content_type, 0_usize..4).prop_map(|(size, content_type, data)| {
            [file_info(size, &content_type), vec![7; data]].concat()
        }),
    ]
}

#[test]
fn a_content_type_is_never_cut_short() {
    let encode = |content_type| node::encode_file(content_type, 0, &[], &[], &STRICT);
    let fault = |offset| Err(NodeError::ContentTypeChar { offset, value: 0 });
    assert_eq!(encode("a/b\0"), fault(3));
    assert_eq!(encode("\0"), fault(0));
    assert_eq!(encode("a\0b"), fault(1));
}

/// Promise: R-4
#[test]
fn only_files_and_only_in_compat_may_be_longer_by_their_information() {
    let too_large = |len| Err(NodeError::TooLarge { len, max: 1024 });
    let file = |len: usize| raw(3, &[], &[file_info(0, b"a/b"), vec![7; len - 80]].concat());
    assert_eq!(node::decode(&file(1088), &STRICT), too_large(1088));
    assert_eq!(node::decode(&file(1088), &COMPAT).map(|node| node.size()), Ok(1088));
    let over = Err(NodeError::TooLarge { len: 1089, max: 1088 });
    assert_eq!(node::decode(&file(1089), &COMPAT), over);
    // Length is judged first, whatever else is wrong.
    for flags in [0, 1, 2, 7, 0x103] {
        let node = raw(flags, &[], &vec![7; 1025 - 16]);
        assert_eq!(node::decode(&node, &COMPAT), too_large(1025), "flags {flags:#x}");
    }
    assert_eq!(node::decode(&[9; 1030], &COMPAT), too_large(1030));
}

proptest! {
    #[test]
    fn dicts_round_trip(entries: BTreeMap<String, [u8; 16]>) {
        let entries: Vec<_> = entries.into_iter()
            .filter(|(name, _)| !node::is_forbidden_name(name) && name.len() < 256)
            .map(|(name, key)| (name, NodeKey::from_bytes(key)))
            .collect();
        let encoded = node::encode_dict(entries.iter().rev().cloned().collect(), &Limits::default()).unwrap();
        let node = node::verify(&encoded.bytes, encoded.key, &Limits::default()).unwrap().node();
        let read: Vec<_> = node.names().map(str::to_owned).zip(node.children()).collect();
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn files_and_successors_round_trip(
        content_type in "[ -~]{0,56}",
        file_size: u64,
        keys in prop::collection::vec(any::<[u8; 16]>(), 1..9),
        data in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        let children: Vec<_> = keys.into_iter().map(NodeKey::from_bytes).collect();
        let file = node::encode_file(&content_type, file_size, &children, &data, &STRICT).unwrap();
        let read = node::verify(&file.bytes, file.key, &STRICT).unwrap().node();
        prop_assert_eq!((read.content_type(), read.file_size(), read.data()), (&content_type[..], Some(file_size), &data[..]));
        prop_assert!(read.children().eq(children.iter().copied()));
        let successor = node::encode_successor(&children, &data, &STRICT).unwrap();
        let read = node::verify(&successor.bytes, successor.key, &STRICT).unwrap().node();
        prop_assert_eq!((read.kind(), read.data(), read.file_size()), (NodeKind::Successor, &data[..], None));
        prop_assert!(read.children().eq(children));
    }

    /// Promise: R-1
    #[test]
    fn what_strict_takes_has_one_encoding_and_compat_takes_it_too(
        flags in 1_u32..4,
        children in prop::collection::vec(any::<[u8; 16]>(), 0..4),
        payload in payload(),
    ) {
        let bytes = raw(flags, &children, &payload);
        let compat = node::decode(&bytes, &COMPAT);
        if let Ok(read) = node::decode(&bytes, &STRICT) {
            prop_assert_eq!(encode_again(&read, &STRICT).unwrap().bytes, &bytes);
            prop_assert_eq!(compat, Ok(read));
        } else if let Ok(read) = compat {
            prop_assert!(encode_again(&read, &COMPAT).is_err(), "encoders are strict");
        }
    }

    #[test]
    fn random_bytes_and_damaged_nodes_never_panic(noise: Vec<u8>, flags in 0_u32..5, at in 0_usize..93, bit in 0_u8..8) {
        let _ = node::decode(&noise, &STRICT);
        for limits in [STRICT, COMPAT] {
            let _ = node::decode(&[&b"CAS\x01"[..], &flags.to_le_bytes(), &noise].concat(), &limits);
        }
        let good = node::encode_file("text/plain", 13, &[], b"Hello, world!", &STRICT).unwrap();
        let mut damaged = good.bytes.to_vec();
        damaged[at] ^= 1 << bit;
        prop_assert!(node::verify(&damaged, good.key, &STRICT).is_err());
        prop_assert!(node::verify(&damaged[..at], good.key, &COMPAT).is_err());
    }
}
