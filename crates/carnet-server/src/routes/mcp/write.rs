//! `cas_write`.

use carnet_realm::layout::{NodeSink, WriteError, write_file};
use carnet_realm::mcp::{RpcError, Write};
use carnet_realm::node::Encoded;
use carnet_ticket::rights::RealmNeed;
use serde_json::{Value, json};

use super::{Failure, admit};
use crate::auth::{InRealm, actor};
use crate::problem::Problem;
use crate::routes::realm::nodes::put_problem;
use crate::state::App;

/// Stores a file as the ticket may, under its quota.
pub(super) async fn run(app: &App, caller: &InRealm, wanted: Write) -> Result<Value, Failure> {
    let ticket = admit(app, caller, &wanted.realm_id, &wanted.ticket_id).await?;
    let permit = ticket.rights()?.permits(RealmNeed::Write);
    permit.map_err(|reason| ticket.grant.deny(reason))?;
    let size = wanted.content.len() as u64;
    let mut sink = AsTicket { app, ticket: &ticket };
    let limits = app.realms().limits();
    let written =
        write_file(&wanted.content[..], size, &wanted.content_type, limits, &mut sink).await;
    let key = written.map_err(|error| match error {
        WriteError::Sink(problem) => Failure::Problem(problem),
        // The content type is none: a content of this size can always be split.
        _ => Failure::Rpc(RpcError::Arguments),
    })?;
    Ok(json!({ "key": key, "contentType": wanted.content_type, "size": size }))
}

/// Stores nodes as a ticket does.
struct AsTicket<'a> {
    app: &'a App,
    ticket: &'a InRealm,
}

impl NodeSink for AsTicket<'_> {
    type Error = Problem;

    async fn put(&mut self, node: Encoded) -> Result<(), Problem> {
        let (rights, by) = (self.ticket.rights()?, actor(&self.ticket.grant));
        let put = self.app.realms().put_node(rights, &by, node.key, node.bytes).await;
        put.map(drop).map_err(|error| put_problem(self.ticket, error))
    }
}
