//! Reporting as workers of StacyVM do: `POST /api/v1/worker/{id}/heartbeat`, JSON. Who does so is registered by it.

use carnet_ticket::identity::CapabilityId;
use http::Method;
use serde_json::json;

use super::{Registry, RegistryError};
use crate::rpc::PROVIDER;

impl Registry {
    pub(super) async fn beat_as_worker(&self) -> Result<(), RegistryError> {
        let registration = &self.registration;
        let tasks = &registration.tasks;
        let mut body = json!({
            "hostname": registration.host,
            "status": self.state(),
            "providers": [PROVIDER],
            "capabilities":
                registration.capabilities.iter().map(CapabilityId::as_str).collect::<Vec<_>>(),
            "capacity": { "max_sandboxes": tasks.capacity() },
            "key_ids": registration.key_ids(),
            "revocation_seq": self.health.gate().revocations().seq(),
            "instance": tasks.instance(),
            "labels": registration.labels,
            "capability_schemas": registration.capability_schemas,
            "active": tasks.active(),
        });
        // JSON has no other numbers.
        let load = (registration.load)();
        body["load_score"] = json!(if load.is_finite() { load.clamp(0.0, 1.0) } else { 0.0 });
        if let Some(rpc_url) = &registration.rpc_url {
            body["capacity"]["rpc_url"] = json!(rpc_url);
        }
        let url = self.plane.at(&format!("api/v1/worker/{}/heartbeat", self.worker_id()));
        let answer = self.ask(Method::POST, url, |request| request.json(&body)).await?;
        self.answered(&answer.headers);
        Ok(())
    }
}
