//! [`Registration`]: what a worker says of itself when it registers. Source: worker runtime spec, section 9.

use std::collections::BTreeMap;

use carnet_ticket::identity::{CapabilityId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form::{self, Members};
use super::offer::Offer;
use super::sandboxes::Sandboxes;
use crate::problem::Problem;

/// Capabilities that one worker may have.
pub(super) const CAPABILITIES_MAX: usize = 64;

/// Bytes that the description of one capability may have.
pub(super) const SCHEMA_LEN_MAX: usize = 64 << 10;

/// Labels that one worker may have, and how long a name and a value may be.
const LABELS_MAX: usize = 64;
const LABEL_LEN_MAX: usize = 63;

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    /// What its first capability begins with.
    pub(crate) service_type: String,
    /// Where it serves; workers of StacyVM do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Where it says how it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health_url: Option<String>,
    /// What it can do.
    pub(crate) capabilities: Vec<String>,
    /// Where it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rpc_url: Option<String>,
    /// The process that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<String>,
    /// What it is labelled with.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// How many tasks it takes at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<u32>,
    /// What its capabilities take and give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) capability_schemas: Vec<Value>,
    /// The number of the trust bundle that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<u64>,
    /// What a worker of StacyVM says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sandboxes: Option<Sandboxes>,
}

/// What a worker without capabilities is for.
const GENERIC: &str = "generic_worker";

impl Registration {
    /// Of a worker that has said no more than what it is for.
    pub(super) fn new(service_type: &str) -> Self {
        Self {
            service_type: service_type.to_owned(),
            endpoint: None,
            health_url: None,
            capabilities: Vec::new(),
            rpc_url: None,
            instance: None,
            labels: BTreeMap::new(),
            capacity: None,
            capability_schemas: Vec::new(),
            bundle: None,
            sandboxes: None,
        }
    }

    /// What a worker with these capabilities is for.
    pub(super) fn service_type(capabilities: &[String]) -> &str {
        let first = capabilities.first().map(String::as_str);
        first.map_or(GENERIC, |id| id.split_once('.').map_or(id, |(kind, _)| kind))
    }

    /// This, beside what the worker said elsewhere: descriptions of what it offers, and of its sandboxes.
    pub(crate) fn beside(mut self, known: Option<Self>) -> Self {
        let Some(known) = known else { return self };
        if self.capability_schemas.is_empty() {
            self.capability_schemas = known.capability_schemas;
        }
        self.sandboxes = known.sandboxes;
        self
    }

    /// Reads the body of the platform form, or says everything that is wrong with it.
    pub(crate) fn read(body: &Value) -> Result<(WorkerId, Self), Problem> {
        let object =
            body.as_object().ok_or_else(|| form::unprocessable(vec![form::no_object(body)]))?;
        let mut members = Members::of(body);
        let worker_id = members.text("worker_id");
        let service_type = members.text("service_type");
        let mut registration = Self {
            endpoint: Some(members.text("endpoint")),
            health_url: Some(members.text("health_url")),
            capabilities: members.texts("capabilities"),
            rpc_url: members.maybe_text("rpc_url"),
            instance: members.maybe_text("instance"),
            bundle: object.get("bundle").and_then(Value::as_u64),
            ..Self::new(&service_type)
        };
        let mut faults = members.faults();
        if !faults.is_empty() {
            return Err(form::unprocessable(faults));
        }
        let mut refuse = |place: Value, kind: &str, message: String, input: &Value| {
            faults.push(form::fault(kind, &[place], &message, input));
        };
        let id = worker_id.parse::<WorkerId>();
        if let Err(error) = &id {
            refuse("worker_id".into(), "value_error", error.to_string(), &worker_id.clone().into());
        }
        let capabilities = &registration.capabilities;
        if capabilities.len() > CAPABILITIES_MAX {
            let message = format!("List should have at most {CAPABILITIES_MAX} items");
            refuse("capabilities".into(), "too_long", message, &capabilities.len().into());
        }
        for capability in capabilities {
            if let Err(error) = capability.parse::<CapabilityId>() {
                refuse(
                    "capabilities".into(),
                    "value_error",
                    error.to_string(),
                    &capability.clone().into(),
                );
            }
        }
        match labels(object.get("labels")) {
            Some(labels) => registration.labels = labels,
            None => {
                let message = format!(
                    "labels are at most {LABELS_MAX} texts of at most {LABEL_LEN_MAX} bytes"
                );
                refuse("labels".into(), "value_error", message, &Value::Null);
            }
        }
        match object.get("capacity").map(|capacity| capacity.as_u64().map(u32::try_from)) {
            None => {}
            Some(Some(Ok(capacity))) => registration.capacity = Some(capacity),
            Some(_) => {
                let message = "Input should be a valid integer".to_owned();
                refuse("capacity".into(), "int_type", message, &Value::Null);
            }
        }
        match schemas(object.get("capability_schemas")) {
            Some(schemas) => registration.capability_schemas = schemas,
            None => {
                let message = format!(
                    "at most {CAPABILITIES_MAX} descriptions of at most {SCHEMA_LEN_MAX} bytes"
                );
                refuse("capability_schemas".into(), "value_error", message, &Value::Null);
            }
        }
        match id {
            Ok(id) if faults.is_empty() => Ok((id, registration)),
            _ => Err(form::unprocessable(faults)),
        }
    }

    /// What it can do.
    pub(super) fn offers(&self) -> Vec<Offer> {
        Offer::all(&self.capabilities, &self.capability_schemas)
    }

    /// Where it serves others than the control plane.
    pub(super) fn served(&self) -> impl Iterator<Item = &str> {
        let urls = [&self.endpoint, &self.health_url];
        urls.into_iter().flatten().map(String::as_str)
    }
}

pub(super) fn labels(value: Option<&Value>) -> Option<BTreeMap<String, String>> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Some(BTreeMap::new()) };
    let object = value.as_object().filter(|object| object.len() <= LABELS_MAX)?;
    let label = |(name, value): (&String, &Value)| {
        let value = value.as_str()?;
        let fits = (1..=LABEL_LEN_MAX).contains(&name.len()) && value.len() <= LABEL_LEN_MAX;
        fits.then(|| (name.clone(), value.to_owned()))
    };
    object.iter().map(label).collect()
}

pub(super) fn schemas(value: Option<&Value>) -> Option<Vec<Value>> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Some(Vec::new()) };
    let list = value.as_array().filter(|list| list.len() <= CAPABILITIES_MAX)?;
    let fits = |schema: &&Value| {
        Offer::read(schema).is_some() && schema.to_string().len() <= SCHEMA_LEN_MAX
    };
    list.iter().all(|schema| fits(&schema)).then(|| list.clone())
}
