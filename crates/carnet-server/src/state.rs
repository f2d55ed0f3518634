//! [`App`]: what every handler is handed.

use std::sync::Arc;

use carnet_config::Config;
use carnet_gate::{Clock, Gate, GateLimits, Lookup, Stopwatch};
use carnet_realm::realms::{OpenError, RealmOptions, Realms, TicketStatusSource, VerifyOnRead};
use carnet_store::Store;
use carnet_ticket::api_key::{ApiKeys, ConfiguredKey};
use carnet_ticket::implicit::Implicit;
use carnet_ticket::realm::RealmTickets;
use carnet_ticket::verify::{Class, Surface};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::auth::{ApiKeyStatusSource, ApiRights, RealmRightsMap};

/// Who signs in where no credential is asked for.
pub(crate) const LOCAL_ADMIN: &str = "local-admin";

/// What a server is made of.
pub struct AppOptions {
    /// The configuration.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// The clock: the system's, but in tests.
    pub clock: Clock,
    /// Renders the metrics of this process.
    pub metrics: PrometheusHandle,
}

/// The server's state. Clones are the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    store: Store,
    gate: Gate,
    lookup: Lookup,
    realms: Realms,
    metrics: PrometheusHandle,
    started: Stopwatch,
    draining: CancellationToken,
    stopped: CancellationToken,
}

impl App {
    /// Builds the gate, puts every revocation in force, and opens the realms.
    pub async fn open(options: AppOptions) -> Result<Self, OpenError> {
        let AppOptions { config, store, clock, metrics } = options;
        let gate = gate(&config, clock);
        store.bring_up_to_date(&gate).await?;
        let realms = Realms::open(store.clone(), gate.clone(), realm_options(&config)).await?;
        let lookup = Lookup::builder(&gate)
            .source(Class::Realm, Arc::new(TicketStatusSource::new(store.clone(), gate.clone())))
            .source(Class::ApiKey, Arc::new(ApiKeyStatusSource::new(store.clone(), gate.clone())))
            .build();
        let started = gate.clock().stopwatch();
        let (draining, stopped) = (CancellationToken::new(), CancellationToken::new());
        Ok(Self(Arc::new(Inner {
            config,
            store,
            gate,
            lookup,
            realms,
            metrics,
            started,
            draining,
            stopped,
        })))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        &self.0.lookup
    }

    pub(crate) fn realms(&self) -> &Realms {
        &self.0.realms
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.0.gate.clock()
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.metrics
    }

    pub(crate) fn started(&self) -> &Stopwatch {
        &self.0.started
    }

    /// Cancelled when no new requests are taken.
    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// Cancelled when what is still running is cut.
    pub(crate) fn stopped(&self) -> &CancellationToken {
        &self.0.stopped
    }
}

fn gate(config: &Config, clock: Clock) -> Gate {
    let configured = |service, role, secret: &Option<secrecy::SecretString>| {
        secret.as_ref().map(|secret| ConfiguredKey::new(service, role, secret.expose_secret()))
    };
    let auth = &config.auth;
    let is_fallback = auth.admin_fallback_enabled && auth.admin_api_key.is_none();
    let api_role = if is_fallback { "admin" } else { "api" };
    let keys = [
        configured("key:api", api_role, &auth.api_key),
        configured("key:admin", "admin", &auth.admin_api_key),
    ];
    let open = if auth.enabled { &[][..] } else { &[Class::Anonymous][..] };
    let limits = GateLimits {
        grants_max: config.gate.max_grants as usize,
        meters_max: config.gate.max_meters as usize,
    };
    Gate::builder(clock)
        .verifier(Class::Realm, Arc::new(RealmTickets))
        .verifier(Class::ApiKey, Arc::new(ApiKeys::new(keys.into_iter().flatten().collect())))
        .verifier(Class::Local, Arc::new(Implicit { subject: LOCAL_ADMIN }))
        .verifier(Class::Anonymous, Arc::new(Implicit { subject: "anonymous" }))
        .accept(Surface::Api, &[Class::ApiKey, Class::Local])
        .accept(Surface::Realm, &[Class::Realm, Class::ApiKey, Class::Local])
        .accept(Surface::Api, open)
        .accept(Surface::Realm, open)
        .rights(Surface::Api, Arc::new(ApiRights))
        .rights(Surface::Realm, Arc::new(RealmRightsMap))
        .limits(limits)
        .build()
}

fn realm_options(config: &Config) -> RealmOptions {
    let realm = &config.realm;
    RealmOptions {
        limits: carnet_realm::node::Limits {
            // Checked at start to be at most 16 MiB.
            node_limit: u32::try_from(realm.node_limit.0).unwrap_or(16 << 20),
            max_name_bytes: realm.max_name_bytes,
            max_children: realm.max_children,
            profile: config.profile.realm.unwrap_or(config.profile.default),
        },
        inline_max: realm.inline_max.0,
        quota: Some(realm.default_quota.0).filter(|quota| *quota > 0),
        max_ticket_ttl: realm.max_ticket_ttl,
        default_ticket_ttl: realm.default_ticket_ttl,
        scope_step_nodes: realm.scope_step_nodes as usize,
        scope_max_nodes: realm.scope_max_nodes as usize,
        upload_reservation: realm.upload_reservation,
        verify_on_read: match realm.verify_on_read {
            carnet_config::VerifyOnRead::First => VerifyOnRead::First,
            carnet_config::VerifyOnRead::Always => VerifyOnRead::Always,
            carnet_config::VerifyOnRead::Never => VerifyOnRead::Never,
        },
        blobs: config.blobs.path.clone(),
    }
}
