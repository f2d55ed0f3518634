//! [`WorkerApplication`]: says what a worker is.

mod access;
mod calls;
mod core;
mod hooks;
mod plan;
mod router;
mod run;
mod running;
mod serve;
mod standing;
mod this_worker;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::MethodRouter;

use crate::capability::CapabilityDefinition;
use crate::error::BoxError;
use crate::surroundings::Surroundings;
use crate::task::{AnyHandler, TaskHandler};
use hooks::{ShutdownHook, StartupHook};

pub use running::RunningWorker;
pub use this_worker::ThisWorker;

/// What a caller without a certificate gets. One with a certificate that does not verify never gets a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// `/health`, and 401 for everything else.
    #[default]
    HealthOpen,
    /// No connection.
    Required,
    /// Everything but `/rpc`.
    Open,
}

/// A worker: its routes, and what it says of itself. Everything that is security is done by [`Self::run`].
#[must_use = "a worker does nothing until it runs"]
pub struct WorkerApplication {
    service_name: String,
    worker_id: Option<String>,
    https_port: Option<u16>,
    host: Option<IpAddr>,
    rpc_listen: Option<SocketAddr>,
    advertise_host: Option<String>,
    router: Router,
    capabilities: Vec<CapabilityDefinition>,
    handlers: Vec<(CapabilityDefinition, Arc<dyn AnyHandler>)>,
    labels: BTreeMap<String, String>,
    capacity: Option<usize>,
    load: Option<Load>,
    client_auth: ClientAuth,
    allow_peers: Vec<String>,
    startup: Vec<StartupHook>,
    shutdown: Vec<ShutdownHook>,
    surroundings: Option<Surroundings>,
}

/// Tells how busy a worker is, from 0 to 1.
pub(crate) type Load = Arc<dyn Fn() -> f32 + Send + Sync>;

impl WorkerApplication {
    /// A worker of this service: HTTPS on port 8500, no routes but `/health`, `/status` and `/metrics`.
    pub fn new(service_name: impl Into<String>) -> Self {
        Self {
            service_name: service_name.into(),
            worker_id: None,
            https_port: None,
            host: None,
            rpc_listen: None,
            advertise_host: None,
            router: Router::new(),
            capabilities: Vec::new(),
            handlers: Vec::new(),
            labels: BTreeMap::new(),
            capacity: None,
            load: None,
            client_auth: ClientAuth::default(),
            allow_peers: Vec::new(),
            startup: Vec::new(),
            shutdown: Vec::new(),
            surroundings: None,
        }
    }

    /// What the registry knows it by; otherwise an id that is made once and kept.
    pub fn worker_id(self, id: impl Into<String>) -> Self {
        Self { worker_id: Some(id.into()), ..self }
    }

    /// The port; 0 is any that is free. Otherwise `HTTPS_PORT`, else 8500.
    pub fn https_port(self, port: u16) -> Self {
        Self { https_port: Some(port), ..self }
    }

    /// The address to listen on. Otherwise `CARNET_WORKER_HOST`, else every address in a container, and this machine
    /// alone elsewhere.
    pub fn host(self, addr: IpAddr) -> Self {
        Self { host: Some(addr), ..self }
    }

    /// Where the control plane asks for tasks, instead of on the HTTPS port: there a certificate is demanded in the
    /// handshake.
    pub fn rpc_listen(self, address: SocketAddr) -> Self {
        Self { rpc_listen: Some(address), ..self }
    }

    /// The host under which others reach it. Otherwise `CARNET_ADVERTISE_HOST`, else the name in its certificate in a
    /// container, and `localhost` elsewhere, or where the control plane is on the same machine.
    pub fn advertise_host(self, host: impl Into<String>) -> Self {
        Self { advertise_host: Some(host.into()), ..self }
    }

    /// Serves `path`. It may be a path that every worker serves: then this is what is served there.
    pub fn route(mut self, path: &str, methods: MethodRouter) -> Self {
        self.router = self.router.route(path, methods);
        self
    }

    /// Serves the routes of `router`. Its fallback is not used: what no route takes is 404.
    pub fn router(mut self, router: Router) -> Self {
        self.router = self.router.merge(router.reset_fallback());
        self
    }

    /// Offers a capability.
    pub fn capability(mut self, capability: CapabilityDefinition) -> Self {
        self.capabilities.push(capability);
        self
    }

    /// Does tasks: offers the capability of `handler`, and serves `/rpc`, where the control plane asks for them. Tasks
    /// come from a control plane: a worker without one does none.
    pub fn task(mut self, handler: impl TaskHandler) -> Self {
        let capability = handler.capability();
        self.capabilities.push(capability.clone());
        self.handlers.push((capability, Arc::new(handler)));
        self
    }

    /// Says something more of it to the registry.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// How many tasks it takes at once; otherwise as many as there are processors.
    pub fn capacity(self, tasks: usize) -> Self {
        Self { capacity: Some(tasks), ..self }
    }

    /// Tells how busy it is, from 0 to 1; otherwise its tasks over its capacity.
    pub fn load(self, load: impl Fn() -> f32 + Send + Sync + 'static) -> Self {
        Self { load: Some(Arc::new(load)), ..self }
    }

    /// What callers without a certificate get.
    pub fn client_auth(self, policy: ClientAuth) -> Self {
        Self { client_auth: policy, ..self }
    }

    /// Who may call, as globs of SPIFFE IDs: `spiffe://carnet.local/worker/mail-*`. Otherwise everybody of the trust
    /// domain. The control plane may always hand it tasks.
    pub fn allow_peers(self, spiffe_globs: &[&str]) -> Self {
        let globs = spiffe_globs.iter().map(|glob| (*glob).to_owned());
        Self { allow_peers: globs.collect(), ..self }
    }

    /// Runs once the port answers, before the worker is healthy and registered. When it fails the worker does not
    /// start.
    pub fn on_startup<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.startup.push(Box::new(move || Box::pin(hook())));
        self
    }

    /// Runs when the worker ends, the one that was said last first. One that fails, or takes longer than `timeout`,
    /// is logged, and the next runs.
    pub fn on_shutdown<F, Fut>(mut self, name: &'static str, timeout: Duration, hook: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let run = Box::new(move || Box::pin(hook()) as hooks::Running);
        self.shutdown.push(ShutdownHook { name, timeout, run });
        self
    }

    /// Goes by these surroundings instead of those of the process: for tests, and for programs that read their
    /// settings elsewhere.
    pub fn surroundings(self, surroundings: Surroundings) -> Self {
        Self { surroundings: Some(surroundings), ..self }
    }
}

impl fmt::Debug for WorkerApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerApplication")
            .field("service_name", &self.service_name)
            .finish_non_exhaustive()
    }
}
