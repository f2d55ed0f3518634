//! [`Reach`]: where workers without a certificate of the fleet are called.

use std::net::IpAddr;

use reqwest::Url;

/// Where workers without a certificate of the fleet are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reach {
    /// Nowhere: they are given no tasks.
    #[default]
    Nowhere,
    /// Wherever they say that they are, over TLS.
    Tls,
    /// On this machine alone, in plain.
    Loopback,
}

impl Reach {
    /// Whether a worker is called that is at `url`.
    pub(crate) fn has(self, url: &str) -> bool {
        match self {
            Self::Nowhere => false,
            Self::Tls => url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")),
            Self::Loopback => url.parse().is_ok_and(|url| is_plain_here(&url)),
        }
    }
}

/// Whether this is HTTP, and of this machine.
fn is_plain_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_here =
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    url.scheme() == "http" && is_here
}
