//! Names of members: [`WorkerName`], [`WorkerId`], [`TrustDomain`].

use super::DnsName;
use super::text::{is_of, text};

text!(
    /// The name of a worker: `[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?`, without `..`.
    WorkerName,
    /// A text is not a name.
    InvalidName,
    "a name is 1 to 63 of a-z 0-9 . _ -, begins and ends with a letter or digit, and has no ..",
    |text| {
        let is_end = |byte: Option<u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        is_of(text, 63, is_lower)
            && is_end(text.bytes().next())
            && is_end(text.bytes().next_back())
            && !text.contains("..")
    }
);

text!(
    /// Whose names these are: `[a-z0-9._-]{1,255}`.
    TrustDomain,
    /// A text is not a trust domain.
    InvalidTrustDomain,
    "a trust domain is 1 to 255 of a-z 0-9 . _ -",
    |text| is_of(text, 255, is_lower)
);

text!(
    /// What the registry knows a worker by: 1 to 128 of `[A-Za-z0-9._:-]`.
    WorkerId,
    /// A text is not the id of a worker.
    InvalidWorkerId,
    "a worker's id is 1 to 128 of A-Z a-z 0-9 . _ : -",
    |text| {
        is_of(text, 128, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-')
        })
    }
);

impl WorkerName {
    /// The name in the DNS, where it can be one: `x_y` cannot.
    pub fn dns_name(&self) -> Option<DnsName> {
        self.0.parse().ok()
    }
}

impl WorkerId {
    /// The id of a worker that was given none: `worker-` and 8 hex digits.
    pub fn generate(random: [u8; 4]) -> Self {
        Self(format!("worker-{}", hex::encode(random)))
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
}
