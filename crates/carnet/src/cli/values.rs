//! Values of flags.

use std::net::SocketAddr;
use std::time::Duration;

use carnet_authority::keyring::Purpose;
use carnet_realm::node::is_forbidden_name;
use carnet_ticket::capability::{MountSpec, Role, TicketScope, TicketVerb};
use carnet_ticket::id::KeyId;
use carnet_ticket::identity::{CapabilityId, InvalidCapabilityId, Kind};
use carnet_ticket::jwt::Algorithm;
use carnet_ticket::realm::{KeyError, NodeKey};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, LIFETIME_MAX, WorkerScope};
use serde_json::Value;

/// A number, or `none` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Option<u64>);

/// A node, and the names that lead on from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePath {
    /// The node that the path begins with.
    pub key: NodeKey,
    /// A name for each directory on the way.
    pub names: Vec<String>,
}

/// `KEY[/path]`. A slash at the end does not count.
pub fn node_path(text: &str) -> Result<NodePath, String> {
    let (key, path) = text.split_once('/').unwrap_or((text, ""));
    let key = key.parse().map_err(|error: KeyError| error.to_string())?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let names: Vec<_> = path.split('/').filter(|_| !path.is_empty()).map(str::to_owned).collect();
    if names.iter().any(|name| is_forbidden_name(name)) {
        return Err("expected names between single slashes, none of them . or ..".to_owned());
    }
    Ok(NodePath { key, names })
}

pub fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// `ADDRESS:PORT`; `:PORT` is every address.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let whole = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    whole.parse().map_err(|_| "expected an address like 127.0.0.1:7430 or :7430".to_owned())
}

/// `CAPABILITY=PROGRAM`.
pub fn task(text: &str) -> Result<(CapabilityId, String), String> {
    let (capability, program) = text.split_once('=').ok_or("expected CAPABILITY=PROGRAM")?;
    let capability = capability.parse().map_err(|error: InvalidCapabilityId| error.to_string())?;
    if program.is_empty() {
        return Err("expected a program behind the =".to_owned());
    }
    Ok((capability, program.to_owned()))
}

pub fn duration(text: &str) -> Result<Duration, String> {
    carnet_config::parse_duration(text).ok_or_else(|| "expected a duration like 1h30m".to_owned())
}

/// A duration as it is written: the server reads it.
pub fn duration_text(text: &str) -> Result<String, String> {
    duration(text).map(|_| text.to_owned())
}

pub fn member_kind(text: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(Kind::as_str).join(", ");
    Kind::from_name(text).ok_or_else(|| format!("expected one of {}", names()))
}

pub fn size(text: &str) -> Result<u64, String> {
    carnet_config::parse_size(text).ok_or_else(|| "expected a size like 10MiB".to_owned())
}

pub fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_rfc3339(text)
        .ok_or_else(|| "expected a time like 2026-05-09T12:00:00Z".to_owned())
}

pub fn amount(text: &str) -> Result<Amount, String> {
    if text == "none" {
        return Ok(Amount(None));
    }
    text.parse()
        .map(|number| Amount(Some(number)))
        .map_err(|_| "expected a number or none".to_owned())
}

/// A life in whole seconds, at least one; or `none`.
pub fn life(text: &str) -> Result<Amount, String> {
    if text == "none" {
        return Ok(Amount(None));
    }
    life_s(text).map(|seconds| Amount(Some(seconds)))
}

/// A life in whole seconds, at least one.
pub fn life_s(text: &str) -> Result<u64, String> {
    let life = duration(text)?;
    if life.as_secs() == 0 || life.subsec_nanos() > 0 {
        return Err("expected whole seconds, at least 1s".to_owned());
    }
    Ok(life.as_secs())
}

/// The life of a worker token.
pub fn token_life(text: &str) -> Result<Duration, String> {
    let seconds = life_s(text)?;
    let life = Duration::from_secs(seconds);
    if life > LIFETIME_MAX { Err("expected at most 15m".to_owned()) } else { Ok(life) }
}

pub fn profile(text: &str) -> Result<Profile, String> {
    match text {
        "strict" => Ok(Profile::Strict),
        "compat" => Ok(Profile::Compat),
        _ => Err("expected strict or compat".to_owned()),
    }
}

pub fn role(text: &str) -> Result<Role, String> {
    let labels = || Role::ALL.map(Role::label).join(", ");
    Role::parse(text).ok_or_else(|| format!("expected one of {}", labels()))
}

/// `SERVICE=PATH`.
pub fn mount(text: &str) -> Result<MountSpec, String> {
    let (service, at) = text.split_once('=').ok_or("expected SERVICE=PATH")?;
    Ok(MountSpec { service: service.to_owned(), at: at.to_owned() })
}

/// `PATH:VERB[:RATE]`, read from its end: a path may have colons.
pub fn scope(text: &str) -> Result<TicketScope, String> {
    let expected = "expected PATH:read|write|read-write[:RATE]";
    let (rest, last) = text.rsplit_once(':').ok_or(expected)?;
    if let Some(verb) = verb(last) {
        return Ok(TicketScope::new(rest, verb, 0));
    }
    let rate = last.parse().map_err(|_| expected)?;
    let (path, word) = rest.rsplit_once(':').ok_or(expected)?;
    Ok(TicketScope::new(path, verb(word).ok_or(expected)?, rate))
}

fn verb(word: &str) -> Option<TicketVerb> {
    match word {
        "read" => Some(TicketVerb::Read),
        "write" => Some(TicketVerb::Write),
        "read-write" => Some(TicketVerb::ReadWrite),
        _ => None,
    }
}

pub fn algorithm(text: &str) -> Result<Algorithm, String> {
    let names = || Algorithm::ALL.map(Algorithm::as_str).join(", ");
    Algorithm::from_name(text).ok_or_else(|| format!("expected one of {}", names()))
}

/// `NAME=JSON`.
pub fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, json) = text.split_once('=').ok_or("expected NAME=JSON")?;
    let value = serde_json::from_str(json);
    let value = value.map_err(|_| "the value is not JSON; a text stands in quotation marks")?;
    Ok((name.to_owned(), value))
}

pub fn audience(text: &str) -> Result<Audience, String> {
    Audience::parse(text).ok_or_else(|| "expected worker:control-plane or worker:rpc".to_owned())
}

pub fn worker_scope(text: &str) -> Result<WorkerScope, String> {
    let names = || WorkerScope::ALL.map(WorkerScope::as_str).join(", ");
    WorkerScope::parse(text).ok_or_else(|| format!("expected one of {}", names()))
}

pub fn key_id(text: &str) -> Result<KeyId, String> {
    KeyId::from_hex(text).map_err(|_| "expected 16 hex digits".to_owned())
}

pub fn purpose(text: &str) -> Result<Purpose, String> {
    let names = || Purpose::ALL.map(Purpose::as_str).join(", ");
    Purpose::from_name(text).ok_or_else(|| format!("expected one of {}", names()))
}

/// How far clocks may differ: what judges take of it is 5 minutes at most.
pub fn leeway(text: &str) -> Result<Duration, String> {
    let leeway = duration(text)?;
    if leeway > Duration::from_mins(5) { Err("expected at most 5m".to_owned()) } else { Ok(leeway) }
}

/// The id of a tenant, which stands in a path.
pub fn tenant(text: &str) -> Result<String, String> {
    let is_id = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    is_id.then(|| text.to_owned()).ok_or_else(|| "expected 1 to 64 of a-z 0-9 -".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_their_end() {
        let read = |text: &str| scope(text).ok();
        let of = |path: &str, verb, rate| Some(TicketScope::new(path, verb, rate));
        assert_eq!(read("/proc:read"), of("/proc", TicketVerb::Read, 0));
        assert_eq!(read("/a:b:read-write:7"), of("/a:b", TicketVerb::ReadWrite, 7));
        assert_eq!(read(":write"), of("", TicketVerb::Write, 0));
        for wrong in ["/proc", "/proc:execute", "/proc:read:fast", "/proc:read:-1", "7", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_lead_on_from_a_key() {
        let key = "node:000B5PHBGEC2A705WTKKMVRS30";
        let names = |path: &str| node_path(&format!("{key}{path}")).map(|node| node.names).ok();
        assert_eq!(names(""), Some(vec![]));
        assert_eq!(names("/"), Some(vec![]));
        assert_eq!(names("/a b/c.txt"), Some(vec!["a b".to_owned(), "c.txt".to_owned()]));
        assert_eq!(names("/a/"), Some(vec!["a".to_owned()]));
        for wrong in ["//a", "/a//b", "/.", "/a/../b", "x"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lives_are_whole_seconds() {
        assert_eq!(life("none"), Ok(Amount(None)));
        assert_eq!(life("1h30m"), Ok(Amount(Some(5400))));
        assert_eq!(token_life("15m"), Ok(LIFETIME_MAX));
        for wrong in ["", "0", "0s", "500ms", "1.5s", "-5m", "soon"] {
            assert!(life(wrong).is_err() && token_life(wrong).is_err(), "{wrong}");
        }
        assert!(token_life("15m1s").is_err() && token_life("none").is_err());
    }
}
