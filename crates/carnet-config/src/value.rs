//! Types of values, and how they are written.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::verify::Profile;
use secrecy::SecretString;

use crate::text;

/// The form of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A duration: `1h30m`, `500ms`, `0`.
    Duration,
    /// Bytes: `4096`, `64KiB`, `2MiB`.
    Size,
    /// A path: relative to the file's folder, or to the working folder from flag and environment.
    Path,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// What is expected, for errors.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Secret => "a secret text".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Int => "a whole number in range".to_owned(),
            Self::Duration => "a duration like \"1h30m\" or \"0\"".to_owned(),
            Self::Size => "a size like 4096 or \"64KiB\"".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
        }
    }
}

/// A type that a key may have.
pub(crate) trait Setting: Sized {
    const KIND: Kind;

    /// Reads its text form.
    fn from_text(text: &str) -> Option<Self>;
}

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
}

impl Setting for String {
    const KIND: Kind = Kind::Text;

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Setting for Option<SecretString> {
    const KIND: Kind = Kind::Secret;

    fn from_text(text: &str) -> Option<Self> {
        Some((!text.is_empty()).then(|| SecretString::from(text)))
    }
}

impl Setting for PathBuf {
    const KIND: Kind = Kind::Path;

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
}

impl Setting for Option<PathBuf> {
    const KIND: Kind = Kind::Path;

    fn from_text(text: &str) -> Option<Self> {
        Some((!text.is_empty()).then(|| PathBuf::from(text)))
    }
}

impl Setting for bool {
    const KIND: Kind = Kind::Bool;

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u16 {
    const KIND: Kind = Kind::Int;

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u32 {
    const KIND: Kind = Kind::Int;

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Duration {
    const KIND: Kind = Kind::Duration;

    fn from_text(text: &str) -> Option<Self> {
        text::parse_duration(text)
    }
}

impl Setting for Size {
    const KIND: Kind = Kind::Size;

    fn from_text(text: &str) -> Option<Self> {
        text::parse_size(text).map(Self)
    }
}

impl Setting for Profile {
    const KIND: Kind = Kind::Choice(&["strict", "compat"]);

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "strict" => Some(Self::Strict),
            "compat" => Some(Self::Compat),
            _ => None,
        }
    }
}

impl Setting for Option<Profile> {
    const KIND: Kind = Profile::KIND;

    fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { Profile::from_text(text).map(Some) }
    }
}

impl Setting for VerifyOnRead {
    const KIND: Kind = Kind::Choice(&["first", "always", "never"]);

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "first" => Some(Self::First),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

impl Setting for LogLevel {
    const KIND: Kind = Kind::Choice(&["trace", "debug", "info", "warn", "error"]);

    fn from_text(text: &str) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

impl Setting for LogFormat {
    const KIND: Kind = Kind::Choice(&["json", "text"]);

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}
