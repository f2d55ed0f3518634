//! Asking others of the fleet over HTTPS: no proxy, no redirect, and a limit on everything.

use std::error::Error;
use std::time::Duration;

use carnet_gate::Clock;
use http::{HeaderMap, StatusCode};
use reqwest::{RequestBuilder, Response, Url};

use crate::credential::CredentialError;
use crate::error::WorkerError;
use crate::pause::within;

/// Why somebody gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It cannot be reached, or is not who it should be.
    #[error("it cannot be reached, or is not who it should be")]
    Transport(#[source] reqwest::Error),
    /// It takes too long.
    #[error("it takes too long")]
    TimedOut,
    /// There is nothing to say who asks.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// It answers more than is read.
    #[error("its answer is longer than {len_max} bytes")]
    TooLong {
        /// How much is read.
        len_max: usize,
    },
}

impl FetchError {
    /// Whether the other end ended the connection because our certificate is revoked.
    pub(crate) fn is_revoked(&self) -> bool {
        let Self::Transport(error) = self else { return false };
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            let tls = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            let tls = tls.and_then(|inner| inner.downcast_ref::<rustls::Error>());
            let revoked = rustls::AlertDescription::CertificateRevoked;
            if tls.or_else(|| error.downcast_ref()) == Some(&rustls::Error::AlertReceived(revoked))
            {
                return true;
            }
            next = error.source();
        }
        false
    }
}

/// What somebody answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A client that speaks to members of the fleet alone.
pub(crate) fn client(config: rustls::ClientConfig) -> Result<reqwest::Client, WorkerError> {
    builder(config).build().map_err(WorkerError::Client)
}

pub(crate) fn builder(config: rustls::ClientConfig) -> reqwest::ClientBuilder {
    unspecific().tls_backend_preconfigured(config).https_only(true)
}

/// A client that speaks to the server at `url`, which this machine believes; in plain only where the URL says so.
pub(crate) fn open(url: &Url) -> Result<reqwest::Client, WorkerError> {
    unspecific().https_only(url.scheme() == "https").build().map_err(WorkerError::Client)
}

fn unspecific() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("carnet-worker/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

/// The URL of `path` below `base`, whether that ends in a slash or not.
pub(crate) fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The answer, if it is there within `limit` and no longer than `len_max`.
pub(crate) async fn answer(
    clock: &Clock,
    request: RequestBuilder,
    limit: Duration,
    len_max: usize,
) -> Result<Answer, FetchError> {
    let answered = async {
        let response = request.send().await.map_err(transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: body(response, len_max).await? })
    };
    within(clock, limit, answered).await.ok_or(FetchError::TimedOut)?
}

/// The body of a response, if it is no longer than `len_max`.
pub(crate) async fn body(mut response: Response, len_max: usize) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if bytes.len() + chunk.len() > len_max {
            return Err(FetchError::TooLong { len_max });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The error without the URL, which whoever asked knows.
pub(crate) fn transport(error: reqwest::Error) -> FetchError {
    FetchError::Transport(error.without_url())
}
