//! [`RevocationLog`]: every revocation once more, in a file of signed lines beside the database. A database that is
//! restored from an old copy learns from it what was revoked since, so that nothing comes back to life.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_authority::jws::{self, JwsError};
use carnet_authority::keyring::{Key, Keyring, Purpose};
use carnet_gate::Entry;
use carnet_store::{Store, StoreError};
use carnet_ticket::ed25519::{SigningKey, VerifyingKey};
use carnet_ticket::time::Timestamp;
use tokio::sync::Mutex;

use super::entry::{Kind, Message, Written};

const TYPE: &str = "carnet-revocations+jws";

/// The longest line: what a message may have, and its encoding.
const LINE_MAX: u64 = 2 << 20;

/// Entries of one line.
const PAGE: u32 = 1000;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file.
    #[error("{path:?} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of it is not what this server wrote.
    #[error("line {line} of {path:?} is not a revocation that this server signed")]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: JwsError,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The file, and how far it is written.
pub(crate) struct RevocationLog {
    path: PathBuf,
    written: Mutex<u64>,
}

impl RevocationLog {
    /// Reads the file, and takes back into the store what that does not know.
    pub(crate) async fn open(
        path: &Path,
        store: &Store,
        keyring: &Keyring,
    ) -> Result<Self, LogError> {
        let keys = public_keys(keyring);
        let known = store.last_revocation().await?;
        let (mut written, mut unknown) = (0, Vec::new());
        for entry in read(path, &keys)? {
            written = entry.seq.max(written);
            if entry.seq > known {
                unknown.push(entry);
            }
        }
        if !unknown.is_empty() {
            let count = unknown.len();
            tracing::warn!(
                count,
                "the database is older than revocations.log: these are taken back in"
            );
            store.restore_revocations(unknown).await?;
        }
        Ok(Self { path: path.to_owned(), written: Mutex::new(written) })
    }

    /// Appends what the store has and the file has not, signed and synced. Without a key nothing is written.
    pub(crate) async fn catch_up(
        &self,
        store: &Store,
        keyring: &Keyring,
        issuer: &str,
        now: Timestamp,
    ) -> Result<(), LogError> {
        let active = keyring.active(Purpose::RevocationFeed).and_then(Key::signing_key);
        let Some(key) = active else { return Ok(()) };
        let mut written = self.written.lock().await;
        loop {
            let entries = store.revocations_after(*written, PAGE).await?;
            let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(()) };
            self.append(&line(&entries, key, issuer, now))?;
            *written = last;
        }
    }

    fn append(&self, line: &str) -> Result<(), LogError> {
        let append = || {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).mode(0o600).open(&self.path)?;
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_data()
        };
        append().map_err(|source| LogError::File { path: self.path.clone(), source })
    }
}

fn line(entries: &[Entry], key: &Arc<SigningKey>, issuer: &str, now: Timestamp) -> String {
    let number = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.seq);
    let message = Message {
        iss: issuer.to_owned(),
        r#type: Kind::Delta,
        from_seq: number(entries.first()),
        seq: number(entries.last()),
        at: now.unix_s(),
        entries: entries.iter().map(Written::from).collect(),
    };
    let payload = serde_json::to_string(&message).unwrap_or_default();
    jws::sign(TYPE, &payload, key)
}

/// Every key that ever signed the log: also one that is retired wrote what still counts.
fn public_keys(keyring: &Keyring) -> Vec<VerifyingKey> {
    let of_feed = keyring.keys().iter().filter(|key| key.info.purpose == Purpose::RevocationFeed);
    of_feed.filter_map(Key::signing_key).map(|key| key.verifying_key().clone()).collect()
}

/// The entries of the file; none when there is no file. A last line without an end was being written when the
/// process died: its revocation is in the store.
fn read(path: &Path, keys: &[VerifyingKey]) -> Result<Vec<Entry>, LogError> {
    let fault = |source| LogError::File { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut reader = BufReader::new(file);
    let mut entries = Vec::new();
    for number in 1.. {
        let mut text = String::new();
        (&mut reader).take(LINE_MAX).read_line(&mut text).map_err(fault)?;
        let Some(line) = text.strip_suffix('\n') else { break };
        let bad = |source| LogError::Line { path: path.to_owned(), line: number, source };
        entries.extend(parse(line, keys).map_err(bad)?);
    }
    Ok(entries)
}

fn parse(line: &str, keys: &[VerifyingKey]) -> Result<Vec<Entry>, JwsError> {
    let payload = jws::verify(TYPE, line, keys)?;
    let message: Message = serde_json::from_slice(&payload).map_err(|_| JwsError::Malformed)?;
    let entries: Option<Vec<_>> = message.entries.iter().map(Written::entry).collect();
    entries.ok_or(JwsError::Malformed)
}
