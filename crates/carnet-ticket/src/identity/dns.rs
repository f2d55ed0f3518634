//! [`DnsName`]: hosts that a certificate may name.

use super::text::text;

text!(
    /// The name of a host, in lower case: labels of 1 to 63 letters, digits and hyphens, 253 bytes in all
    /// (RFC 1123, section 2.1). No wildcard, no dot at the end; the last label is not a number, since that is an
    /// address.
    DnsName,
    /// A text is not the name of a host.
    InvalidDnsName,
    "a host is named by labels of a-z 0-9 and -, not by a wildcard or an address",
    |text| {
        let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        text.len() <= 253
            && text.split('.').all(is_label)
            && !text.rsplit('.').next().is_some_and(is_number)
    }
);

impl DnsName {
    /// This machine.
    pub fn localhost() -> Self {
        Self("localhost".to_owned())
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
