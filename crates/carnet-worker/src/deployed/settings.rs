//! [`Settings`]: what the configuration says of a worker without a certificate of the fleet.

use carnet_config::{Role, Sources, Watch};

use crate::error::WorkerError;
use crate::surroundings::Surroundings;

/// The file of the configuration, and what begins the names of the variables that ask for it.
const CONFIG: &str = "CARNET_CONFIG";
const RPC_TLS: &str = "CARNET_WORKER_RPC_TLS_";

/// The configuration of a worker that has no certificate of the fleet.
pub(crate) struct Settings(pub(super) Watch);

impl Settings {
    /// What file and environment say; nothing where they name neither a certificate for calls nor calls in plain. No
    /// file is read that the environment does not ask for.
    pub(crate) fn of(surroundings: &Surroundings) -> Result<Option<Self>, WorkerError> {
        let is_asked_for = |name: &String| name == CONFIG || name.starts_with(RPC_TLS);
        let mut asked = surroundings.env.keys().filter(|name| is_asked_for(name));
        if asked.all(|name| surroundings.var(name).is_none()) {
            return Ok(None);
        }
        let (env, cwd) = (surroundings.env.clone(), surroundings.cwd.clone());
        let sources = Sources { env, cwd, named_only: true, ..Sources::default() };
        let loaded = carnet_config::load(&sources).map_err(WorkerError::Config)?;
        let faults = loaded.config.start_faults(Role::Worker);
        if !faults.is_empty() {
            return Err(WorkerError::Start(faults));
        }
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        let rpc_tls = &loaded.config.rpc_tls;
        let is_wanted = rpc_tls.is_off() || rpc_tls.server_cert_file.is_some();
        Ok(is_wanted.then(|| Self(Watch::of_worker(sources, loaded))))
    }
}
