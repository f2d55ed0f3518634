//! Values that are one of a few words, and sizes.

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// When the bytes of large nodes are hashed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyOnRead {
    /// On the first read in a process, and when the file changed.
    First,
    /// On every read.
    Always,
    /// Never: the length alone is checked.
    Never,
}

/// Where large nodes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobsKind {
    /// In a folder.
    Local,
    /// In a bucket.
    S3,
    /// In memory: they are gone with the process.
    Memory,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// Every request.
    Debug,
    /// Denials and changes.
    Info,
    /// What may become a failure.
    Warn,
    /// Failures.
    Error,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For programs.
    Json,
    /// For people.
    Text,
}

/// The format of worker tokens that are minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerTokenVersion {
    /// Version 2 where an active Ed25519 key exists in strict, else version 1.
    ByKey,
    /// HMAC.
    V1,
    /// Ed25519.
    V2,
}

impl VerifyOnRead {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "first" => Some(Self::First),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

impl BlobsKind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "s3" => Some(Self::S3),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }
}

impl LogLevel {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

impl LogFormat {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

impl WorkerTokenVersion {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::ByKey),
            "1" => Some(Self::V1),
            "2" => Some(Self::V2),
            _ => None,
        }
    }
}
