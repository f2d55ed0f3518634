//! Reading nodes: [`decode`] checks the form, [`verify`] also the key.

use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;

use super::{
    CONTENT_TYPE_LEN, FILE_INFO_LEN, HEADER_LEN, KEY_LEN, Limits, MAGIC, NodeError, NodeKind,
    is_forbidden_name,
};

/// A node whose form is right. It borrows the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    kind: NodeKind,
    children: &'a [u8],
    payload: &'a [u8],
    len: usize,
}

/// A node whose bytes are what its key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedNode<'a> {
    key: NodeKey,
    node: Node<'a>,
}

impl<'a> VerifiedNode<'a> {
    /// Its key.
    pub fn key(&self) -> NodeKey {
        self.key
    }

    /// The node.
    pub fn node(&self) -> Node<'a> {
        self.node
    }
}

impl<'a> Node<'a> {
    /// What it is.
    pub fn kind(&self) -> NodeKind {
        self.kind
    }

    /// All its bytes, header included.
    pub fn size(&self) -> u64 {
        self.len as u64
    }

    /// The bytes of its payload.
    pub fn payload_size(&self) -> u64 {
        self.payload.len() as u64
    }

    /// The keys of its children, in order.
    pub fn children(&self) -> impl ExactSizeIterator<Item = NodeKey> + 'a {
        let (keys, _) = self.children.as_chunks::<KEY_LEN>();
        keys.iter().map(|key| NodeKey::from_bytes(*key))
    }

    /// Its own data: of a file after FileInfo, of a successor all, of a dict none.
    pub fn data(&self) -> &'a [u8] {
        match self.kind {
            NodeKind::Dict => &[],
            NodeKind::Successor => self.payload,
            NodeKind::File => self.payload.get(FILE_INFO_LEN..).unwrap_or_default(),
        }
    }

    /// The content type of a file; empty for other kinds.
    pub fn content_type(&self) -> &'a str {
        let field = match self.kind {
            NodeKind::File => self.payload.get(8..FILE_INFO_LEN).unwrap_or_default(),
            _ => &[],
        };
        let len = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        // Checked to be printable ASCII.
        std::str::from_utf8(&field[..len]).unwrap_or_default()
    }

    /// The size that a file says it has, of its whole tree; none for other kinds.
    pub fn file_size(&self) -> Option<u64> {
        let (size, _) = self.payload.split_first_chunk::<8>()?;
        (self.kind == NodeKind::File).then(|| u64::from_le_bytes(*size))
    }

    /// The names of a dict, in the order of its children; none for other kinds.
    pub fn names(&self) -> Names<'a> {
        Names(if self.kind == NodeKind::Dict { self.payload } else { &[] })
    }
}

/// The names of a dict that was found good.
#[derive(Debug, Clone)]
pub struct Names<'a>(&'a [u8]);

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (name, rest) = split_name(self.0)?;
        self.0 = rest;
        std::str::from_utf8(name).ok()
    }
}

/// Reads a node and checks its form. Borrows `bytes` and allocates nothing.
pub fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, NodeError> {
    let node = decode_header(bytes, limits)?;
    match node.kind {
        NodeKind::Dict => check_names(&node, limits)?,
        NodeKind::Successor => {}
        NodeKind::File => check_file(&node, limits)?,
    }
    Ok(node)
}

/// Reads a node, checks its form, and that its key is `key`.
pub fn verify<'a>(
    bytes: &'a [u8],
    key: NodeKey,
    limits: &Limits,
) -> Result<VerifiedNode<'a>, NodeError> {
    let node = decode(bytes, limits)?;
    let actual = NodeKey::of(bytes);
    if actual != key {
        return Err(NodeError::HashMismatch { expected: key, actual });
    }
    Ok(VerifiedNode { key, node })
}

fn decode_header<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, NodeError> {
    let len = bytes.len() as u64;
    let max = len_max(bytes, limits);
    if len > max {
        return Err(NodeError::TooLarge { len, max });
    }
    let (header, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(NodeError::TooShort)?;
    let ([magic, numbers @ ..], _) = header.as_chunks::<4>() else {
        return Err(NodeError::TooShort);
    };
    let [flags, size, count] =
        [0, 1, 2].map(|at| numbers.get(at).map_or(0, |bytes| u32::from_le_bytes(*bytes)));
    if *magic != MAGIC {
        return Err(NodeError::BadMagic);
    }
    if flags & 3 == 0 {
        return Err(NodeError::UnknownKind);
    }
    let kind = u8::try_from(flags)
        .ok()
        .and_then(NodeKind::of_code)
        .ok_or(NodeError::BadFlags { flags })?;
    let children_len = u64::from(count) * KEY_LEN as u64;
    let expected = HEADER_LEN as u64 + children_len + u64::from(size);
    let split = usize::try_from(children_len)
        .ok()
        .filter(|_| expected == len)
        .and_then(|at| rest.split_at_checked(at));
    let (children, payload) = split.ok_or(NodeError::LengthMismatch { expected, actual: len })?;
    Ok(Node { kind, children, payload, len: bytes.len() })
}

/// The most bytes that a node with these flags may have: in compat a file has more.
fn len_max(bytes: &[u8], limits: &Limits) -> u64 {
    const FILE: &[u8] = &[NodeKind::File.code(), 0, 0, 0];
    if bytes.get(4..8) == Some(FILE) { limits.node_len_max() } else { u64::from(limits.node_limit) }
}

/// First every name by itself and what follows the last, then forbidden names and their order.
fn check_names(node: &Node<'_>, limits: &Limits) -> Result<(), NodeError> {
    let count = u32::try_from(node.children().len()).unwrap_or(u32::MAX);
    if count > limits.max_children {
        return Err(NodeError::TooManyChildren);
    }
    let mut rest = node.payload;
    for index in 0..count {
        let (name, after) = split_name(rest).ok_or(NodeError::NameTruncated { index })?;
        let len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        if len > limits.max_name_bytes {
            return Err(NodeError::NameTooLong { index, len });
        }
        if std::str::from_utf8(name).is_err() {
            return Err(NodeError::NameNotUtf8 { index });
        }
        rest = after;
    }
    if !rest.is_empty() {
        return Err(NodeError::TrailingBytes { count: rest.len() as u64 });
    }
    let mut before: Option<&str> = None;
    for (index, name) in (0..).zip(node.names()) {
        if limits.profile == Profile::Strict && is_forbidden_name(name) {
            return Err(NodeError::NameForbidden { index });
        }
        match before.map(|before| before.as_bytes().cmp(name.as_bytes())) {
            Some(std::cmp::Ordering::Equal) => return Err(NodeError::DuplicateName { index }),
            Some(std::cmp::Ordering::Greater) => return Err(NodeError::NamesNotSorted { index }),
            _ => before = Some(name),
        }
    }
    Ok(())
}

fn check_file(node: &Node<'_>, limits: &Limits) -> Result<(), NodeError> {
    let info = node.payload.first_chunk::<FILE_INFO_LEN>().ok_or(NodeError::FileInfoTruncated)?;
    check_content_type(&info[FILE_INFO_LEN - CONTENT_TYPE_LEN..])?;
    let (declared, actual) = (node.file_size().unwrap_or(0), node.data().len() as u64);
    if limits.profile == Profile::Strict && node.children.is_empty() && declared != actual {
        return Err(NodeError::FileSizeMismatch { declared, actual });
    }
    Ok(())
}

/// Printable ASCII, then only zeros.
fn check_content_type(field: &[u8]) -> Result<(), NodeError> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    check_printable(&field[..end])?;
    let mut padding = (0_u8..).zip(field.iter().copied()).skip(end);
    match padding.find(|(_, value)| *value != 0) {
        None => Ok(()),
        Some((offset, value)) => Err(NodeError::ContentTypePadding { offset, value }),
    }
}

/// Checks that a content type, at most as long as its field, is printable ASCII.
pub(super) fn check_printable(content_type: &[u8]) -> Result<(), NodeError> {
    let mut bytes = (0_u8..).zip(content_type.iter().copied());
    match bytes.find(|(_, value)| !matches!(value, 0x20..=0x7e)) {
        None => Ok(()),
        Some((offset, value)) => Err(NodeError::ContentTypeChar { offset, value }),
    }
}

fn split_name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))
}
