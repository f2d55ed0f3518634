//! Making and committing task tickets.

use anyhow::Context;
use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use http::Method;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

use super::client::{CONNECTIONS, ask_json, authorized, connect, load, rate, request};
use super::fsyncs_per_second;
use crate::report::Report;
use crate::world::World;

const TICKETS: &str = "/api/realm/self/tickets";
const TICKET: &[u8] = br#"{"input":[],"writable":{}}"#;

/// How many tickets each connection commits.
const COMMITS: usize = 2000;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http: tickets") {
        return Ok(());
    }
    let fsync = fsyncs_per_second()?;
    let world = World::start().await?;
    let created =
        load(&world, |_, _| request(Method::POST, TICKETS, Bytes::from_static(TICKET))).await?;
    report.add(
        "http: tickets created, durable, audited",
        created,
        "/s",
        format!("{:.1} x fsync; goal >= 6,500", created / fsync),
    );
    let tickets = tickets(&world).await?;
    let output = Bytes::from(format!(r#"{{"output":"{}"}}"#, NodeKey::EMPTY_DICT));
    let committed = rate(world.address, move |lane, number| {
        let lane = &tickets[usize::try_from(lane).ok()?];
        let credential = format!("Ticket {}", lane.get(usize::try_from(number).ok()?)?);
        Some(authorized(
            Method::POST,
            "/api/realm/self/tickets/self/commit",
            ("authorization", &credential),
            output.clone(),
        ))
    })
    .await?
    .requests;
    report.add(
        "http: tickets committed, durable, audited",
        committed,
        "/s",
        format!("{:.1} x fsync; goal >= 16,000", committed / fsync),
    );
    world.stop().await;
    Ok(())
}

/// Tickets for each connection.
async fn tickets(world: &World) -> anyhow::Result<Vec<Vec<String>>> {
    let lanes: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let address = world.address;
            tokio::spawn(async move {
                let mut sender = connect(address).await?;
                let mut tickets = Vec::with_capacity(COMMITS);
                for _ in 0..COMMITS {
                    tickets.push(create(&mut sender).await?);
                }
                anyhow::Ok(tickets)
            })
        })
        .collect();
    let mut tickets = Vec::new();
    for lane in lanes {
        tickets.push(lane.await??);
    }
    Ok(tickets)
}

/// Makes a writable ticket.
pub(super) async fn create(sender: &mut SendRequest<Full<Bytes>>) -> anyhow::Result<String> {
    let made = ask_json(sender, request(Method::POST, TICKETS, Bytes::from_static(TICKET))).await?;
    made["ticketId"].as_str().map(str::to_owned).context("no ticket was made")
}
