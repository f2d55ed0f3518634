//! [`App`]: what every handler is handed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use carnet_authority::keyring::Purpose;
use carnet_authority::revocation_feed::FeedSigner;
use carnet_config::{BlobsKind, Config, Watch};
use carnet_gate::{Clock, Gate, GateLimits, Lookup, Stopwatch};
use carnet_realm::realms::{
    BlobStorage, OpenError, RealmOptions, Realms, S3Options, TicketStatusSource, VerifyOnRead,
};
use carnet_store::{Store, StoreError};
use carnet_ticket::api_key::{ApiKeys, ConfiguredKey};
use carnet_ticket::identity::Certificates;
use carnet_ticket::implicit::Implicit;
use carnet_ticket::realm::{AgentTokens, RealmTickets, SignedRequests};
use carnet_ticket::session::Sessions;
use carnet_ticket::verify::{Class, Surface};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::audit::Recorder;
use crate::auth::session::{SessionStatusSource, UsedSessions};
use crate::auth::{
    AgentFacts, ApiKeyStatusSource, ApiRights, ClientStatusSource, DevUsers, RealmRightsMap,
    Replays, SeenUsers, TokenStatusSource, UserStatusSource,
};
use crate::authority::{Authority, AuthorityError};
use crate::ca::{self, Ca, CaFault};
use crate::events::Pulse;
use crate::fleet::FleetRights;
use crate::rate::Limiters;
use crate::registry::Registry;
use crate::revocations::{Feed, LogError, RevocationLog};
use crate::rpc::Foreign;
use crate::tasks::{self, Tasks};
use crate::{reload, upkeep};

/// Who signs in where no credential is asked for.
pub(crate) const LOCAL_ADMIN: &str = "local-admin";

/// What a server is made of.
pub struct AppOptions {
    /// The configuration and the manifest, and the files that they are made of.
    pub watch: Watch,
    /// The store.
    pub store: Store,
    /// The clock: the system's, but in tests.
    pub clock: Clock,
    /// Renders the metrics of this process.
    pub metrics: PrometheusHandle,
}

/// Why a server cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The content store.
    #[error(transparent)]
    Realms(#[from] OpenError),
    /// The keys.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The revocations beside the database.
    #[error(transparent)]
    Revocations(#[from] LogError),
    /// The certificate authority of the fleet.
    #[error(transparent)]
    Ca(#[from] CaFault),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The server's state. Clones are the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    watch: Mutex<Watch>,
    config: ArcSwap<Config>,
    tls: ArcSwapOption<TlsAcceptor>,
    is_degraded: AtomicBool,
    store: Store,
    gate: Gate,
    api_keys: Arc<ApiKeys>,
    users: Arc<DevUsers>,
    seen_users: SeenUsers,
    used_sessions: UsedSessions,
    pulse: Pulse,
    replays: Replays,
    registry: Registry,
    authority: Authority,
    ca: Arc<ca::Held>,
    tasks: Tasks,
    /// Where the API listens, once it does.
    address: ArcSwapOption<SocketAddr>,
    recorder: Recorder,
    limiters: Limiters,
    revocations: RevocationLog,
    feed: Feed,
    lookup: Lookup,
    realms: Realms,
    metrics: PrometheusHandle,
    started: Stopwatch,
    draining: CancellationToken,
    stopped: CancellationToken,
}

impl App {
    /// Opens the keys, builds the gate, puts every revocation in force, and opens the realms.
    pub async fn open(options: AppOptions) -> Result<Self, AppError> {
        let AppOptions { watch, store, clock, metrics } = options;
        let config = watch.loaded().config.clone();
        let tickets = watch.manifest().map(reload::tickets);
        let authority = Authority::open(store.clone(), &config, tickets).await?;
        // Before the gate hears of revocations: an old database has to learn the newer ones first.
        let log = &config.revocation.log_file;
        let revocations = RevocationLog::open(log, &store, &authority.keyring()).await?;
        let ca = Arc::new(ca::Held::open(&store, &config, clock.now()).await?);
        let api_keys = Arc::new(ApiKeys::new(configured_keys(&config)));
        let users = Arc::new(DevUsers::new(&config.auth));
        let gate = gate(&config, clock, Arc::clone(&api_keys), &users, &authority);
        store.bring_up_to_date(&gate).await?;
        let feed = Feed::new(gate.revocations().seq());
        let recorder = Recorder::start(store.clone(), gate.clock().clone());
        let limiters = Limiters::new(&config, gate.clock().clone());
        let realms = Realms::open(store.clone(), gate.clone(), realm_options(&config)).await?;
        let lookup = lookup(&store, &gate, &users, &api_keys);
        let replays = Replays::new(gate.clock().now());
        let registry = Registry::open(store.clone(), gate.clock().clone()).await?;
        let trust_domain = config.ca.trust_domain.clone();
        let tasks = Tasks::new(gate.clone(), Arc::clone(&ca), trust_domain);
        let started = gate.clock().stopwatch();
        let (draining, stopped) = (CancellationToken::new(), CancellationToken::new());
        let app = Self(Arc::new(Inner {
            watch: Mutex::new(watch),
            config: ArcSwap::from_pointee(config),
            tls: ArcSwapOption::empty(),
            is_degraded: AtomicBool::new(false),
            store,
            gate,
            api_keys,
            users,
            seen_users: SeenUsers::default(),
            used_sessions: UsedSessions::default(),
            pulse: Pulse::default(),
            replays,
            registry,
            authority,
            ca,
            tasks,
            address: ArcSwapOption::empty(),
            recorder,
            limiters,
            revocations,
            feed,
            lookup,
            realms,
            metrics,
            started,
            draining,
            stopped,
        }));
        upkeep::restore_meters(&app).await?;
        tasks::recover(&app).await?;
        app.make_first_keys().await?;
        Ok(app)
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    pub(crate) fn set_config(&self, config: Arc<Config>) {
        self.0.limiters.set(&config);
        self.0.config.store(config);
    }

    pub(crate) fn watch(&self) -> &Mutex<Watch> {
        &self.0.watch
    }

    /// What new connections are encrypted with.
    pub(crate) fn tls(&self) -> Option<Arc<TlsAcceptor>> {
        self.0.tls.load_full()
    }

    pub(crate) fn set_tls(&self, tls: Option<TlsAcceptor>) {
        self.0.tls.store(tls.map(Arc::new));
    }

    /// Workers without a certificate of the fleet are called by this from now on.
    pub(crate) fn set_foreign(&self, foreign: Foreign) {
        let reach = foreign.reach();
        self.tasks().set_foreign(foreign);
        self.registry().set_reach(reach);
    }

    /// Whether the last reload failed, so that the files say something else than what is in force.
    pub(crate) fn is_degraded(&self) -> bool {
        self.0.is_degraded.load(Ordering::Relaxed)
    }

    pub(crate) fn set_degraded(&self, is_degraded: bool) {
        self.0.is_degraded.store(is_degraded, Ordering::Relaxed);
    }

    pub(crate) fn api_keys(&self) -> &ApiKeys {
        &self.0.api_keys
    }

    pub(crate) fn users(&self) -> &DevUsers {
        &self.0.users
    }

    pub(crate) fn seen_users(&self) -> &SeenUsers {
        &self.0.seen_users
    }

    pub(crate) fn used_sessions(&self) -> &UsedSessions {
        &self.0.used_sessions
    }

    /// What pages that are open listen to.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    pub(crate) fn replays(&self) -> &Replays {
        &self.0.replays
    }

    /// The workers that have registered.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The tasks of which something may still become.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// The API listens here.
    pub(crate) fn listens_at(&self, address: SocketAddr) {
        self.0.address.store(Some(Arc::new(address)));
    }

    /// Where workers and browsers reach the API.
    pub(crate) fn url(&self) -> String {
        let config = self.config();
        if let Some(url) = &config.server.public_url {
            return url.as_str().to_owned();
        }
        let scheme = if config.server.tls_cert_file.is_some() { "https" } else { "http" };
        let address = self.0.address.load();
        match address.as_deref() {
            Some(address) if !address.ip().is_unspecified() => format!("{scheme}://{address}"),
            Some(address) => {
                // It hears everybody: workers know it by the name under which they come to the fleet.
                let (host, _) = self.ca().reached_at();
                format!("{scheme}://{host}:{}", address.port())
            }
            None => self.issuer(),
        }
    }

    /// What this server calls itself in what it signs.
    pub(crate) fn issuer(&self) -> String {
        let config = self.config();
        let scheme = if config.server.tls_cert_file.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{}", config.server.host, config.server.port)
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// The certificate authority of the fleet.
    pub(crate) fn ca(&self) -> Ca<'_> {
        Ca::new(self, &self.0.ca)
    }

    /// Signs what is told of revocations; nothing without a key.
    pub(crate) fn feed_signer(&self) -> Option<FeedSigner> {
        let keyring = self.authority().keyring();
        let key = keyring.active(Purpose::RevocationFeed)?.signing_key()?;
        Some(FeedSigner::new(self.issuer(), Arc::clone(key)))
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.0.feed
    }

    /// Tells every open stream of the revocations that are in force.
    pub(crate) async fn tell_revocations(&self) {
        if let Err(error) = self.feed().tell(self).await {
            tracing::error!(%error, "streams were not told of a revocation; they are told again");
        }
    }

    /// Tells every open stream of revocations, then writes them into their log as well. They are in force in any case.
    pub(crate) async fn publish_revocations(&self) {
        self.tell_revocations().await;
        let (keyring, issuer, now) =
            (self.authority().keyring(), self.issuer(), self.clock().now());
        let logged = self.0.revocations.catch_up(self.store(), &keyring, &issuer, now).await;
        if let Err(error) = logged {
            tracing::error!(%error, "a revocation is in force, and not in revocations.log; it is tried again");
        }
    }

    /// Puts in force, tells and logs whatever the store knows of revocations. Each does so by itself; this is for what
    /// went wrong meanwhile.
    pub(crate) async fn hear_revocations(&self) {
        if let Err(error) = self.store().bring_up_to_date(self.gate()).await {
            tracing::error!(%error, "revocations could not be read; they are read again");
        }
        self.publish_revocations().await;
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    pub(crate) fn limiters(&self) -> &Limiters {
        &self.0.limiters
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

/// The API keys that the configuration names.
pub(crate) fn configured_keys(config: &Config) -> Vec<ConfiguredKey> {
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
    keys.into_iter().flatten().collect()
}

/// Where the gate's facts come from.
fn lookup(store: &Store, gate: &Gate, users: &Arc<DevUsers>, api_keys: &Arc<ApiKeys>) -> Lookup {
    let agents = AgentFacts {
        store: store.clone(),
        gate: gate.clone(),
        users: Arc::clone(users),
        api_keys: Arc::clone(api_keys),
    };
    let keys = ApiKeyStatusSource::new(store.clone(), gate.clone(), Arc::clone(api_keys));
    let sessions = SessionStatusSource::new(store.clone(), gate.clone(), keys.clone());
    let people = UserStatusSource::new(store.clone(), gate.clone(), Arc::clone(users));
    Lookup::builder(gate)
        .source(Class::Realm, Arc::new(TicketStatusSource::new(store.clone(), gate.clone())))
        .source(Class::ApiKey, Arc::new(keys))
        .source(Class::Jwt, Arc::new(people))
        .source(Class::Session, Arc::new(sessions))
        .source(Class::AgentToken, Arc::new(TokenStatusSource(agents.clone())))
        .source(Class::SignedRequest, Arc::new(ClientStatusSource(agents)))
        .build()
}

fn gate(
    config: &Config,
    clock: Clock,
    api_keys: Arc<ApiKeys>,
    users: &DevUsers,
    authority: &Authority,
) -> Gate {
    const TOKENS: [Class; 2] = [Class::WorkerToken, Class::StaticToken];
    const PRINCIPALS: [Class; 6] = [
        Class::ApiKey,
        Class::Local,
        Class::Jwt,
        Class::AgentToken,
        Class::SignedRequest,
        Class::Session,
    ];
    let profile = config.profile.realm.unwrap_or(config.profile.default);
    let auth = &config.auth;
    let open = if auth.enabled { &[][..] } else { &[Class::Anonymous][..] };
    let limits = GateLimits {
        grants_max: config.gate.max_grants as usize,
        meters_max: config.gate.max_meters as usize,
    };
    Gate::builder(clock)
        .verifier(Class::Realm, Arc::new(RealmTickets))
        .verifier(Class::ApiKey, api_keys)
        .verifier(Class::Local, Arc::new(Implicit { subject: LOCAL_ADMIN }))
        .verifier(Class::Anonymous, Arc::new(Implicit { subject: "anonymous" }))
        .verifier(Class::Jwt, Arc::new(users.verifier()))
        .verifier(Class::AgentToken, Arc::new(AgentTokens))
        .verifier(Class::Session, Arc::new(Sessions))
        .verifier(
            Class::Certificate,
            Arc::new(Certificates { trust_domain: config.ca.trust_domain.clone() }),
        )
        .verifier(Class::SignedRequest, Arc::new(SignedRequests { profile }))
        .accept(Surface::Api, &PRINCIPALS)
        .accept(Surface::Realm, &PRINCIPALS)
        .accept(Surface::Realm, &[Class::Realm])
        .accept(Surface::Api, open)
        .accept(Surface::Realm, open)
        .verifier(Class::WorkerToken, Arc::clone(authority.worker_tokens()) as _)
        .verifier(Class::StaticToken, Arc::clone(authority.worker_tokens()) as _)
        .accept(Surface::Rpc, &[Class::Certificate])
        // Who may come by a token is asked before the gate is.
        .accept(Surface::Rpc, &TOKENS)
        .rights(Surface::Rpc, Arc::new(FleetRights))
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
        blobs: blob_storage(&config.blobs),
    }
}

/// Where the configuration keeps large nodes. What a bucket needs is checked at start to be there.
fn blob_storage(blobs: &carnet_config::Blobs) -> BlobStorage {
    match blobs.kind {
        BlobsKind::Local => BlobStorage::Local(blobs.path.clone()),
        BlobsKind::Memory => BlobStorage::Memory,
        BlobsKind::S3 => BlobStorage::S3(S3Options {
            bucket: blobs.bucket.clone().unwrap_or_default(),
            prefix: blobs.prefix.clone(),
            endpoint: blobs.endpoint.clone(),
            region: blobs.region.clone(),
            access_key_id: blobs.access_key_id.clone().unwrap_or_default(),
            secret_access_key: blobs.secret_access_key.clone().unwrap_or_default(),
        }),
    }
}
