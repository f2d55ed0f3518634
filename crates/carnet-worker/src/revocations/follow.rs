//! [`Follower`]: hears a feed over and over, until it is dropped. Source: control plane spec, section 4.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::{Clock, FeedError, Receiver};
use carnet_ticket::revocation_feed::{MessageError, SNAPSHOT_LEN_MAX};
use reqwest::Url;

use super::FollowError;
use super::events::EventReader;
use super::fetch::{body, open};
use super::keys::FeedKeys;
use crate::ca::{at, http_client};
use crate::error::WorkerError;
use crate::pause::{part_of, random, within};
use crate::tls::{self, Live, Servers};

/// What is silent for this long is broken: three signs of life did not come.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long a document may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How long a stream waits for keys that it could do without.
const REFRESH_MAX: Duration = Duration::from_secs(5);

/// After a break it is tried again 0.2 seconds later, and up to 4.8 more.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MORE: Duration = Duration::from_millis(4800);

/// Keeps a gate up to date with the revocations of its control plane.
pub(crate) struct Follower {
    http: reqwest::Client,
    stream: Url,
    snapshot: Url,
    keys: FeedKeys,
    receiver: Receiver,
    /// Whether something was heard since the last break; at first, so that it is told when there is nothing.
    is_heard: bool,
}

impl Follower {
    /// Follows the feed that the control plane at `url` has for this worker.
    pub(crate) fn new(
        live: &Arc<Live>,
        url: &Url,
        receiver: Receiver,
    ) -> Result<Self, WorkerError> {
        let config = tls::client(live, Servers::control_plane(Arc::clone(live)))?;
        let name = &live.current().stored.record.name;
        Ok(Self {
            http: http_client(config)?,
            stream: at(url, &format!("api/v1/worker/{name}/revocations")),
            snapshot: at(url, "api/v1/revocations/snapshot"),
            keys: FeedKeys::new(at(url, ".well-known/jwks.json")),
            receiver,
            is_heard: true,
        })
    }

    /// Hears the feed until this is dropped.
    pub(crate) async fn run(&mut self) -> Infallible {
        loop {
            let Err(error) = self.hear().await;
            // Once for each time that it breaks, however often it is tried then.
            if std::mem::take(&mut self.is_heard) {
                tracing::warn!(%error, "the stream of revocations broke");
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
            self.ask_for_keys(ANSWER_MAX).await?;
        }
        let mut url = self.stream.clone();
        url.set_query(Some(&format!("since={}", self.receiver.gate().revocations().seq())));
        let opened = within(&clock, ANSWER_MAX, open(self.http.get(url))).await;
        let mut response = opened.ok_or(FollowError::Silent)??;
        let mut reader = EventReader::default();
        loop {
            let chunk = within(&clock, SILENCE_MAX, response.chunk()).await;
            let chunk = chunk.ok_or(FollowError::Silent)??.ok_or(FollowError::Ended)?;
            for event in reader.take(&chunk)? {
                match event.name.as_str() {
                    "revocation" | "alive" => self.receive(&event.data).await?,
                    "reset" => self.catch_up().await?,
                    _ => {}
                }
            }
        }
    }

    async fn ask_for_keys(&mut self, limit: Duration) -> Result<bool, FollowError> {
        let clock = self.clock();
        let asked = within(&clock, limit, self.keys.ask(&self.http, &clock)).await;
        asked.ok_or(FollowError::Silent)?
    }

    /// Puts a message in force, or finds out what is missing before it.
    async fn receive(&mut self, text: &str) -> Result<(), FollowError> {
        let mut received = self.receiver.receive(text, self.keys.known());
        let is_unknown = matches!(received, Err(FeedError::Message(MessageError::UnknownKey)));
        if is_unknown && self.ask_for_keys(ANSWER_MAX).await? {
            received = self.receiver.receive(text, self.keys.known());
        }
        match received {
            Ok(_) => {
                self.is_heard = true;
                if self.keys.are_old(&self.clock())
                    && let Err(error) = self.ask_for_keys(REFRESH_MAX).await
                {
                    tracing::debug!(%error, "the keys of the feed stay as they are");
                }
                Ok(())
            }
            Err(FeedError::Gap { .. }) => self.catch_up().await,
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the snapshot in force. The stream has to begin anew behind it.
    async fn catch_up(&mut self) -> Result<(), FollowError> {
        let request = self.http.get(self.snapshot.clone());
        let text = within(&self.clock(), ANSWER_MAX, body(request, SNAPSHOT_LEN_MAX)).await;
        let text = text.ok_or(FollowError::Silent)??;
        self.receiver.receive(&text, self.keys.known())?;
        Err(FollowError::CaughtUp)
    }
}
