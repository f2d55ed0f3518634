//! [`KeyFolder`]: where the keys of the CA are, a file for each.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use carnet_authority::ca::{CaKey, KeyFile};
use carnet_authority::keyring::SealKey;
use carnet_config::Config;
use secrecy::SecretString;

use super::CaFault;
use super::fault::random;

/// `<data_dir>/ca`, and what its keys are sealed with.
pub(super) struct KeyFolder {
    path: PathBuf,
    seal_key: Option<SealKey>,
    passphrase: Option<SecretString>,
}

impl KeyFolder {
    pub(super) fn new(config: &Config) -> Self {
        let seal_key = config.keys.seal_key.as_ref();
        Self {
            path: config.top.data_dir.join("ca"),
            seal_key: seal_key.and_then(|key| SealKey::new(key.expose_secret())),
            passphrase: config.ca.key_passphrase_file.as_ref().map(|file| file.0.clone()),
        }
    }

    /// Writes the key of the certificate with this SHA-256: to a new file, for its owner alone, and synced.
    pub(super) fn write(&self, sha256: &[u8; 32], key: &CaKey) -> Result<(), CaFault> {
        let path = self.file(sha256);
        let text = self.sealing().encode(key, sha256, &random()?);
        let text = text.map_err(|source| CaFault::Key { path: path.clone(), source })?;
        write_new(&path, text.as_bytes()).map_err(|source| CaFault::File { path, source })
    }

    /// Reads it.
    pub(super) fn read(&self, sha256: &[u8; 32]) -> Result<CaKey, CaFault> {
        let path = self.file(sha256);
        let text = fs::read_to_string(&path).map(zeroize::Zeroizing::new);
        let text = text.map_err(|source| CaFault::File { path: path.clone(), source })?;
        let key = self.sealing().decode(&text, sha256);
        key.map_err(|source| CaFault::Key { path, source })
    }

    /// Removes it, once nothing is signed with it any more.
    pub(super) fn remove(&self, sha256: &[u8; 32]) -> Result<(), CaFault> {
        let path = self.file(sha256);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(CaFault::File { path, source })
            }
            _ => Ok(()),
        }
    }

    fn file(&self, sha256: &[u8; 32]) -> PathBuf {
        self.path.join(format!("{}.key", hex::encode(sha256)))
    }

    fn sealing(&self) -> KeyFile<'_> {
        KeyFile { seal_key: self.seal_key.as_ref(), passphrase: self.passphrase.as_ref() }
    }
}

/// Writes a file that was not there, in a folder that may not have been there either.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()
}
