//! [`Reach`]: where workers without a certificate of the fleet are called.

use reqwest::Url;

/// Where workers take calls.
const PATH: &str = "/rpc";

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
    /// Where a worker is called that says it is at `url`: at [`PATH`] of its host and nowhere else, or not at all.
    pub(crate) fn of(self, url: &str) -> Option<Url> {
        let mut url: Url = url.parse().ok()?;
        let is_reached = match self {
            Self::Nowhere => false,
            Self::Tls => url.scheme() == "https",
            Self::Loopback => is_plain_here(&url),
        };
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.path(), "/" | PATH);
        url.set_path(PATH);
        (is_reached && is_bare).then_some(url)
    }

    /// Whether a worker is called that says it is at `url`.
    pub(crate) fn has(self, url: &str) -> bool {
        self.of(url).is_some()
    }
}

/// Whether this is HTTP, and of this machine.
fn is_plain_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    url.scheme() == "http" && carnet_config::is_loopback(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_called_at_its_host_and_nowhere_below_it() {
        let called = |reach: Reach, url: &str| reach.of(url).map(String::from);
        for url in ["https://gpu-1:7430", "https://gpu-1:7430/", "HTTPS://GPU-1:7430/rpc"] {
            assert_eq!(called(Reach::Tls, url).as_deref(), Some("https://gpu-1:7430/rpc"), "{url}");
            assert_eq!(called(Reach::Nowhere, url), None);
            assert_eq!(called(Reach::Loopback, url), None);
        }
        for here in ["127.0.0.1:1", "localhost:1", "[::1]:1"] {
            let (url, at) = (format!("http://{here}"), format!("http://{here}/rpc"));
            assert_eq!(called(Reach::Loopback, &url), Some(at));
            assert_eq!(called(Reach::Tls, &url), None);
        }
        for reach in [Reach::Tls, Reach::Loopback] {
            for url in [
                "://gpu-1/containers/create",
                "://localhost/rpc/../admin",
                "://localhost/rpc?x=y",
                "://localhost/rpc#x",
                "://user@localhost/rpc",
                "://user:word@localhost/rpc",
            ] {
                for scheme in ["http", "https"] {
                    assert_eq!(called(reach, &format!("{scheme}{url}")), None, "{scheme}{url}");
                }
            }
        }
        assert_eq!(called(Reach::Loopback, "http://gpu-1/rpc"), None);
        assert_eq!(called(Reach::Tls, "no url"), None);
    }
}
