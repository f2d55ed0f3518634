//! [`Follower`]: hears a feed over and over, until it is dropped. Source: control plane spec, section 4.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::{Clock, FeedError, Receiver};
use carnet_ticket::revocation_feed::{MessageError, SNAPSHOT_LEN_MAX};
use http::{Method, StatusCode};
use reqwest::{RequestBuilder, Response};

use super::FollowError;
use super::events::EventReader;
use super::keys::{FeedKeys, KeySource};
use crate::error::chain;
use crate::events::{CertLog, Event};
use crate::fetch;
use crate::pause::{part_of, random, within};
use crate::plane::Plane;
use crate::tls::Live;

/// What is silent for this long is broken: three signs of life did not come.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long a document may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// After a break it is tried again 0.2 seconds later, and up to 4.8 more.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MORE: Duration = Duration::from_millis(4800);

/// Keeps a gate up to date with the revocations of its control plane.
pub(crate) struct Follower {
    plane: Plane,
    keys: KeySource,
    receiver: Receiver,
    /// The certificate of a member of the fleet, which may be withdrawn.
    live: Option<Arc<Live>>,
    /// Whether something was heard since the last break; at first, so that it is told when there is nothing.
    is_heard: bool,
}

impl Follower {
    /// Follows the feed of a control plane. What keys it has is told in `keys`.
    pub(crate) fn new(
        plane: Plane,
        live: Option<Arc<Live>>,
        receiver: Receiver,
        keys: FeedKeys,
    ) -> Self {
        Self { plane, keys: KeySource::new(keys), receiver, live, is_heard: true }
    }

    /// Hears the feed until this is dropped.
    pub(crate) async fn run(&mut self) -> Infallible {
        loop {
            let Err(error) = self.hear().await;
            let is_revoked = matches!(&error, FollowError::Fetch(error) if error.is_revoked());
            let live = self.live.as_ref().filter(|live| is_revoked && !live.is_withdrawn());
            if let Some(live) = live {
                live.withdraw();
                let worker_id = live.current().stored.record.worker_id.clone();
                CertLog::new(&worker_id, &self.clock()).warn(Event::Revoked, Some(&error));
            }
            // Once for each time that it breaks, however often it is tried then.
            // A stream ends with the token that it was begun with.
            let is_usual = self.plane.is_by_token() && matches!(error, FollowError::Ended);
            if std::mem::take(&mut self.is_heard) && !is_usual {
                tracing::warn!(error = chain(&error), "the stream of revocations broke");
            } else {
                tracing::debug!(%error, "there is no stream of revocations");
            }
            self.clock().sleep(PAUSE + part_of(PAUSE_MORE, random())).await;
        }
    }

    fn clock(&self) -> Clock {
        self.receiver.gate().clock().clone()
    }

    /// Hears one stream until it breaks.
    async fn hear(&mut self) -> Result<Infallible, FollowError> {
        let clock = self.clock();
        if self.keys.known().is_empty() {
            self.ask_for_keys().await?;
        }
        let mut url = self.plane.at("api/v1/revocations/stream");
        url.set_query(Some(&format!("since={}", self.receiver.gate().revocations().seq())));
        let mut response = open(self.plane.request(Method::GET, url).await?, &clock).await?;
        let mut reader = EventReader::default();
        loop {
            let chunk = within(&clock, SILENCE_MAX, response.chunk()).await;
            let chunk = chunk.ok_or(FollowError::Silent)?.map_err(fetch::transport)?;
            let chunk = chunk.ok_or(FollowError::Ended)?;
            for event in reader.take(&chunk)? {
                match event.name.as_str() {
                    "revocation" => self.receive(&event.data).await?,
                    "alive" => {
                        if self.keys.is_due(&clock) {
                            self.ask_for_keys().await?;
                        }
                        self.receive(&event.data).await?;
                    }
                    "reset" => self.catch_up().await?,
                    _ => {}
                }
            }
        }
    }

    async fn ask_for_keys(&mut self) -> Result<bool, FollowError> {
        self.keys.ask(&self.plane).await
    }

    /// Puts a message in force, or finds out what is missing before it.
    async fn receive(&mut self, text: &str) -> Result<(), FollowError> {
        let mut received = self.receiver.receive(text, &self.keys.known());
        let is_unknown = matches!(received, Err(FeedError::Message(MessageError::UnknownKey)));
        if is_unknown && self.ask_for_keys().await? {
            received = self.receiver.receive(text, &self.keys.known());
        }
        match received {
            Ok(_) => {
                self.is_heard = true;
                Ok(())
            }
            Err(FeedError::Gap { .. }) => self.catch_up().await,
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the snapshot in force. The stream has to begin anew behind it.
    async fn catch_up(&mut self) -> Result<(), FollowError> {
        let snapshot = self.plane.at("api/v1/revocations/snapshot");
        let request = self.plane.request(Method::GET, snapshot).await?;
        let text = document(request, &self.clock(), SNAPSHOT_LEN_MAX).await?;
        self.receiver.receive(&text, &self.keys.known())?;
        Err(FollowError::CaughtUp)
    }
}

/// The answer, which is a good one.
async fn open(request: RequestBuilder, clock: &Clock) -> Result<Response, FollowError> {
    let answer = within(clock, ANSWER_MAX, request.send()).await;
    let answer = answer.ok_or(FollowError::Silent)?.map_err(fetch::transport)?;
    match answer.status() {
        StatusCode::OK => Ok(answer),
        status => Err(FollowError::Status(status)),
    }
}

/// The text of the answer, which has at most `len_max` bytes.
pub(super) async fn document(
    request: RequestBuilder,
    clock: &Clock,
    len_max: usize,
) -> Result<String, FollowError> {
    let answer = open(request, clock).await?;
    let body = within(clock, ANSWER_MAX, fetch::body(answer, len_max)).await;
    String::from_utf8(body.ok_or(FollowError::Silent)??).map_err(|_| FollowError::Answer)
}
