//! Nodes: immutable blocks named by their hash. Source: realm spec, section 1.
//!
//! ```text
//! 0   magic 43 41 53 01      4   flags 1 dict, 2 successor, 3 file     8   payload size     12  child count
//! 16  child keys, 16 bytes each      then the payload, to the end
//! ```
//! All numbers are little-endian. [`decode`] borrows and never allocates.

mod decode;
mod encode;
mod error;

pub use decode::{Names, Node, VerifiedNode, decode, verify};
pub use encode::{Encoded, encode_dict, encode_file, encode_successor};
pub use error::NodeError;

use carnet_ticket::verify::Profile;

/// The bytes before the children.
pub const HEADER_LEN: usize = 16;

/// The bytes of a child key.
pub const KEY_LEN: usize = 16;

/// The bytes of FileInfo, with which a file's payload begins.
pub const FILE_INFO_LEN: usize = 64;

const MAGIC: [u8; 4] = *b"CAS\x01";
const CONTENT_TYPE_LEN: usize = 56;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A directory: names and what they name.
    Dict,
    /// Data that continues a file.
    Successor,
    /// A file: its type, its size, its first data.
    File,
}

impl NodeKind {
    /// The number in the flags.
    pub const fn code(self) -> u8 {
        match self {
            Self::Dict => 1,
            Self::Successor => 2,
            Self::File => 3,
        }
    }

    /// The kind with this number.
    pub const fn of_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Dict),
            2 => Some(Self::Successor),
            3 => Some(Self::File),
            _ => None,
        }
    }

    /// The name in JSON and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dict => "dict",
            Self::Successor => "successor",
            Self::File => "file",
        }
    }

    /// Whether a node of this kind may have a child of kind `child`: a dict dicts and files, the others
    /// successors.
    pub const fn may_have(self, child: Self) -> bool {
        matches!(
            (self, child),
            (Self::Dict, Self::Dict | Self::File) | (Self::Successor | Self::File, Self::Successor)
        )
    }
}

/// How large nodes may be, and how strictly they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a node, header included.
    pub node_limit: u32,
    /// The most bytes of a name.
    pub max_name_bytes: u16,
    /// The most children of a dict.
    pub max_children: u32,
    /// The profile.
    pub profile: Profile,
}

impl Default for Limits {
    /// 4 MiB nodes, names of 255 bytes, 10,000 entries, strict.
    fn default() -> Self {
        Self {
            node_limit: 4 << 20,
            max_name_bytes: 255,
            max_children: 10_000,
            profile: Profile::Strict,
        }
    }
}

impl Limits {
    /// What any server may serve: for readers, who check each node against its key.
    pub const ANY: Self = Self {
        node_limit: 16 << 20,
        max_name_bytes: u16::MAX,
        max_children: u32::MAX,
        profile: Profile::Compat,
    };

    /// The most bytes that any node may have: in compat files may be larger by their FileInfo.
    pub fn node_len_max(&self) -> u64 {
        match self.profile {
            Profile::Strict => u64::from(self.node_limit),
            Profile::Compat => u64::from(self.node_limit) + FILE_INFO_LEN as u64,
        }
    }
}

/// Whether a directory entry may not have this name: empty, `.`, `..`, or with `/` or NUL.
pub fn is_forbidden_name(name: &str) -> bool {
    matches!(name, "" | "." | "..") || name.bytes().any(|byte| matches!(byte, b'/' | 0))
}
