//! [`Realms`]: the rules of realms over a store. Source: realm spec, sections 6, 7 and 10.

mod attenuate;
mod blobs;
mod depots;
mod fsck;
mod gc;
mod named;
mod prepare;
mod put;
mod read;
mod scope;
mod status;
mod tickets;
mod watch;

pub use attenuate::AttenuateError;
pub use blobs::{BlobError, BlobStorage, NodeBody, S3Options};
pub use depots::{DepotError, DepotFields};
pub use fsck::{FsckError, FsckReport};
pub use gc::{GcError, GcOptions, GcReport};
pub use put::PutNodeError;
pub use read::ReadNodeError;
pub use scope::ScopeError;
pub use status::TicketStatusSource;
pub use tickets::{CommitTicketError, CreateTicketError, RevokeError};
pub use watch::{TooManyWaits, WAITS_MAX, Watch};

use std::time::Duration;

use carnet_gate::Gate;
use carnet_store::{Store, StoreError, Usage};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;
use tokio::sync::Mutex;

use crate::node::Limits;
use blobs::Blobs;
use read::RecentNodes;
use scope::Scopes;
use watch::Watches;

/// How many nodes' children are read at a time.
const PAGE: usize = 256;

/// How realms behave.
#[derive(Debug, Clone)]
pub struct RealmOptions {
    /// What nodes may be.
    pub limits: Limits,
    /// The largest node kept in the database.
    pub inline_max: u64,
    /// The most bytes a realm may hold.
    pub quota: Option<u64>,
    /// The longest life of a ticket.
    pub max_ticket_ttl: Duration,
    /// The life of a ticket that asks for none.
    pub default_ticket_ttl: Duration,
    /// Nodes one request may search.
    pub scope_step_nodes: usize,
    /// Nodes remembered per ticket.
    pub scope_max_nodes: usize,
    /// How long space stays set aside for an upload.
    pub upload_reservation: Duration,
    /// When the bytes of large nodes are hashed again.
    pub verify_on_read: VerifyOnRead,
    /// Where large nodes are kept.
    pub blobs: BlobStorage,
}

/// When the bytes of large nodes are hashed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyOnRead {
    /// On the first read in a process, and when the file changed.
    First,
    /// On every read.
    Always,
    /// Never.
    Never,
}

/// Every realm of a store. One per process.
pub struct Realms {
    store: Store,
    gate: Gate,
    blobs: Blobs,
    options: RealmOptions,
    scopes: Scopes,
    watches: Watches,
    recent: RecentNodes,
    /// Held while garbage is collected.
    collecting: Mutex<()>,
}

/// The children of some nodes at the end of `frontier`, at most `max`, which are taken off. None of a node that the
/// realm does not have.
async fn take_children(
    store: &Store,
    realm: &RealmId,
    frontier: &mut Vec<NodeKey>,
    max: usize,
) -> Result<Vec<(NodeKey, Option<Vec<NodeKey>>)>, StoreError> {
    let some = frontier.split_off(frontier.len().saturating_sub(max));
    let read = store.children_of(realm, some.clone()).await?;
    frontier.extend(&some[read.len()..]);
    Ok(read)
}

impl Realms {
    /// Opens the blob storage and gives back what uploads that did not finish had set aside.
    pub async fn open(store: Store, gate: Gate, options: RealmOptions) -> Result<Self, OpenError> {
        let blobs = Blobs::open(&options.blobs, options.verify_on_read, gate.clock())?;
        store.sweep_reservations(gate.clock().now()).await?;
        let scopes = Scopes::new(options.scope_step_nodes, options.scope_max_nodes);
        let recent = RecentNodes::new();
        let (watches, collecting) = (Watches::default(), Mutex::default());
        Ok(Self { store, gate, blobs, options, scopes, watches, recent, collecting })
    }

    /// What nodes may be.
    pub fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// How realms behave.
    pub fn options(&self) -> &RealmOptions {
        &self.options
    }

    /// How much a realm holds.
    pub async fn usage(&self, realm: &RealmId) -> Result<Usage, StoreError> {
        self.store.usage(realm).await
    }

    /// The most bytes that a realm may hold; none for no limit.
    pub async fn quota(&self, realm: &RealmId) -> Result<Option<u64>, StoreError> {
        let own = self.store.quota_limit(realm).await?;
        Ok(own.or(self.options.quota).filter(|limit| *limit > 0))
    }

    fn now(&self) -> Timestamp {
        self.gate.clock().now()
    }
}

/// Why realms could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The blob storage.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Random bytes for ids that are secrets.
fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The system's random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub struct NoRandomness;
