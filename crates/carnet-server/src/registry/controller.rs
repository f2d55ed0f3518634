//! [`ControllerForm`]: what a worker says of itself when it registers at Crank's controller. Source: worker runtime
//! spec, section 9.

use carnet_ticket::identity::{CapabilityId, Version, WorkerId};
use serde_json::{Value, json};

use super::form::{self, Members};
use super::registration::{CAPABILITIES_MAX, SCHEMA_LEN_MAX};
use super::{Offer, Registration};
use crate::problem::Problem;

/// What a worker says of itself there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ControllerForm {
    /// Its id.
    pub(crate) worker_id: WorkerId,
    worker_url: String,
    /// What it can do: a description each, as the registry keeps them.
    capabilities: Vec<Value>,
}

impl ControllerForm {
    /// Reads a body, or says everything that is wrong with it.
    pub(crate) fn read(body: &Value) -> Result<Self, Problem> {
        if !body.is_object() {
            return Err(form::unprocessable(vec![form::no_object(body)]));
        }
        let mut members = Members::of(body);
        let worker_id = members.text("worker_id");
        let worker_url = members.text("worker_url");
        let list = members.list("capabilities");
        let mut faults = members.faults();
        let mut capabilities = Vec::new();
        for (index, capability) in list.iter().take(CAPABILITIES_MAX).enumerate() {
            match described(capability, index) {
                Ok(capability) => capabilities.push(capability),
                Err(found) => faults.extend(found),
            }
        }
        if list.len() > CAPABILITIES_MAX {
            let message = format!("List should have at most {CAPABILITIES_MAX} items");
            let at = ["capabilities".into()];
            faults.push(form::fault("too_long", &at, &message, &list.len().into()));
        }
        let id = worker_id.parse::<WorkerId>();
        if let (Err(error), true) = (&id, faults.is_empty()) {
            let at = ["worker_id".into()];
            faults.push(form::fault("value_error", &at, &error.to_string(), &worker_id.into()));
        }
        match id {
            Ok(worker_id) if faults.is_empty() => Ok(Self { worker_id, worker_url, capabilities }),
            _ => Err(form::unprocessable(faults)),
        }
    }

    /// How many things it can do.
    pub(crate) fn count(&self) -> usize {
        self.capabilities.len()
    }

    /// What it is, over what is known of it.
    pub(crate) fn registration(self, known: Option<Registration>) -> Registration {
        let names: Vec<_> = self
            .capabilities
            .iter()
            .filter_map(|capability| capability["id"].as_str().map(str::to_owned))
            .collect();
        let known = known.unwrap_or_else(|| Registration::new(Registration::service_type(&names)));
        Registration {
            endpoint: Some(self.worker_url),
            capabilities: names,
            capability_schemas: self.capabilities,
            ..known
        }
    }
}

/// A capability as the registry keeps it, or everything that is wrong with it.
fn described(capability: &Value, index: usize) -> Result<Value, Vec<Value>> {
    let at = || vec!["capabilities".into(), index.into()];
    if !capability.is_object() {
        return Err(vec![form::no_object_at(&at(), capability)]);
    }
    let mut members = Members::within(capability, at());
    let name = members.text("name");
    let (verb, version) = (members.text("verb"), members.text("version"));
    let requires_gpu = members.maybe_flag("requires_gpu").unwrap_or(false);
    let max_concurrency = members.maybe_count("max_concurrency").unwrap_or(Offer::AT_ONCE);
    members.maybe_object("input_schema");
    members.maybe_object("output_schema");
    members.holds("name", name.parse::<CapabilityId>());
    members.holds("version", version.parse::<Version>());
    if capability.to_string().len() > SCHEMA_LEN_MAX {
        let message = format!("a capability has at most {SCHEMA_LEN_MAX} bytes");
        members.refuse(form::fault("value_error", &at(), &message, &Value::Null));
    }
    let faults = members.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(json!({
        "id": name,
        "verb": verb,
        "version": version,
        "input_schema": capability["input_schema"],
        "output_schema": capability["output_schema"],
        "requires_gpu": requires_gpu,
        "max_concurrency": max_concurrency,
    }))
}
