//! Registering: `POST /v1/workers/register`.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_ticket::identity::CapabilityId;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Form, Registry, RegistryError, json};
use crate::application::Load;
use crate::capability::service_type;
use crate::deployed::Deployed;
use crate::revocations::FeedKeys;
use crate::task::Tasks;

/// What a worker says of itself.
pub(crate) struct Registration {
    pub(crate) endpoint: String,
    /// Where the control plane asks for tasks.
    pub(crate) rpc_url: Option<String>,
    pub(crate) capabilities: Vec<CapabilityId>,
    pub(crate) capability_schemas: Vec<Value>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) load: Load,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) feed_keys: FeedKeys,
    /// The host under which it is reached.
    pub(crate) host: String,
    /// A worker without a certificate of the fleet, which verifies tokens.
    pub(crate) deployed: Option<Arc<Deployed>>,
}

#[derive(Serialize)]
struct Body<'a> {
    worker_id: &'a str,
    service_type: &'a str,
    endpoint: &'a str,
    health_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_url: Option<&'a str>,
    capabilities: Vec<&'a str>,
    instance: &'a str,
    labels: &'a BTreeMap<String, String>,
    capacity: usize,
    capability_schemas: &'a [Value],
    bundle: u64,
}

#[derive(Deserialize)]
struct Answer {
    worker_id: String,
}

/// Tells this process from the one before it: 16 hex digits, others each time.
pub(crate) fn instance() -> String {
    let mut bytes = [0; 8];
    // Without randomness it is the same each time, and leases of a process before are not told from its own.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

impl Registration {
    /// The ids of the keys that it knows.
    pub(super) fn key_ids(&self) -> Vec<String> {
        let mut ids = self.feed_keys.ids();
        if let Some(deployed) = &self.deployed {
            ids.extend(deployed.ring().ids().iter().map(ToString::to_string));
        }
        ids
    }

    pub(super) fn service_type(&self) -> &str {
        service_type(&self.capabilities)
    }
}

impl Registry {
    pub(super) async fn register(&self) -> Result<(), RegistryError> {
        if self.form == Form::Worker {
            return self.beat_as_worker().await;
        }
        let registration = &self.registration;
        let body = Body {
            worker_id: self.worker_id().as_str(),
            service_type: registration.service_type(),
            endpoint: &registration.endpoint,
            health_url: format!("{}/health", registration.endpoint),
            rpc_url: registration.rpc_url.as_deref(),
            capabilities: registration.capabilities.iter().map(CapabilityId::as_str).collect(),
            instance: registration.tasks.instance(),
            labels: &registration.labels,
            capacity: registration.tasks.capacity(),
            capability_schemas: &registration.capability_schemas,
            bundle: self.bundle.known(),
        };
        let url = self.plane.at("v1/workers/register");
        let answer = self.ask(Method::POST, url, |request| request.json(&body)).await?;
        let answer: Answer = json(&answer.body)?;
        if answer.worker_id == body.worker_id { Ok(()) } else { Err(RegistryError::Answer) }
    }
}
