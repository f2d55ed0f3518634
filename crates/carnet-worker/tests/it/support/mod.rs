//! A certificate authority over real TLS, a machine of its own for each worker, and callers of every kind.

pub mod authority;
pub mod caller;
pub mod deployment;
pub mod feed;
pub mod fleet;
mod routes;
pub mod store;
pub mod tls;

pub use authority::{Ca, Fault};
pub use caller::Caller;
pub use deployment::Deployment;
pub use fleet::Fleet;
pub use store::Store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carnet_gate::{Clock, Hand};
use carnet_ticket::identity::WorkerName;
use carnet_ticket::time::Timestamp;
use carnet_worker::{Surroundings, WorkerApplication, WorkerError, WorkerIdentity};
use tempfile::TempDir;

pub const START: Timestamp = Timestamp(1_795_411_200_000);
pub const NAME: &str = "hello-world";

/// A machine that a worker runs on, with a clock that a test turns.
pub struct Machine {
    pub surroundings: Surroundings,
    pub hand: Hand,
    disk: TempDir,
}

impl Machine {
    /// An empty one.
    pub fn new() -> Self {
        let (clock, hand) = Clock::manual(START);
        Self::at(clock, hand)
    }

    /// An empty one that has the clock of this one.
    pub fn another(&self) -> Self {
        Self::at(self.clock(), self.hand.clone())
    }

    fn at(clock: Clock, hand: Hand) -> Self {
        let disk = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = disk.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (root, cwd, home) = (folder("root"), folder("cwd"), folder("home"));
        let env = BTreeMap::from([("HOME".to_owned(), home.display().to_string())]);
        Self { surroundings: Surroundings { env, root, cwd, clock }, hand, disk }
    }

    /// One whose environment names a CA, with a token for [`NAME`].
    pub async fn enrolling() -> (Self, Ca) {
        let mut machine = Self::new();
        let ca = Ca::start(machine.clock()).await;
        machine.set("CA_SERVICE_URL", &ca.url_with_token(NAME));
        (machine, ca)
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.surroundings.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.surroundings.env.remove(name);
        self
    }

    pub fn clock(&self) -> Clock {
        self.surroundings.clock.clone()
    }

    /// Where it keeps its certificate, when nothing says otherwise.
    pub fn dir(&self) -> PathBuf {
        self.disk.path().join("home/.carnet/certs")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.disk.path().join(name)
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.dir().join(name)).unwrap()
    }

    /// What a worker of this machine begins with.
    pub async fn bootstrap(&self) -> Result<WorkerIdentity, WorkerError> {
        WorkerIdentity::bootstrap(&self.surroundings, name(), None).await
    }

    /// The same, going on by itself.
    pub fn bootstrapping(&self) -> tokio::task::JoinHandle<Result<WorkerIdentity, WorkerError>> {
        let surroundings = self.surroundings.clone();
        tokio::spawn(async move { WorkerIdentity::bootstrap(&surroundings, name(), None).await })
    }

    /// A worker of this machine, on a port that is free.
    pub fn worker(&self) -> WorkerApplication {
        WorkerApplication::new(NAME).https_port(0).surroundings(self.surroundings.clone())
    }

    pub fn advance(&self, duration: Duration) {
        self.hand.advance(duration);
    }

    /// Waits until `holds`, while time goes on by and by.
    pub async fn later(&self, mut holds: impl FnMut() -> bool) {
        until(async || {
            self.advance(Duration::from_millis(1));
            holds()
        })
        .await;
    }
}

fn name() -> WorkerName {
    NAME.parse().unwrap()
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Waits until `holds`: for what is done by tasks that nothing tells of.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waited = Clock::System.stopwatch();
    while !holds().await {
        assert!(waited.elapsed() < WAIT_MAX, "it never came to hold");
        tokio::task::yield_now().await;
    }
}

/// How long a test waits in real time for something to come to hold.
const WAIT_MAX: Duration = Duration::from_mins(1);
