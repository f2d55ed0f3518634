//! A server of its own, in a folder that goes with it.

use std::collections::BTreeMap;

use carnet_config::{Loaded, Sources, Watch};
use carnet_gate::Clock;
use carnet_server::serve::{self, Listening};
use carnet_server::{App, AppOptions};
use carnet_store::{Store, StoreOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;

/// The key of the service that measures.
pub const KEY: &str = "the-key-of-the-benchmark";

/// A running server.
pub struct World {
    /// `host:port`.
    pub address: std::net::SocketAddr,
    /// Where members of the fleet come to.
    pub fleet: std::net::SocketAddr,
    listening: Listening,
    folder: TempDir,
}

impl World {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_in(tempfile::tempdir()?).await
    }

    /// Starts one on what is in a folder.
    pub async fn start_in(folder: TempDir) -> anyhow::Result<Self> {
        let (sources, loaded) = load(&folder)?;
        let store = Self::open_store(&folder)?;
        let watch = Watch::new(sources, loaded, None);
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let app = App::open(AppOptions { watch, store, clock: Clock::System, metrics }).await?;
        let listening = serve::listen(app).await?;
        let (address, fleet) = (listening.address(), listening.fleet_address());
        Ok(Self { address, fleet, listening, folder })
    }

    /// The store of a server in this folder, while none runs.
    pub fn open_store(folder: &TempDir) -> anyhow::Result<Store> {
        let database = load(folder)?.1.config.database;
        let options = StoreOptions {
            path: database.path,
            busy_timeout: database.busy_timeout,
            readers: database.pool,
        };
        Ok(Store::open(&options)?)
    }

    /// Its folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.listening.shut_down().await;
    }
}

/// The configuration of a server in this folder.
fn load(folder: &TempDir) -> anyhow::Result<(Sources, Loaded)> {
    let flags = BTreeMap::from([
        ("data_dir".to_owned(), folder.path().display().to_string()),
        ("server.port".to_owned(), "0".to_owned()),
        ("fleet.listen_addr".to_owned(), "127.0.0.1:0".to_owned()),
        ("auth.admin_api_key".to_owned(), KEY.to_owned()),
        ("auth.worker_signing_key".to_owned(), KEY.repeat(2)),
        ("keys.seal_key".to_owned(), "01".repeat(32)),
        ("realm.rate_per_user".to_owned(), "0".to_owned()),
        ("realm.rate_upload_per_realm".to_owned(), "0".to_owned()),
    ]);
    let sources = Sources { flags, cwd: folder.path().to_owned(), ..Default::default() };
    let loaded = carnet_config::load(&sources)?;
    Ok((sources, loaded))
}
