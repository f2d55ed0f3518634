//! Types of values, and how they are written.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use carnet_authority::ca::Curve;
use carnet_authority::enroll::CloneAction;
use carnet_ticket::duration::parse_duration;
use carnet_ticket::identity::TrustDomain;
use carnet_ticket::verify::Profile;
use ipnet::IpNet;

use crate::choice::{
    BlobsKind, LogFormat, LogLevel, PolicyDefault, RpcTlsMode, Size, Url, VerifyOnRead,
    WorkerTokenVersion,
};
use crate::network::{HostName, WebOrigin, parse_network};
use crate::raw::Raw;
use crate::text;

/// The form of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// Such texts; a list of files holds one each.
    SecretList,
    /// Such texts by name; a file holds a TOML table of them.
    SecretMap,
    /// The path of a secret's file: the secret is given in no other way.
    SecretFile,
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
    /// Texts: trimmed, without blanks and repeats.
    List,
    /// Paths.
    PathList,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// What is expected, for errors.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Secret => "a secret text".to_owned(),
            Self::SecretList => "a list of secret texts".to_owned(),
            Self::SecretMap => "a table of secret texts; as a variable, a JSON object".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Int => "a whole number in range".to_owned(),
            Self::Duration => "a duration like \"1h30m\" or \"0\"".to_owned(),
            Self::Size => "a size like 4096 or \"64KiB\"".to_owned(),
            Self::Path | Self::SecretFile => "a path".to_owned(),
            Self::List => "a list of texts".to_owned(),
            Self::PathList => "a list of paths".to_owned(),
            Self::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
        }
    }

    /// Whether values are never shown.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::SecretList | Self::SecretMap | Self::SecretFile)
    }
}

/// A type that a key may have.
pub(crate) trait Setting: Sized {
    const KIND: Kind;

    /// Makes it of what a source wrote.
    fn from_raw(raw: &Raw) -> Option<Self>;

    /// Whether a change to `other` changes anything.
    fn is_same(&self, other: &Self) -> bool;

    /// What is expected, for errors.
    fn expected() -> String {
        Self::KIND.expected()
    }
}

macro_rules! settings {
    ($($type:ty: $kind:expr, $read:expr $(, $expected:literal)?;)+) => {$(
        impl Setting for $type {
            const KIND: Kind = $kind;

            fn from_raw(raw: &Raw) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                match raw {
                    Raw::Text(text) => read(text),
                    _ => None,
                }
            }

            fn is_same(&self, other: &Self) -> bool {
                self == other
            }

            $(fn expected() -> String {
                $expected.to_owned()
            })?
        }
    )+};
}

settings! {
    String: Kind::Text, |text| Some(text.to_owned());
    Option<String>: Kind::Text, optional;
    bool: Kind::Bool, |text| text.parse().ok();
    u16: Kind::Int, |text| text.parse().ok();
    u32: Kind::Int, |text| text.parse().ok();
    Duration: Kind::Duration, parse_duration;
    Option<Duration>: Kind::Duration, optional;
    Size: Kind::Size, |text| text::parse_size(text).map(Size);
    PathBuf: Kind::Path, |text| (!text.is_empty()).then(|| PathBuf::from(text));
    Option<PathBuf>: Kind::Path, optional;
    Url: Kind::Text, Url::parse, "a URL like \"https://carnet.example\"";
    Option<Url>: Kind::Text, optional, "a URL like \"https://carnet.example\"";
    SocketAddr: Kind::Text, |text| text.parse().ok(), "an address with its port, like \"127.0.0.1:9090\"";
    TrustDomain: Kind::Text, |text| text.parse().ok(), "1 to 255 of a-z 0-9 . _ -";
    Curve: Kind::Choice(&["p256", "p384"]), Curve::from_name;
    CloneAction: Kind::Choice(&["quarantine", "alert"]), CloneAction::from_name;
    Profile: Kind::Choice(&["strict", "compat"]), |text| match text {
        "strict" => Some(Profile::Strict),
        "compat" => Some(Profile::Compat),
        _ => None,
    };
    Option<Profile>: Profile::KIND, optional;
    BlobsKind: Kind::Choice(&["local", "s3", "memory"]), BlobsKind::parse;
    PolicyDefault: Kind::Choice(&["allow", "deny"]), PolicyDefault::parse;
    RpcTlsMode: Kind::Choice(&["auto", "true", "false"]), RpcTlsMode::parse;
    VerifyOnRead: Kind::Choice(&["first", "always", "never"]), VerifyOnRead::parse;
    LogLevel: Kind::Choice(&["trace", "debug", "info", "warn", "error"]), LogLevel::parse;
    LogFormat: Kind::Choice(&["json", "text"]), LogFormat::parse;
    WorkerTokenVersion: Kind::Int, WorkerTokenVersion::parse, "0, 1 or 2";
}

/// An empty text is none.
#[expect(clippy::option_option, reason = "the outer one is that of every reader: none is a fault")]
fn optional<T: Setting>(text: &str) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { T::from_raw(&Raw::Text(text.to_owned())).map(Some) }
}

macro_rules! lists {
    ($($entry:ty: $kind:expr, $read:expr $(, $expected:literal)?;)+) => {$(
        impl Setting for Vec<$entry> {
            const KIND: Kind = $kind;

            fn from_raw(raw: &Raw) -> Option<Self> {
                let read: fn(&str) -> Option<$entry> = $read;
                let Raw::List(entries) = raw else { return None };
                entries.iter().map(|entry| read(entry)).collect()
            }

            fn is_same(&self, other: &Self) -> bool {
                self == other
            }

            $(fn expected() -> String {
                $expected.to_owned()
            })?
        }
    )+};
}

lists! {
    String: Kind::List, |text| Some(text.to_owned());
    PathBuf: Kind::PathList, |text| Some(PathBuf::from(text));
    WebOrigin: Kind::List, WebOrigin::parse, "\"*\", or origins like \"https://app.example\"";
    HostName: Kind::List, HostName::parse, "names of hosts, and addresses";
    IpNet: Kind::List, parse_network, "networks like \"10.0.0.0/8\"";
}

/// What is wrong with a value of the right form that its key does not take.
pub(crate) fn out_of_range(key: &str, raw: &Raw) -> Option<&'static str> {
    const MINUTE: u64 = 60;
    const DAY: u64 = 86_400;
    let Raw::Text(text) = raw else { return None };
    let lasts = |secs: RangeInclusive<u64>| {
        parse_duration(text).is_none_or(|duration| {
            (Duration::from_secs(*secs.start())..=Duration::from_secs(*secs.end()))
                .contains(&duration)
        })
    };
    let (is_in_range, expected) = match key {
        "auth.worker_token_max_ttl" => (lasts(0..=15 * MINUTE), "at most 15m"),
        "worker.bootstrap_token_ttl" => (lasts(1..=15 * MINUTE), "1s to 15m"),
        "tickets.jwt.leeway" => (lasts(0..=5 * MINUTE), "at most 5m"),
        "ca.organization" => (
            (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control),
            "1 to 64 characters, none of them a control character",
        ),
        "ca.lifetime" => (lasts(5 * MINUTE..=20 * 365 * DAY), "5m to 175200h"),
        "ca.leaf_ttl" | "ca.max_leaf_ttl" => (lasts(5 * MINUTE..=90 * DAY), "5m to 2160h"),
        "registry.heartbeat_interval" => (lasts(1..=DAY), "1s to 24h"),
        _ => return None,
    };
    (!is_in_range).then_some(expected)
}
