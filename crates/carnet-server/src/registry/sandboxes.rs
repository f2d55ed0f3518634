//! [`SandboxBeat`]: what a worker of StacyVM says each time that it is there, as JSON. Source: worker runtime spec,
//! section 9.

use std::collections::BTreeMap;

use carnet_ticket::identity::CapabilityId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::registration::{self, CAPABILITIES_MAX};
use super::{Beat, Registration, Reported};
use crate::problem::Problem;

/// Names in one list, ids of keys, and bytes of one text.
const NAMES_MAX: usize = 64;
const KEYS_MAX: usize = 128;
const TEXT_LEN_MAX: usize = 1024;

/// What a worker of StacyVM says of itself that nobody else says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Sandboxes {
    /// The machine that it is on.
    pub(crate) hostname: String,
    /// What it makes sandboxes with.
    pub(crate) providers: Vec<String>,
    /// How many one owner may have.
    pub(crate) per_owner: u32,
    /// Where what runs in them is shown.
    pub(crate) preview_domain: String,
}

/// What it says each time: how it is, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SandboxBeat {
    sandboxes: Sandboxes,
    capabilities: Vec<String>,
    rpc_url: Option<String>,
    capacity: Option<u32>,
    instance: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    schemas: Option<Vec<Value>>,
    active: Option<u32>,
    load_score: Option<f64>,
    state: Reported,
    key_ids: Vec<String>,
    revocations: Option<u64>,
}

impl SandboxBeat {
    /// Reads a body. Members that nobody knows are passed over.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let body: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))?;
        let empty = Map::new();
        let capacity = match body.get("capacity") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(capacity)) => capacity,
            Some(_) => return Err(Problem::invalid("BadType", "capacity")),
        };
        let status = text(&body, "status")?;
        let capabilities = texts(&body, "capabilities", CAPABILITIES_MAX)?;
        if !capabilities.iter().all(|id| id.parse::<CapabilityId>().is_ok()) {
            return Err(Problem::invalid("BadValue", "capabilities"));
        }
        Ok(Self {
            sandboxes: Sandboxes {
                hostname: text(&body, "hostname")?,
                providers: texts(&body, "providers", NAMES_MAX)?,
                per_owner: count(capacity, "max_sandboxes_per_owner")?,
                preview_domain: text(capacity, "preview_domain")?,
            },
            capabilities,
            rpc_url: said(text(capacity, "rpc_url")?),
            // None is as many as one likes.
            capacity: said(count(capacity, "max_sandboxes")?),
            // What follows workers of StacyVM do not say.
            instance: said(text(&body, "instance")?),
            labels: maybe(&body, "labels", labels)?,
            schemas: maybe(&body, "capability_schemas", schemas)?,
            active: maybe(&body, "active", count)?,
            load_score: maybe(&body, "load_score", load)?,
            state: Reported::parse(status.trim())
                .map_err(|_| Problem::invalid("BadValue", "status"))?,
            key_ids: texts(&body, "key_ids", KEYS_MAX)?,
            revocations: body.get("revocation_seq").and_then(Value::as_u64),
        })
    }

    /// What it is, over what is known of it.
    pub(crate) fn registration(&self, known: Option<Registration>) -> Registration {
        let new = || Registration::new(Registration::service_type(&self.capabilities));
        let known = known.unwrap_or_else(new);
        // Who names none here may have named some elsewhere.
        let is_silent = self.capabilities.is_empty();
        Registration {
            capabilities: if is_silent { known.capabilities } else { self.capabilities.clone() },
            rpc_url: self.rpc_url.clone().or(known.rpc_url),
            capacity: self.capacity.or(known.capacity),
            instance: self.instance.clone().or(known.instance),
            labels: self.labels.clone().unwrap_or(known.labels),
            capability_schemas: self.schemas.clone().unwrap_or(known.capability_schemas),
            sandboxes: Some(self.sandboxes.clone()),
            ..known
        }
    }

    /// How it is.
    pub(crate) fn change(self, beat: &mut Beat) {
        beat.state = Some(self.state);
        (beat.key_ids, beat.revocations) = (self.key_ids, self.revocations);
        beat.instance = self.instance.or(beat.instance.take());
        beat.active = self.active.or(beat.active);
        beat.load_score = self.load_score.unwrap_or(beat.load_score);
    }
}

/// What says something.
fn said<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

/// What a member says, if it is there.
fn maybe<T>(
    body: &Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Map<String, Value>, &str) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    let is_there = body.get(name).is_some_and(|value| !value.is_null());
    is_there.then(|| read(body, name)).transpose()
}

fn text(body: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.len() <= TEXT_LEN_MAX => Ok(text.clone()),
        Some(Value::String(_)) => Err(Problem::invalid("TooLong", name)),
        Some(_) => Err(Problem::invalid("BadType", name)),
    }
}

fn texts(body: &Map<String, Value>, name: &str, max: usize) -> Result<Vec<String>, Problem> {
    let list = match body.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Problem::invalid("BadType", name)),
    };
    let fits = |text: &&str| text.len() <= TEXT_LEN_MAX;
    let texts: Option<Vec<_>> =
        list.iter().map(|value| value.as_str().filter(fits).map(str::to_owned)).collect();
    texts.filter(|texts| texts.len() <= max).ok_or_else(|| Problem::invalid("BadValue", name))
}

fn count(body: &Map<String, Value>, name: &str) -> Result<u32, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(value) => {
            let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
            count.ok_or_else(|| Problem::invalid("BadValue", name))
        }
    }
}

fn labels(body: &Map<String, Value>, name: &str) -> Result<BTreeMap<String, String>, Problem> {
    registration::labels(body.get(name)).ok_or_else(|| Problem::invalid("BadValue", name))
}

fn schemas(body: &Map<String, Value>, name: &str) -> Result<Vec<Value>, Problem> {
    registration::schemas(body.get(name)).ok_or_else(|| Problem::invalid("BadValue", name))
}

/// How busy it is, from 0 to 1.
fn load(body: &Map<String, Value>, name: &str) -> Result<f64, Problem> {
    let load = body.get(name).and_then(Value::as_f64);
    load.map(|load| load.clamp(0.0, 1.0)).ok_or_else(|| Problem::invalid("BadType", name))
}
