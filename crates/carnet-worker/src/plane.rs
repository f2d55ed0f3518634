//! [`Plane`]: the control plane, as a worker asks it: with its certificate, or with a token.

use std::sync::Arc;

use carnet_gate::Clock;
use http::Method;
use reqwest::{RequestBuilder, Url};

use crate::credential::TokenSource;
use crate::error::WorkerError;
use crate::fetch::{self, FetchError};
use crate::tls::{self, Live, Servers};

/// The control plane. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Plane {
    http: reqwest::Client,
    url: Url,
    clock: Clock,
    /// Where the tokens come from, for a worker without a certificate of the fleet.
    tokens: Option<Arc<TokenSource>>,
}

impl Plane {
    /// As a member of the fleet asks it: the certificate of its connections says all, and no token is sent.
    pub(crate) fn of_member(live: &Arc<Live>, url: Url) -> Result<Self, WorkerError> {
        let config = tls::client(live, Servers::control_plane(Arc::clone(live)))?;
        Ok(Self { http: fetch::client(config)?, url, clock: live.clock().clone(), tokens: None })
    }

    /// As a worker asks it that has tokens.
    pub(crate) fn of_tokens(tokens: &Arc<TokenSource>) -> Result<Self, WorkerError> {
        let (url, clock) = (tokens.control_plane().clone(), tokens.clock().clone());
        Ok(Self { http: fetch::open(&url)?, url, clock, tokens: Some(Arc::clone(tokens)) })
    }

    /// Whether it is asked with tokens, which end.
    pub(crate) fn is_by_token(&self) -> bool {
        self.tokens.is_some()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The URL of `path`.
    pub(crate) fn at(&self, path: &str) -> Url {
        fetch::at(&self.url, path)
    }

    /// A request that says who asks.
    pub(crate) async fn request(
        &self,
        method: Method,
        url: Url,
    ) -> Result<RequestBuilder, FetchError> {
        let request = self.http.request(method, url);
        match &self.tokens {
            Some(tokens) => Ok(tokens.present(request).await?),
            None => Ok(request),
        }
    }
}
