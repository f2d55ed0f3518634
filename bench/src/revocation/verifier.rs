//! The other side: a process without the store that has grants and follows the feed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use carnet_gate::{Clock, Freshness, Gate, Grant, Receiver};
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::id::UniqueId;
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{
    Class, Facts, Limits, Presented, Proof, Reason, Row, Surface, Verified, Verify,
};
use carnet_ticket::{jwks, revocation_feed};
use futures::future::join_all;
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::http::{ask, ask_json, connect, request};

/// For each subject that is read: has `grants` of them, says `live`, and says `ended` once they all have.
pub async fn verify(address: &str, grants: &str) -> anyhow::Result<()> {
    let (address, grants): (SocketAddr, usize) = (address.parse()?, grants.parse()?);
    let freshness = Freshness::Remote { max_staleness: Duration::from_mins(15) };
    let gate = Gate::builder(Clock::System)
        .verifier(Class::Realm, Arc::new(ByRow))
        .accept(Surface::Api, &[Class::Realm])
        .freshness(freshness)
        .build();
    let mut events = open(address).await?;
    let (receiver, keys) = (Receiver::new(gate.clone(), None), keys(address).await?);
    let first = events.next().await?;
    receiver.receive(&first, &keys)?;
    println!("listening");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(subject) = lines.next_line().await? {
        let live = (0..grants).map(|_| admit(&gate, &subject)).collect::<Result<Vec<_>, _>>()?;
        let waiting: Vec<_> = live
            .into_iter()
            .map(|grant| tokio::spawn(async move { grant.ended().await }))
            .collect();
        println!("live");
        let mut ended = 0;
        while ended < grants {
            ended += receiver.receive(&events.next().await?, &keys)?.ended;
        }
        // Whoever waits for a grant has heard it too.
        join_all(waiting).await;
        println!("ended");
    }
    Ok(())
}

/// A grant of a credential that was issued to `subject`.
fn admit(gate: &Gate, subject: &str) -> anyhow::Result<Grant> {
    let row = Row {
        content_id: UniqueId::from_u8(1),
        subject: subject.to_owned(),
        proof: Proof::None,
        issued_at: Timestamp(0),
        expires: Expiration::Never,
        ended: None,
        rights: Some(Rights::Routes(RouteScopes::of_role("api"))),
        limits: Limits::none(),
    };
    let facts = Facts { row: Some(row), epoch: gate.epoch(), ..Facts::none() };
    let admitted = gate.admit(&Presented::of(Class::Realm, subject), &facts, Surface::Api);
    admitted.map_err(|denied| anyhow!("{denied}"))
}

/// Believes the row.
struct ByRow;

impl Verify for ByRow {
    fn verify(&self, _: &Presented<'_>, facts: &Facts, now: Timestamp) -> Result<Verified, Reason> {
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        Verified::of_row(Class::Realm, row, facts, now)
    }
}

/// The public keys of the feed.
async fn keys(address: SocketAddr) -> anyhow::Result<Vec<VerifyingKey>> {
    let mut connection = connect(address).await?;
    let request = request(Method::GET, "/.well-known/jwks.json", Bytes::new());
    let set = ask_json(&mut connection, request).await?;
    jwks::keys_in(&set, revocation_feed::JWK_USE).context("the server has no keys")
}

/// An open stream, and what was read of it.
struct Events {
    body: Incoming,
    read: String,
    _connection: SendRequest<Full<Bytes>>,
}

async fn open(address: SocketAddr) -> anyhow::Result<Events> {
    let mut connection = connect(address).await?;
    let request = request(Method::GET, "/api/v1/revocations/stream", Bytes::new());
    let body = ask(&mut connection, request).await?;
    Ok(Events { body, read: String::new(), _connection: connection })
}

impl Events {
    /// The message of the next event.
    async fn next(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                let message = event.lines().find_map(|line| line.strip_prefix("data: "));
                return Ok(message.context("an event without a message")?.to_owned());
            }
            let frame = self.body.frame().await.context("the stream ended")??;
            if let Some(data) = frame.data_ref() {
                self.read.push_str(std::str::from_utf8(data)?);
            }
        }
    }
}
