//! [`Local`]: workers on this machine come in without anybody's doing, while the fleet's listener hears nobody else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_authority::ca::TrustBundle;
use carnet_authority::enroll::RedeemError;
use carnet_config::HostName;
use carnet_ticket::enrollment::{EnrollmentToken, SecretDigest, carrier};
use zeroize::Zeroizing;

use super::fault::random;
use super::{Ca, CaFault};

const FILE: &str = "local-enroll.url";

/// The secret of this start, good many times, and where it is told to those who may read it.
pub(super) struct Local {
    secret: Zeroizing<[u8; 32]>,
    digest: SecretDigest,
    address: SocketAddr,
    path: PathBuf,
}

impl Ca<'_> {
    /// Lets workers on this machine in by `<data_dir>/local-enroll.url`, if the configuration does and the fleet's
    /// listener is on a loopback address. What an earlier start has left there is removed.
    pub(crate) fn open_local_enrollment(self, listener: SocketAddr) -> Result<(), CaFault> {
        self.held.listener.store(Some(Arc::new(listener)));
        let config = self.app.config();
        let path = config.top.data_dir.join(FILE);
        remove(&path)?;
        if !config.ca.local_enroll || !listener.ip().is_loopback() {
            return Ok(());
        }
        let secret = Zeroizing::new(random()?);
        let digest = EnrollmentToken::new(&secret, &[]).digest();
        let local = Local { secret, digest, address: listener, path };
        self.tell(&local)?;
        self.held.local.store(Some(Arc::new(local)));
        Ok(())
    }

    /// Host and port where members reach the fleet's listener: what it is called, where it hears everybody.
    pub(crate) fn reached_at(self) -> (String, u16) {
        let config = self.app.config();
        let listener = self.held.listener.load();
        let address = listener.as_deref().copied().unwrap_or(config.fleet.listen_addr);
        let host = match config.server.names.first() {
            _ if !address.ip().is_unspecified() => address.ip().to_string(),
            Some(HostName::Dns(host)) => host.to_string(),
            Some(HostName::Ip(ip)) => ip.to_string(),
            None => self.held.node.name.to_string(),
        };
        (host, address.port())
    }

    /// Lets nobody in so any longer.
    pub(crate) fn close_local_enrollment(self) {
        if let Some(local) = self.held.local.swap(None)
            && let Err(error) = remove(&local.path)
        {
            tracing::warn!(%error, "what lets workers in stayed, and does so no longer");
        }
    }

    /// Tells of the CA that signs now.
    pub(super) fn rewrite_local(self) {
        if let Some(local) = self.held.local.load_full()
            && let Err(error) = self.tell(&local)
        {
            tracing::error!(%error, "workers on this machine are told of a CA that signs no more");
        }
    }

    /// Whether a token is that of this start, for a CA that is trusted.
    pub(super) fn is_local(
        self,
        token: &EnrollmentToken,
        bundle: &TrustBundle,
    ) -> Result<bool, RedeemError> {
        let local = self.held.local.load();
        let is_local = local.as_ref().is_some_and(|local| local.digest == token.digest());
        if is_local && bundle.find(token.ca_sha256()).is_none() {
            return Err(RedeemError::ForeignCa);
        }
        Ok(is_local)
    }

    fn tell(self, local: &Local) -> Result<(), CaFault> {
        let authority = self.authority();
        let Some(ca) = authority.signing_certificate() else { return Ok(()) };
        let token = EnrollmentToken::new(&local.secret, &ca.certificate);
        let url = carrier::url(&token, &local.address.ip().to_string(), local.address.port());
        write(&local.path, url.as_bytes())
            .map_err(|source| CaFault::File { path: local.path.clone(), source })
    }
}

/// Puts a private file in the place of what is there.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(text)?;
    file.write_all(b"\n")?;
    fs::rename(&part, path)
}

fn remove(path: &Path) -> Result<(), CaFault> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CaFault::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
