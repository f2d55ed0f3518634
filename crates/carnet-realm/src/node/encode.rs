//! Writing nodes: always strict.

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;

use super::decode::check_printable;
use super::{CONTENT_TYPE_LEN, HEADER_LEN, KEY_LEN, Limits, MAGIC, NodeError, NodeKind, decode};

/// A node, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// All its bytes.
    pub bytes: Bytes,
    /// Its key.
    pub key: NodeKey,
}

/// A directory of `entries`, in whatever order they come.
pub fn encode_dict(
    mut entries: Vec<(String, NodeKey)>,
    limits: &Limits,
) -> Result<Encoded, NodeError> {
    entries.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let children: Vec<_> = entries.iter().map(|(_, key)| *key).collect();
    let mut payload = Vec::with_capacity(entries.iter().map(|(name, _)| 2 + name.len()).sum());
    for (index, (name, _)) in (0..).zip(&entries) {
        let len = u16::try_from(name.len())
            .map_err(|_| NodeError::NameTooLong { index, len: u16::MAX })?;
        payload.extend_from_slice(&len.to_le_bytes());
        payload.extend_from_slice(name.as_bytes());
    }
    encode(NodeKind::Dict, &children, &[&payload], limits)
}

/// A file of `file_size` bytes in all, of which `data` are its own and the rest its children's.
pub fn encode_file(
    content_type: &str,
    file_size: u64,
    children: &[NodeKey],
    data: &[u8],
    limits: &Limits,
) -> Result<Encoded, NodeError> {
    let len = content_type.len();
    let mut field = [0_u8; CONTENT_TYPE_LEN];
    field
        .get_mut(..len)
        .ok_or(NodeError::ContentTypeTooLong { len })?
        .copy_from_slice(content_type.as_bytes());
    // In the field a NUL at the end could not be told from padding.
    check_printable(content_type.as_bytes())?;
    encode(NodeKind::File, children, &[&file_size.to_le_bytes(), &field, data], limits)
}

/// Data that continues a file.
pub fn encode_successor(
    children: &[NodeKey],
    data: &[u8],
    limits: &Limits,
) -> Result<Encoded, NodeError> {
    encode(NodeKind::Successor, children, &[data], limits)
}

fn encode(
    kind: NodeKind,
    children: &[NodeKey],
    payload: &[&[u8]],
    limits: &Limits,
) -> Result<Encoded, NodeError> {
    let payload_len: usize = payload.iter().map(|part| part.len()).sum();
    let len = HEADER_LEN + children.len() * KEY_LEN + payload_len;
    let max = u64::from(limits.node_limit);
    let too_large = NodeError::TooLarge { len: len as u64, max };
    if len as u64 > max {
        return Err(too_large);
    }
    let (Ok(size), Ok(count)) = (u32::try_from(payload_len), u32::try_from(children.len())) else {
        return Err(too_large);
    };
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&u32::from(kind.code()).to_le_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    children.iter().for_each(|child| bytes.extend_from_slice(child.as_bytes()));
    payload.iter().for_each(|part| bytes.extend_from_slice(part));
    // What would be refused when it is read is not written.
    decode(&bytes, &Limits { profile: Profile::Strict, ..*limits })?;
    let key = NodeKey::of(&bytes);
    Ok(Encoded { bytes: Bytes::from(bytes), key })
}
