//! [`Held`]: what a server holds of its CA, from its start on.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use carnet_authority::ca::{
    CaRecord, CaSettings, CaSettingsError, CaState, CertificateAuthority, Serial,
};
use carnet_config::Config;
use carnet_store::{CaRow, Store};
use carnet_ticket::identity::Member;
use carnet_ticket::time::Timestamp;
use rustls::sign::CertifiedKey;
use tokio::sync::Mutex;

use super::CaFault;
use super::crl::Crl;
use super::key_folder::KeyFolder;
use super::local::Local;
use super::own::{self, Own};
use super::rotate::{self, has_ended};
use crate::audit::Trail;

/// Certificates that are known to have been used; others cost a transaction.
const USED_MAX: u64 = 100_000;

/// What a server holds of its CA.
pub(crate) struct Held {
    pub(super) keys: KeyFolder,
    pub(super) authority: ArcSwap<CertificateAuthority>,
    /// Who this server is.
    pub(super) node: Member,
    pub(super) own: ArcSwap<Own>,
    /// This server's certificate by the CA that signed before.
    pub(super) former: ArcSwapOption<Own>,
    pub(super) crl: Mutex<Option<Crl>>,
    /// When the next certificate that was superseded ends.
    pub(super) next_end: Mutex<Option<Timestamp>>,
    pub(super) used: moka::sync::Cache<Serial, ()>,
    /// Where the fleet's listener is, once there is one.
    pub(super) listener: ArcSwapOption<SocketAddr>,
    pub(super) local: ArcSwapOption<Local>,
    /// The CA and its settings are changed one at a time.
    pub(super) turning: Mutex<()>,
}

impl Held {
    /// Loads the CA; makes it at the first start. A server that was off until its CA had ended begins a new one.
    /// Every start gets a certificate of its own, whose key is nowhere but in memory.
    pub(crate) async fn open(
        store: &Store,
        config: &Config,
        now: Timestamp,
    ) -> Result<Self, CaFault> {
        let keys = KeyFolder::new(config);
        let mut authority = load(store, &keys, settings(config)?).await?;
        let trail = Trail::of_server(now, "start");
        if has_ended(&authority, now) {
            if !authority.bundle().certificates.iter().any(|ca| ca.state == CaState::Next) {
                authority = rotate::prepare(store, &keys, authority, &trail, now).await?;
            }
            if has_ended(&authority, now) {
                authority = rotate::activate(store, authority, (&[], true), &trail, now).await?;
            }
        }
        let node = own::node()?;
        let own = own::issue(store, &authority, &node, config, &trail, now).await?;
        Ok(Self {
            keys,
            authority: ArcSwap::from_pointee(authority),
            node,
            own: ArcSwap::from_pointee(own),
            former: ArcSwapOption::empty(),
            crl: Mutex::default(),
            next_end: Mutex::new(store.next_supersession().await?),
            used: moka::sync::Cache::new(USED_MAX),
            listener: ArcSwapOption::empty(),
            local: ArcSwapOption::empty(),
            turning: Mutex::default(),
        })
    }
}

impl Held {
    /// This server's own certificate, with the CA's behind it.
    pub(crate) fn own_certificate(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.own.load().certified)
    }

    /// Every CA certificate that is trusted, and the number of that set.
    pub(crate) fn authority(&self) -> Arc<CertificateAuthority> {
        self.authority.load_full()
    }
}

/// The settings that the configuration makes.
pub(crate) fn settings(config: &Config) -> Result<CaSettings, CaSettingsError> {
    let ca = &config.ca;
    let settings = CaSettings::new(ca.trust_domain.clone(), &ca.organization)?
        .with_curve(ca.key_type)
        .with_lifetime(ca.lifetime)?;
    match &ca.crl_url {
        Some(url) => settings.with_crl_url(url.as_str()),
        None => Ok(settings),
    }
}

/// The authority of what is stored, with its keys.
async fn load(
    store: &Store,
    keys: &KeyFolder,
    settings: CaSettings,
) -> Result<CertificateAuthority, CaFault> {
    let rows = store.ca_certificates().await?;
    let sequence = rows.iter().map(|row| row.sequence).max().unwrap_or(0);
    let trusted = rows.into_iter().filter(|row| row.state != CaState::Removed);
    let record = |row: CaRow| {
        Ok::<_, CaFault>(CaRecord {
            key: keys.read(&row.sha256)?,
            certificate: row.certificate,
            state: row.state,
            sequence: row.sequence,
            prepared_at: row.prepared_at,
            activated_at: row.activated_at,
            retiring_at: row.retiring_at,
        })
    };
    let records = trusted.map(record).collect::<Result<Vec<_>, _>>()?;
    Ok(CertificateAuthority::new(settings, records, sequence)?)
}
