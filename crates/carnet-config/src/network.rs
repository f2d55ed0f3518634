//! Web origins, networks and hosts, as lists of them are written.

use std::net::IpAddr;

use carnet_ticket::identity::DnsName;
use ipnet::IpNet;

/// An origin that browsers may call from: `*` for any, or `http(s)://host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// Any origin.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }

    /// As it is written, which is how browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let is_origin = host.is_some_and(|host| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_graphic())
                && !host.contains(['/', '?', '#', '@', '*', '\\'])
        });
        (is_origin || text == "*").then(|| Self(text.to_owned()))
    }
}

/// What a machine is called in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostName {
    /// Its name.
    Dns(DnsName),
    /// Its address.
    Ip(IpAddr),
}

impl HostName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let address = text.parse().ok().map(Self::Ip);
        address.or_else(|| text.parse().ok().map(Self::Dns))
    }
}

/// A network, or one address of it.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_no_path_query_fragment_or_user() {
        for origin in ["*", "http://a", "https://a.example:8443", "http://[::1]:3000"] {
            assert_eq!(WebOrigin::parse(origin).as_ref().map(WebOrigin::as_str), Some(origin));
        }
        for bad in ["", "a", "https://", "https://a/", "https://a?b", "https://a#b", "ftp://a"] {
            assert_eq!(WebOrigin::parse(bad), None, "{bad}");
        }
        for bad in ["https://user@a", "https://*.a", "https://a b", "null", "http:/a"] {
            assert_eq!(WebOrigin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        let dns = |text: &str| text.parse().map(HostName::Dns).ok();
        assert_eq!(HostName::parse("carnet.example"), dns("carnet.example"));
        assert_eq!(HostName::parse("::1"), Some(HostName::Ip("::1".parse().unwrap())));
        for bad in ["", "*.example", "Carnet", "carnet:7423", "[::1]", "300.1.1.1"] {
            assert_eq!(HostName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn networks_are_written_with_their_length_or_as_one_address() {
        for (text, shown) in
            [("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1/128"), ("192.0.2.7", "192.0.2.7/32")]
        {
            assert_eq!(parse_network(text).unwrap().to_string(), shown);
        }
        for bad in ["", "10.0.0.0/33", "host", "10.0.0"] {
            assert_eq!(parse_network(bad), None, "{bad}");
        }
    }
}
