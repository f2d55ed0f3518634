//! Turning the CA over: prepared, activated, retired. Each change is written and audited before it is in force.

use std::sync::Arc;
use std::time::Duration;

use carnet_authority::audit::{Details, Event, Kind};
use carnet_authority::ca::{
    ActivateError, CaError, CaRecord, CaSettings, CaState, CertificateAuthority, Due,
};
use carnet_store::{CaRow, Store};
use carnet_ticket::time::Timestamp;
use serde_json::Map;
use tokio::sync::MutexGuard;

use super::key_folder::KeyFolder;
use super::{Ca, CaFault};
use crate::audit::Trail;

/// A CA with less left than this issues nothing.
const LEFT_MIN: Duration = Duration::from_mins(5);

/// Why the CA was not turned over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RotateFault {
    /// The next CA is prepared already.
    #[error("the next CA certificate is prepared already")]
    AlreadyPrepared,
    /// There is none to activate, or not every worker knows it.
    #[error(transparent)]
    Activate(ActivateError),
    /// It could not be done.
    #[error(transparent)]
    Fault(CaFault),
}

impl<'a> Ca<'a> {
    /// Makes the next CA, which is trusted from now on and signs nothing yet.
    pub(crate) async fn prepare(self, trail: &Trail) -> Result<(), RotateFault> {
        let _turn = self.turn().await;
        let (authority, now) = (self.copy(), self.app.clock().now());
        let prepared = prepare(self.app.store(), &self.held.keys, authority, trail, now).await;
        self.replace(prepared?);
        Ok(())
    }

    /// Lets the next CA sign: unless forced, not before every worker that is online has told that it knows it.
    pub(crate) async fn activate(self, is_forced: bool, trail: &Trail) -> Result<(), RotateFault> {
        let _turn = self.turn().await;
        let (authority, now) = (self.copy(), self.app.clock().now());
        let lost_after = self.app.config().registry.lost_after;
        let reported = self.app.registry().reported_bundles(lost_after);
        let spread = (reported.as_slice(), is_forced);
        let activated = activate(self.app.store(), authority, spread, trail, now).await;
        self.replace(activated?);
        self.held.crl.lock().await.take();
        if let Err(error) = self.renew_own_if_due().await {
            tracing::error!(%error, "this server's certificate is still by the CA before");
        }
        self.rewrite_local();
        Ok(())
    }

    /// Held while the CA or its settings are changed: one at a time.
    pub(crate) async fn turn(self) -> MutexGuard<'a, ()> {
        self.held.turning.lock().await
    }

    /// Makes what is made from now on by these settings.
    pub(crate) fn set_settings(self, settings: CaSettings, _: &MutexGuard<'_, ()>) {
        self.replace(self.copy().with_settings(settings));
    }

    /// Does what the CA does by itself, at half of its life and a day later.
    pub(super) async fn rotate_if_due(self) -> Result<(), RotateFault> {
        let now = self.app.clock().now();
        let trail = Trail::of_server(now, "upkeep");
        match self.authority().due(now) {
            Some(Due::Prepare) => self.prepare(&trail).await,
            Some(Due::Activate) => self.activate(false, &trail).await,
            None => Ok(()),
        }
    }

    /// Trusts retiring CAs no more under which the last certificate has ended.
    pub(super) async fn retire_ended(self) -> Result<(), CaFault> {
        let (authority, now) = (self.authority(), self.app.clock().now());
        for ca in &authority.bundle().certificates {
            if ca.state == CaState::Retiring {
                self.retire(&ca.sha256, now).await?;
            }
        }
        Ok(())
    }

    async fn retire(self, sha256: &[u8; 32], now: Timestamp) -> Result<(), CaFault> {
        let _turn = self.turn().await;
        let last_end = self.app.store().last_end_of_ca(*sha256).await?;
        let mut authority = self.copy();
        let Ok(removed) = authority.retire(sha256, last_end, now) else { return Ok(()) };
        let event = event(&Trail::of_server(now, "upkeep"), &removed);
        let rows = vec![CaRow::from(&removed)];
        self.app.store().audited(event).write_ca_certificates(rows).await?;
        self.replace(authority);
        self.held.keys.remove(sha256)
    }

    fn copy(self) -> CertificateAuthority {
        (*self.authority()).clone()
    }

    fn replace(self, authority: CertificateAuthority) {
        self.held.authority.store(Arc::new(authority));
    }
}

/// Whether the authority issues nothing any more, or never did.
pub(super) fn has_ended(authority: &CertificateAuthority, now: Timestamp) -> bool {
    authority.signing_certificate().is_none_or(|ca| ca.not_after < now.after(LEFT_MIN))
}

/// Makes a CA certificate and writes it, its key first: one without the other would be of no use.
pub(super) async fn prepare(
    store: &Store,
    keys: &KeyFolder,
    mut authority: CertificateAuthority,
    trail: &Trail,
    now: Timestamp,
) -> Result<CertificateAuthority, CaFault> {
    let record = authority.prepare(now)?;
    keys.write(&record.sha256(), &record.key)?;
    let rows = vec![CaRow::from(&record)];
    store.audited(event(trail, &record)).write_ca_certificates(rows).await?;
    Ok(authority)
}

/// Lets the next CA sign.
pub(super) async fn activate(
    store: &Store,
    mut authority: CertificateAuthority,
    (reported, is_forced): (&[u64], bool),
    trail: &Trail,
    now: Timestamp,
) -> Result<CertificateAuthority, CaFault> {
    let changed = authority.activate(reported, is_forced, now)?;
    let mut event = changed.last().map_or_else(
        || trail.event(Kind::Key, "ca.rotate", "ca"),
        |activated| event(trail, activated),
    );
    if is_forced {
        event.reason = Some("forced".into());
    }
    let rows = changed.iter().map(CaRow::from).collect();
    store.audited(event).write_ca_certificates(rows).await?;
    Ok(authority)
}

fn event(trail: &Trail, record: &CaRecord) -> Event {
    let mut event = trail.event(Kind::Key, "ca.rotate", "ca");
    let serial = record.serial().map(|serial| serial.to_string());
    let details = [
        ("serial".to_owned(), serial.into()),
        ("spki_sha256".to_owned(), hex::encode(record.spki_sha256()).into()),
        ("ca_sha256".to_owned(), hex::encode(record.sha256()).into()),
        ("state".to_owned(), record.state.as_str().into()),
        ("sequence".to_owned(), record.sequence.into()),
    ];
    event.details = Details::new(Map::from_iter(details));
    event
}

impl From<CaFault> for RotateFault {
    fn from(fault: CaFault) -> Self {
        match fault {
            CaFault::Make(CaError::AlreadyPrepared) => Self::AlreadyPrepared,
            CaFault::Activate(error) => Self::Activate(error),
            fault => Self::Fault(fault),
        }
    }
}
