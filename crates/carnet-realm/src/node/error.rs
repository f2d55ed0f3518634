//! [`NodeError`]: what is wrong with a node. The first fault, in the order of the variants, wins.

use carnet_ticket::realm::NodeKey;

/// What is wrong with a node's bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// More bytes than a node may have.
    #[error("the node has {len} bytes, at most {max} are allowed")]
    TooLarge {
        /// Its bytes.
        len: u64,
        /// The most.
        max: u64,
    },
    /// Fewer bytes than a header.
    #[error("the node is shorter than its header")]
    TooShort,
    /// It does not begin with the magic.
    #[error("the node does not begin with the magic bytes")]
    BadMagic,
    /// The flags name no kind.
    #[error("the node is of no known kind")]
    UnknownKind,
    /// Flags beside the kind are set.
    #[error("flags {flags:#x} are not 1, 2 or 3")]
    BadFlags {
        /// The flags.
        flags: u32,
    },
    /// Header and bytes disagree about the length.
    #[error("the header says {expected} bytes, there are {actual}")]
    LengthMismatch {
        /// What the header says.
        expected: u64,
        /// What there is.
        actual: u64,
    },
    /// A dict has more entries than it may.
    #[error("the directory has too many entries")]
    TooManyChildren,
    /// A name runs past the payload.
    #[error("name {index} is cut short")]
    NameTruncated {
        /// Which name.
        index: u32,
    },
    /// A name is too long.
    #[error("name {index} has {len} bytes, which is too long")]
    NameTooLong {
        /// Which name.
        index: u32,
        /// Its bytes.
        len: u16,
    },
    /// A name is not UTF-8.
    #[error("name {index} is not UTF-8")]
    NameNotUtf8 {
        /// Which name.
        index: u32,
    },
    /// Bytes follow the last name.
    #[error("{count} bytes follow the last name")]
    TrailingBytes {
        /// How many.
        count: u64,
    },
    /// A name that no entry may have.
    #[error("name {index} is empty, a dot name, or has a slash or NUL")]
    NameForbidden {
        /// Which name.
        index: u32,
    },
    /// A name is the same as the one before.
    #[error("name {index} repeats the one before it")]
    DuplicateName {
        /// Which name.
        index: u32,
    },
    /// A name sorts before the one before.
    #[error("name {index} is not in order")]
    NamesNotSorted {
        /// Which name.
        index: u32,
    },
    /// A file's payload is shorter than FileInfo.
    #[error("the file's information is cut short")]
    FileInfoTruncated,
    /// A content type is longer than its field. Encoders only.
    #[error("the content type has {len} bytes, at most 56 fit")]
    ContentTypeTooLong {
        /// Its bytes.
        len: usize,
    },
    /// A content type has a character that is not printable ASCII.
    #[error("byte {value:#04x} at {offset} of the content type is not printable ASCII")]
    ContentTypeChar {
        /// Where.
        offset: u8,
        /// The byte.
        value: u8,
    },
    /// The rest of the content type's field is not zero.
    #[error("byte {value:#04x} at {offset} follows the end of the content type")]
    ContentTypePadding {
        /// Where.
        offset: u8,
        /// The byte.
        value: u8,
    },
    /// The file's size is not that of its data.
    #[error("the file says {declared} bytes, its data has {actual}")]
    FileSizeMismatch {
        /// What the file says.
        declared: u64,
        /// What there is.
        actual: u64,
    },
    /// The bytes are not what the key names.
    #[error("the bytes have the key {actual}, not {expected}")]
    HashMismatch {
        /// The key that was asked for.
        expected: NodeKey,
        /// The key of the bytes.
        actual: NodeKey,
    },
    /// A child is of a kind that does not belong there.
    #[error("child {index} is of a kind that does not belong there")]
    ChildKind {
        /// Which child.
        index: u32,
    },
}

impl NodeError {
    /// The variant's name: what callers are told.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "TooLarge",
            Self::TooShort => "TooShort",
            Self::BadMagic => "BadMagic",
            Self::UnknownKind => "UnknownKind",
            Self::BadFlags { .. } => "BadFlags",
            Self::LengthMismatch { .. } => "LengthMismatch",
            Self::TooManyChildren => "TooManyChildren",
            Self::NameTruncated { .. } => "NameTruncated",
            Self::NameTooLong { .. } => "NameTooLong",
            Self::NameNotUtf8 { .. } => "NameNotUtf8",
            Self::TrailingBytes { .. } => "TrailingBytes",
            Self::NameForbidden { .. } => "NameForbidden",
            Self::DuplicateName { .. } => "DuplicateName",
            Self::NamesNotSorted { .. } => "NamesNotSorted",
            Self::FileInfoTruncated => "FileInfoTruncated",
            Self::ContentTypeTooLong { .. } => "ContentTypeTooLong",
            Self::ContentTypeChar { .. } => "ContentTypeChar",
            Self::ContentTypePadding { .. } => "ContentTypePadding",
            Self::FileSizeMismatch { .. } => "FileSizeMismatch",
            Self::HashMismatch { .. } => "HashMismatch",
            Self::ChildKind { .. } => "ChildKind",
        }
    }
}
