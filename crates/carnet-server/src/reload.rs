//! Putting a changed configuration in force: all of it, or nothing. No connection is dropped.

use std::sync::Arc;

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::ca::CaSettingsError;
use carnet_config::manifest::Manifest;
use carnet_config::{Changes, ReloadError};
use carnet_store::StoreError;
use carnet_ticket::realm::owner_content_id;
use carnet_ticket::verify::RowEnd;

use crate::audit::nobody;
use crate::auth::service_realm;
use crate::authority::AuthorityError;
use crate::ca;
use crate::rpc::{self, Foreign, RpcTlsError};
use crate::serve::{self, TlsError};
use crate::state::{App, configured_keys};

/// Why what was in force still is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadFault {
    /// The configuration or the manifest does not load, or a server would not start with it.
    #[error(transparent)]
    Config(#[from] ReloadError),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What workers without a certificate of the fleet are called with.
    #[error(transparent)]
    RpcTls(#[from] RpcTlsError),
    /// The keys.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The settings of the CA.
    #[error(transparent)]
    Ca(#[from] CaSettingsError),
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Loads configuration and manifest anew and puts them in force, because this process was told to. When
    /// anything of it fails, nothing changes.
    pub async fn reload(&self) -> Result<Changes, ReloadFault> {
        let (now, actor) = (self.clock().now(), Actor { id: "server".into(), ..nobody() });
        let event = Event::new(
            now,
            Kind::Config,
            actor,
            "config.reload",
            "config",
            Outcome::Allowed,
            "reload",
        );
        self.reload_for(event).await
    }

    /// The same for whoever `event` names. Without its row nothing is put in force.
    pub(crate) async fn reload_for(&self, event: Event) -> Result<Changes, ReloadFault> {
        let reloaded = self.try_reload(event).await;
        let result = if reloaded.is_ok() { "ok" } else { "error" };
        metrics::counter!("carnet_config_reload_total", "result" => result).increment(1);
        self.set_degraded(reloaded.is_err());
        match &reloaded {
            Ok(changes) if changes.needs_restart.is_empty() => {
                tracing::info!(changed = ?changes.live, "the configuration was loaded anew");
            }
            Ok(changes) => {
                let needs_restart = &changes.needs_restart;
                tracing::warn!(changed = ?changes.live, ?needs_restart, "loaded anew; some keys need a restart");
            }
            Err(error) => {
                tracing::error!(%error, "the configuration was not loaded anew; the old one is in force");
            }
        }
        reloaded
    }

    async fn try_reload(&self, event: Event) -> Result<Changes, ReloadFault> {
        let mut watch = self.watch().lock().await;
        let reload = watch.reload()?;
        let config = Arc::new(reload.loaded.config.clone());
        let tls = serve::tls_of(&config)?;
        let foreign = Foreign::of(&config.rpc_tls, self.clock())?;
        let ca = ca::settings(&config)?;
        let _turn = self.authority().turn().await;
        let ca_turn = self.ca().turn().await;
        let keyring = self.authority().load(&config).await?;
        self.store().record(event).await?;
        // From here on nothing fails.
        self.authority().swap_keyring(keyring, &config);
        self.authority().swap_tickets(reload.manifest.as_ref().map(tickets));
        let keys = self.api_keys().swap(configured_keys(&config));
        for content in keys.into_iter().chain(self.users().swap(&config.auth)) {
            self.gate().end_content(content, RowEnd::Deleted);
        }
        // Agents have what the services that own them have now.
        for service in ["key:api", "key:admin"] {
            self.gate().row_changed(owner_content_id(&service_realm(service)));
        }
        self.ca().set_settings(ca, &ca_turn);
        self.set_tls(tls);
        self.set_foreign(foreign);
        rpc::warn(&config.rpc_tls);
        self.set_config(config);
        let changes = reload.changes.clone();
        watch.accept(reload);
        Ok(changes)
    }

    /// Looks whether a file in use changed, and loads anew if so.
    pub(crate) async fn reload_if_changed(&self) {
        let is_changed = self.watch().lock().await.changed();
        if is_changed {
            // What is wrong is in the log.
            let _ = self.reload().await;
        }
    }
}

pub(crate) fn tickets(manifest: &Manifest) -> carnet_config::manifest::Tickets {
    manifest.tickets.clone()
}
