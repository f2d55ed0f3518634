//! Storing nodes.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use carnet_gate::Clock;
use carnet_store::{NodeFacts, Put, PutError, PutNode, Store, StoreError};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::rights::{Holder, RealmRights, Roots};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;

use super::blobs::{BlobError, Blobs};
use super::{NoRandomness, Realms, ScopeError, random};
use crate::accept;
use crate::node::{Node, NodeError, NodeKind, verify};

/// Why a node was not stored. The first fault, in this order, wins.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutNodeError {
    /// It is not a node, or not this one, or does not fit its children.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// These children may not be used: absent, somebody else's, out of scope. It is not said which.
    #[error("{} children are missing", .0.len())]
    MissingChildren(Vec<NodeKey>),
    /// Its content type is not accepted.
    #[error("the content type is not accepted")]
    NotAccepted,
    /// What decides about the children.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The transaction: quotas, the ticket's state.
    #[error(transparent)]
    Put(PutError),
    /// The blob storage failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A reservation could not be named.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl From<PutError> for PutNodeError {
    fn from(error: PutError) -> Self {
        match error {
            PutError::MissingChildren(missing) => Self::MissingChildren(missing),
            error => Self::Put(error),
        }
    }
}

impl From<StoreError> for PutNodeError {
    fn from(error: StoreError) -> Self {
        Self::Put(error.into())
    }
}

impl Realms {
    /// Stores the node `key` with these bytes in the realm of `rights`, in the name of `by`. What it answers is
    /// durable.
    pub async fn put_node(
        &self,
        rights: &RealmRights,
        by: &str,
        key: NodeKey,
        bytes: Bytes,
    ) -> Result<Put, PutNodeError> {
        let verified = verify(&bytes, key, self.limits())?;
        let node = verified.node();
        if key == NodeKey::EMPTY_DICT {
            return Ok(Put { is_new: false });
        }
        let children: Vec<_> = node.children().collect();
        let facts = self.children_facts(rights, &children).await?;
        let below = check_children(&node, &children, &facts, self.limits().profile)?;
        check_accept(rights, &node)?;
        let own_bytes = node.data().len() as u64;
        let put = PutNode {
            realm: rights.realm,
            key,
            kind: node.kind().code(),
            size: node.size(),
            own_bytes,
            content_bytes: own_bytes.saturating_add(below),
            children,
            content_type: node.content_type().to_owned(),
            bytes: None,
            by: by.to_owned(),
            ticket: match rights.holder {
                Holder::Ticket(ticket) => Some(ticket),
                _ => None,
            },
            realm_quota: self.options.quota,
            reservation: None,
        };
        let stored = self.store_node(put, bytes).await;
        let result = if stored.is_ok() { "stored" } else { "refused" };
        metrics::counter!("carnet_realm_put_total", "result" => result).increment(1);
        stored
    }

    /// Small nodes go into the database in one transaction; large ones by a task of their own, which a caller
    /// that goes away does not stop halfway.
    async fn store_node(&self, put: PutNode, bytes: Bytes) -> Result<Put, PutNodeError> {
        if put.size <= self.options.inline_max {
            let inline = PutNode { bytes: Some(bytes), ..put };
            return Ok(self.store.put_node(inline, self.now()).await?);
        }
        let upload = Upload {
            store: self.store.clone(),
            blobs: self.blobs.clone(),
            clock: self.gate.clock().clone(),
            reservation: hex::encode(random::<16>()?),
            deadline: self.now().after(self.options.upload_reservation),
        };
        tokio::spawn(upload.run(put, bytes)).await.map_err(|_| BlobError::Stopping)?
    }

    /// What is known of the children, all of which must be usable.
    async fn children_facts(
        &self,
        rights: &RealmRights,
        children: &[NodeKey],
    ) -> Result<HashMap<NodeKey, NodeFacts>, PutNodeError> {
        let facts = self.usable(rights, children).await?;
        let mut seen = HashSet::new();
        let missing = children.iter().copied();
        let missing: Vec<_> =
            missing.filter(|child| !facts.contains_key(child) && seen.insert(*child)).collect();
        if missing.is_empty() { Ok(facts) } else { Err(PutNodeError::MissingChildren(missing)) }
    }

    /// Those of `keys` that `rights` may use, as children or as output: the realm has them, and a ticket
    /// reaches them or has uploaded them.
    pub(super) async fn usable(
        &self,
        rights: &RealmRights,
        keys: &[NodeKey],
    ) -> Result<HashMap<NodeKey, NodeFacts>, ScopeError> {
        let mut facts = self.store.node_facts(&rights.realm, keys).await?;
        let known: Vec<_> = facts.keys().copied().collect();
        let within = self.within(rights, &known).await?;
        facts.retain(|key, _| within.contains(key));
        if keys.contains(&NodeKey::EMPTY_DICT) {
            let empty = NodeFacts {
                kind: NodeKind::Dict.code(),
                content_bytes: 0,
                content_type: String::new(),
            };
            facts.insert(NodeKey::EMPTY_DICT, empty);
        }
        Ok(facts)
    }

    /// Those of `keys` that a ticket reaches, or that were uploaded under it, whether the realm has them or not; for
    /// others all of them.
    pub(super) async fn within(
        &self,
        rights: &RealmRights,
        keys: &[NodeKey],
    ) -> Result<HashSet<NodeKey>, ScopeError> {
        let (Holder::Ticket(ticket), Roots::Keys(_)) = (&rights.holder, &rights.roots) else {
            return Ok(keys.iter().copied().collect());
        };
        let mut within = self.store.uploaded(ticket, keys).await?;
        let others = keys.iter().filter(|key| !within.contains(key)).copied();
        let reached = self.reached(rights, &others.collect::<Vec<_>>()).await?;
        within.extend(reached.keys);
        Ok(within)
    }
}

/// The storing of a large node. Space is set aside, then the bytes are stored, then the rows: a crash in between
/// leaves at most bytes that nothing names.
struct Upload {
    store: Store,
    blobs: Blobs,
    clock: Clock,
    reservation: String,
    deadline: Timestamp,
}

impl Upload {
    async fn run(self, put: PutNode, bytes: Bytes) -> Result<Put, PutNodeError> {
        let _kept = self.blobs.keep(put.key).await;
        let (reservation, now) = (self.reservation.clone(), self.clock.now());
        self.store.reserve(reservation.clone(), put.clone(), self.deadline, now).await?;
        let stored = match self.blobs.put(put.key, bytes).await {
            Ok(()) => {
                let finished = PutNode { reservation: Some(reservation.clone()), ..put };
                self.store.put_node(finished, self.clock.now()).await.map_err(PutNodeError::from)
            }
            Err(error) => Err(error.into()),
        };
        if stored.is_err()
            && let Err(error) = self.store.release(reservation).await
        {
            tracing::warn!(%error, "space stays set aside until its deadline");
        }
        stored
    }
}

fn check_accept(rights: &RealmRights, node: &Node<'_>) -> Result<(), PutNodeError> {
    let accept = rights.write.as_ref().map_or(&[][..], |write| &write.accept);
    let is_judged = node.kind() == NodeKind::File && !accept.is_empty();
    if is_judged && !accept::matches(accept, node.content_type()) {
        return Err(PutNodeError::NotAccepted);
    }
    Ok(())
}

/// The data bytes below a node, whose children have to be of the right kinds and sizes.
fn check_children(
    node: &Node<'_>,
    children: &[NodeKey],
    facts: &HashMap<NodeKey, NodeFacts>,
    profile: Profile,
) -> Result<u64, NodeError> {
    let mut below = 0_u64;
    for (index, child) in (0_u32..).zip(children) {
        let Some(facts) = facts.get(child) else { continue };
        let is_right = NodeKind::of_code(facts.kind).is_some_and(|kind| node.kind().may_have(kind));
        if profile == Profile::Strict && !is_right {
            return Err(NodeError::ChildKind { index });
        }
        below = below.saturating_add(facts.content_bytes);
    }
    match node.file_size() {
        Some(declared) if profile == Profile::Strict => {
            let actual = below.saturating_add(node.data().len() as u64);
            if declared == actual {
                Ok(below)
            } else {
                Err(NodeError::FileSizeMismatch { declared, actual })
            }
        }
        _ => Ok(below),
    }
}
