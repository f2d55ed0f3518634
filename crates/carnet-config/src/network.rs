//! Web origins and networks, as lists of them are written.

use std::net::IpAddr;

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
