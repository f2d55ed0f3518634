//! What the control plane revokes, heard as it happens (control plane spec, section 4).

mod events;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use carnet_gate::{Applied, Clock, FeedError, Freshness, Gate, Receiver};
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::jwks;
use carnet_ticket::revocation_feed::{JWK_USE, MessageError, SNAPSHOT_LEN_MAX};
use reqwest::{Response, StatusCode, Url};

use crate::error::WorkerError;
use crate::fetch::{self, FetchError, at};
use crate::listener;
use crate::pause::{part_of, random, within};
use crate::tls::{self, Live, Servers};
use events::Events;

/// After how long without news a worker says so.
const STALENESS_MAX: Duration = Duration::from_mins(15);

/// A stream says something each 15 seconds; one that misses three is broken.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How long an answer may take to begin, and one that ends to come.
const ANSWER_MAX: Duration = Duration::from_secs(30);
const TEXT_MAX: Duration = Duration::from_mins(2);

/// After a break the stream is asked for again, within 0.2 to 5 seconds: not by all workers at once.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_SPREAD: Duration = Duration::from_millis(4800);

/// The keys of a feed that are believed. Clones are the same.
#[derive(Clone, Default)]
struct FeedKeys(Arc<ArcSwap<Vec<VerifyingKey>>>);

/// What a worker knows of revocations. Clones are the same.
#[derive(Clone)]
pub(crate) struct Heard {
    pub(crate) gate: Gate,
    keys: FeedKeys,
    /// Whether there is anybody to hear.
    is_fed: bool,
}

/// Keeps a gate up to date.
pub(crate) struct Revocations {
    http: reqwest::Client,
    url: Url,
    clock: Clock,
    receiver: Receiver,
    keys: FeedKeys,
}

/// Why a stream broke.
#[derive(Debug, thiserror::Error)]
enum Break {
    #[error("the control plane gives no answer")]
    Fetch(#[from] FetchError),
    #[error("the control plane says nothing any more")]
    Silent,
    #[error("the control plane answers {0}")]
    Status(StatusCode),
    #[error("the control plane's answer is not what was asked for")]
    Answer,
    #[error("the control plane does not know where we are")]
    Reset,
}

impl Heard {
    /// What a worker will know: what the control plane tells it, where there is one.
    pub(crate) fn new(live: &Live, is_fed: bool) -> Self {
        let trust_domain = live.current().stored.leaf.identity.trust_domain().clone();
        let freshness = if is_fed {
            Freshness::Remote { max_staleness: STALENESS_MAX }
        } else {
            Freshness::Local
        };
        let gate = listener::gate(live.clock().clone(), trust_domain, freshness);
        Self { gate, keys: FeedKeys::default(), is_fed }
    }

    /// The word in `/health`.
    pub(crate) fn as_str(&self) -> &'static str {
        match (self.is_fed, self.gate.is_stale()) {
            (false, _) => "none",
            (true, false) => "current",
            (true, true) => "stale",
        }
    }

    /// The number of the newest revocation in force.
    pub(crate) fn seq(&self) -> u64 {
        self.gate.revocations().seq()
    }

    /// The ids of the feed's keys, with commas between.
    pub(crate) fn key_ids(&self) -> String {
        let ids: Vec<_> = self.keys.0.load().iter().map(|key| key.key_id().to_string()).collect();
        ids.join(",")
    }
}

impl Revocations {
    /// Hears the control plane at `url` for `gate`.
    pub(crate) fn new(
        live: &Arc<Live>,
        url: Url,
        Heard { gate, keys, .. }: Heard,
    ) -> Result<Self, WorkerError> {
        let config = tls::client(live, Servers::control_plane(Arc::clone(live)))?;
        let (clock, receiver) = (live.clock().clone(), Receiver::new(gate, None));
        Ok(Self { http: fetch::client(config)?, url, clock, receiver, keys })
    }

    /// Listens, and again after each break, until it is dropped.
    pub(crate) async fn run(self) {
        loop {
            let Err(error) = self.listen().await;
            tracing::debug!(%error, "the revocation stream broke");
            self.clock.sleep(PAUSE_MIN + part_of(PAUSE_SPREAD, random())).await;
        }
    }

    async fn listen(&self) -> Result<std::convert::Infallible, Break> {
        self.fetch_keys().await?;
        let since = self.receiver.gate().revocations().seq();
        let mut url = at(&self.url, "api/v1/revocations/stream");
        url.query_pairs_mut().append_pair("since", &since.to_string());
        let mut stream = self.ask(url).await?;
        let mut events = Events::default();
        loop {
            let chunk = within(&self.clock, SILENCE_MAX, stream.chunk()).await;
            let chunk =
                chunk.ok_or(Break::Silent)?.map_err(fetch::transport)?.ok_or(Break::Silent)?;
            events.push(&chunk).ok_or(Break::Answer)?;
            while let Some((kind, data)) = events.next() {
                match &*kind {
                    "revocation" | "alive" => self.hear(&data).await?,
                    "reset" => {
                        self.snapshot().await?;
                        return Err(Break::Reset);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Puts a message in force. A bad one changes nothing, and the next is heard.
    async fn hear(&self, text: &str) -> Result<(), Break> {
        let mut heard = self.receive(text);
        if heard == Err(FeedError::Message(MessageError::UnknownKey)) {
            self.fetch_keys().await?;
            heard = self.receive(text);
        }
        match heard {
            Ok(Applied { seq, ended }) if ended > 0 => {
                tracing::info!(seq, ended, "revocations ended connections");
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(FeedError::Gap { .. }) => self.snapshot().await,
            Err(error) => {
                tracing::warn!(
                    error = error.code(),
                    "a message of the revocation feed was refused"
                );
                Ok(())
            }
        }
    }

    /// Puts everything that counts in force.
    async fn snapshot(&self) -> Result<(), Break> {
        let answer = self.ask(at(&self.url, "api/v1/revocations/snapshot")).await?;
        let text = self.text(answer, SNAPSHOT_LEN_MAX).await?;
        if let Err(error) = self.receive(&text) {
            tracing::warn!(error = error.code(), "a snapshot of revocations was refused");
        }
        Ok(())
    }

    fn receive(&self, text: &str) -> Result<Applied, FeedError> {
        self.receiver.receive(text, &self.keys.0.load())
    }

    async fn fetch_keys(&self) -> Result<(), Break> {
        let answer = self.ask(at(&self.url, ".well-known/jwks.json")).await?;
        let text = self.text(answer, jwks::LEN_MAX).await?;
        let keys = jwks::read(&text, JWK_USE).map_err(|_| Break::Answer)?;
        self.keys.0.store(Arc::new(keys));
        Ok(())
    }

    async fn ask(&self, url: Url) -> Result<Response, Break> {
        let answer = within(&self.clock, ANSWER_MAX, self.http.get(url).send()).await;
        let answer = answer.ok_or(Break::Silent)?.map_err(fetch::transport)?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status => Err(Break::Status(status)),
        }
    }

    async fn text(&self, answer: Response, len_max: usize) -> Result<String, Break> {
        let body = within(&self.clock, TEXT_MAX, fetch::body(answer, len_max)).await;
        String::from_utf8(body.ok_or(Break::Silent)??).map_err(|_| Break::Answer)
    }
}
