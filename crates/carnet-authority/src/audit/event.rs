//! [`Event`]: something that was done, or refused.

use carnet_ticket::time::Timestamp;
use serde::Deserialize;

use super::canonical;
use super::columns::Columns;
use super::text::{Details, Text};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A request.
    Http,
    /// Signing in and out, and failing to.
    Auth,
    /// Minting, enrolling, certificates.
    Ticket,
    /// A task.
    Task,
    /// A revocation, or one that was lifted.
    Revocation,
    /// Keys and their rotation.
    Key,
    /// The configuration.
    Config,
    /// The database and what is kept in it.
    Db,
    /// A denial at the gate.
    Gate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Http,
        Self::Auth,
        Self::Ticket,
        Self::Task,
        Self::Revocation,
        Self::Key,
        Self::Config,
        Self::Db,
        Self::Gate,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Auth => "auth",
            Self::Ticket => "ticket",
            Self::Task => "task",
            Self::Revocation => "revocation",
            Self::Key => "key",
            Self::Config => "config",
            Self::Db => "db",
            Self::Gate => "gate",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Allowed,
    /// It was refused.
    Denied,
    /// It was allowed, and failed.
    Error,
}

impl Outcome {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Allowed, Self::Denied, Self::Error]
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Actor {
    /// Its id: `user:…`, `key:…`, a worker, `anonymous`.
    pub id: Text,
    /// The class of its credential.
    pub class: Text,
    /// Its role, if it has one.
    pub role: Option<Text>,
    /// The first 8 hex digits of its credential's content id, if it had one.
    pub fingerprint: Option<Text>,
}

/// Something that was done, or refused. Its number is given when it is chained. Never a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: Kind,
    /// Who.
    pub actor: Actor,
    /// For whom, as the actor says.
    pub on_behalf_of: Option<Text>,
    /// What was asked for: `worker-token.mint`.
    pub action: Text,
    /// What it was done to.
    pub target: Text,
    /// The tenant it belongs to.
    pub tenant_id: Option<Text>,
    /// How it went.
    pub outcome: Outcome,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why it was refused: a stable code.
    pub reason: Option<Text>,
    /// The rule that decided.
    pub rule: Option<Text>,
    /// The method of the request.
    pub method: Option<Text>,
    /// The path of the request.
    pub path: Option<Text>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// The request.
    pub request_id: Text,
    /// Where the request came from.
    pub remote_addr: Option<Text>,
    /// What sent it, as it says.
    pub user_agent: Option<Text>,
    /// What else there is to say.
    #[serde(default)]
    pub details: Details,
}

/// A text is not the canonical text of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the text of an audit event")]
pub struct MalformedEvent;

impl Event {
    /// An event with what every event has.
    pub fn new(
        at: Timestamp,
        kind: Kind,
        actor: Actor,
        action: &str,
        target: &str,
        outcome: Outcome,
        request_id: &str,
    ) -> Self {
        Self {
            at,
            kind,
            actor,
            on_behalf_of: None,
            action: action.into(),
            target: target.into(),
            tenant_id: None,
            outcome,
            status: None,
            reason: None,
            rule: None,
            method: None,
            path: None,
            duration_ms: None,
            request_id: request_id.into(),
            remote_addr: None,
            user_agent: None,
            details: Details::default(),
        }
    }

    /// The canonical text of this event as number `seq` of a chain: at most
    /// [`CANONICAL_LEN_MAX`](super::CANONICAL_LEN_MAX) bytes.
    pub fn canonical(&self, seq: u64) -> String {
        canonical::write_event(seq, self)
    }

    /// Reads a canonical text: the event and its number. It is not proved to be of any chain.
    pub fn from_canonical(text: &str) -> Result<(u64, Self), MalformedEvent> {
        if text.len() > canonical::CANONICAL_LEN_MAX {
            return Err(MalformedEvent);
        }
        let seq = Columns::of(text).and_then(|columns| u64::try_from(columns.seq).ok());
        let event = serde_json::from_str(text).map_err(|_| MalformedEvent)?;
        Ok((seq.ok_or(MalformedEvent)?, event))
    }
}
