//! `cas_read`.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use carnet_realm::layout::{NodeSource, ReadError, read_file};
use carnet_realm::mcp::{READ_MAX, Read};
use carnet_realm::node::NodeKind;
use carnet_store::NodeRow;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Reason;
use serde_json::{Value, json};

use super::{Failure, admit};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::realm::nodes::{entries, read_problem};
use crate::state::App;

/// How many nodes one file is read of: three times as many as the smallest nodes make.
const NODES_MAX: usize = 16_384;

/// Reads a file whole, or the entries of a directory as JSON, as the ticket may.
pub(super) async fn run(app: &App, caller: &InRealm, wanted: Read) -> Result<Value, Failure> {
    let ticket = admit(app, caller, &wanted.realm_id, &wanted.ticket_id).await?;
    let source = AsTicket { app, ticket: &ticket, nodes: AtomicUsize::new(0) };
    let row = source.walk(wanted.key, &wanted.path).await?;
    let (key, content_type) = (row.key, row.content_type.clone());
    let (content_type, content) = match NodeKind::of_code(row.kind) {
        Some(NodeKind::Dict) => {
            let children = Value::from(entries(app, &ticket, row).await?);
            ("application/json".to_owned(), children.to_string().into_bytes())
        }
        Some(NodeKind::File) if row.content_bytes > READ_MAX => {
            return Err(Problem::payload_too_large(READ_MAX).into());
        }
        Some(NodeKind::File) => (content_type, source.file(key).await?),
        Some(NodeKind::Successor) => return Err(Problem::invalid("NotAFile", "key").into()),
        None => return Err(Problem::internal().into()),
    };
    Ok(json!({
        "key": key,
        "contentType": content_type,
        "size": content.len(),
        "content": STANDARD.encode(content),
    }))
}

/// Nodes as a ticket reads them.
struct AsTicket<'a> {
    app: &'a App,
    ticket: &'a InRealm,
    /// How many were read for a file.
    nodes: AtomicUsize,
}

impl AsTicket<'_> {
    async fn row(&self, key: NodeKey) -> Result<NodeRow, Problem> {
        let row = self.app.realms().node(self.ticket.rights()?, key).await;
        row.map_err(|error| read_problem(self.ticket, error))
    }

    /// What a path of names leads to from `key`.
    async fn walk(&self, key: NodeKey, path: &str) -> Result<NodeRow, Problem> {
        let mut row = self.row(key).await?;
        for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
            if NodeKind::of_code(row.kind) != Some(NodeKind::Dict) {
                return Err(Problem::not_found());
            }
            let mut names = entries(self.app, self.ticket, row).await?;
            let child = names.remove(name).and_then(|key| serde_json::from_value(key).ok());
            row = self.row(child.ok_or(Problem::not_found())?).await?;
        }
        Ok(row)
    }

    /// The content of a file.
    async fn file(&self, key: NodeKey) -> Result<Vec<u8>, Problem> {
        let mut content = Vec::new();
        let read = read_file(key, self, self.app.realms().limits(), &mut content).await;
        match read {
            Ok(_) => Ok(content),
            Err(ReadError::Source(problem)) => Err(problem),
            Err(ReadError::MissingNode { .. }) => Err(Problem::not_found()),
            Err(error) => {
                tracing::warn!(%error, "a file cannot be put together");
                Err(Problem::invalid("NotAFile", "key"))
            }
        }
    }
}

impl NodeSource for AsTicket<'_> {
    type Error = Problem;

    async fn node(&self, key: NodeKey) -> Result<Option<Bytes>, Problem> {
        if self.nodes.fetch_add(1, Ordering::Relaxed) >= NODES_MAX {
            return Err(Problem::payload_too_large(READ_MAX));
        }
        // What is read out of memory would never give way.
        tokio::task::consume_budget().await;
        if let Some(why) = self.ticket.grant.is_ended() {
            return Err(self.ticket.grant.deny(Reason::Ended(why)).into());
        }
        let row = self.row(key).await?;
        let bytes = self.app.realms().bytes(&self.ticket.realm, row).await;
        bytes.map(Some).map_err(|error| read_problem(self.ticket, error))
    }
}
