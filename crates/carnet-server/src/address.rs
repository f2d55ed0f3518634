//! [`ClientAddress`]: where a request comes from, as far as it can be believed.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::serve::Peer;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever asks; none over the local socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl ClientAddress {
    /// The peer; behind a trusted proxy, the last address that no trusted proxy has.
    pub(crate) fn of(peer: Option<Peer>, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let Some(Peer::Remote(peer)) = peer else { return Self(None) };
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
        let mut address = peer.ip().to_canonical();
        let hops = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let hops = hops.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        for hop in hops {
            if !is_trusted(address) {
                break;
            }
            // What is no address was not written by a proxy that can be trusted.
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
            address = hop.to_canonical();
        }
        Self(Some(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let table = [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.1.1.1", &[], "10.1.1.1"),
            ("10.1.1.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.1.1.1", &["198.51.100.1, 203.0.113.9, 10.2.2.2"], "203.0.113.9"),
            ("10.1.1.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            ("10.1.1.1", &["203.0.113.9, nonsense"], "10.1.1.1"),
            ("10.1.1.1", &["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.1.1.1", &["203.0.113.9"], "203.0.113.9"),
        ];
        for (peer, forwarded, expected) in table {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(X_FORWARDED_FOR, value.parse().unwrap());
            }
            let peer = Some(Peer::Remote((peer.parse::<IpAddr>().unwrap(), 1).into()));
            let address = ClientAddress::of(peer, &headers, &trusted);
            assert_eq!(address, ClientAddress(Some(expected.parse().unwrap())), "{forwarded:?}");
        }
        let local = Some(Peer::Local { is_same_user: true });
        assert_eq!(ClientAddress::of(local, &HeaderMap::new(), &trusted), ClientAddress(None));
    }
}
