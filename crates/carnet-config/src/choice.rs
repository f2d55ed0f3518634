//! Values that are one of a few words, and sizes.

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Where a server is: `http` or `https`, a host, perhaps a port and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(String);

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

/// What a policy says where no rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyDefault {
    /// It may be.
    Allow,
    /// It may not be.
    Deny,
}

/// Whether workers are called over TLS with certificates that are not the fleet's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RpcTlsMode {
    /// Where files are named.
    Auto,
    /// Always: files have to be named.
    On,
    /// Never: such workers are called in plain, on this machine alone.
    Off,
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

impl Url {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Host and port, as a request names them.
    pub fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').map_or(rest, |(authority, _)| authority)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let is_plain =
            rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\\"<>".contains(&byte));
        let url = Self(text.trim_end_matches('/').to_owned());
        (is_plain && !url.authority().is_empty()).then_some(url)
    }
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

impl PolicyDefault {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "allow" => Some(Self::Allow),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

impl RpcTlsMode {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "true" => Some(Self::On),
            "false" => Some(Self::Off),
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
