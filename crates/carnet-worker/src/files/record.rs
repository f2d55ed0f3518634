//! [`IdentityRecord`]: what `identity.json` says.

use carnet_ticket::identity::{SpiffeId, WorkerId, WorkerName};
use carnet_ticket::time::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Whose a certificate is, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// What the registry knows the worker by.
    #[serde(with = "text")]
    pub worker_id: WorkerId,
    /// Its name.
    #[serde(with = "text")]
    pub name: WorkerName,
    /// Its identity.
    #[serde(with = "text")]
    pub spiffe_id: SpiffeId,
    /// The certificate's serial number, in lower hex.
    pub serial: String,
    /// Which certificate of this identity it is, counted from 1.
    pub generation: u64,
    /// When it was issued.
    #[serde(with = "moment")]
    pub issued_at: Timestamp,
    /// From when it should be renewed.
    #[serde(with = "moment")]
    pub renew_after: Timestamp,
    /// The last second in which it counts.
    #[serde(with = "moment")]
    pub expires_at: Timestamp,
    /// The CA that issued it.
    #[serde(with = "text")]
    pub ca_url: Url,
    /// The control plane that the CA named.
    #[serde(default, with = "maybe")]
    pub control_plane_url: Option<Url>,
}

/// Values as texts.
mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// URLs that may be missing.
mod maybe {
    use reqwest::Url;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    #[expect(clippy::ref_option, reason = "serde asks in this way")]
    pub(super) fn serialize<S: Serializer>(url: &Option<Url>, to: S) -> Result<S::Ok, S::Error> {
        url.as_ref().map(Url::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
    }
}

/// Moments in RFC 3339.
pub(crate) mod moment {
    use carnet_ticket::time::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this way")]
    pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(moment)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::from_rfc3339(&text).ok_or_else(|| de::Error::custom("not a moment in RFC 3339"))
    }
}
