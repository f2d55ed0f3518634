//! [`DepotId`]: names a depot.

use std::fmt;
use std::str::FromStr;

use super::Ulid;
use crate::time::Timestamp;

const PREFIX: &str = "depot:";

/// The id of a depot: text `depot:<ULID>`. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepotId(Ulid);

/// A text is not the id of a depot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a depot is depot:<ULID>")]
pub struct MalformedDepot;

impl DepotId {
    /// One made at `now` with these random bytes.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(Ulid::new(now, random))
    }
}

impl FromStr for DepotId {
    type Err = MalformedDepot;

    fn from_str(text: &str) -> Result<Self, MalformedDepot> {
        let ulid = text.strip_prefix(PREFIX).ok_or(MalformedDepot)?;
        ulid.parse().map(Self).map_err(|_| MalformedDepot)
    }
}

impl fmt::Display for DepotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_prefix_and_a_ulid() {
        let id = DepotId::new(Timestamp(1_469_922_850_259), [0xff; 10]);
        assert_eq!(id.to_string(), "depot:01ARZ3NDEKZZZZZZZZZZZZZZZZ");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "depot:", "01ARZ3NDEKZZZZZZZZZZZZZZZZ", "depot:01arz3ndekzzzzzzzzzzzzzzzz"]
        {
            assert_eq!(text.parse::<DepotId>(), Err(MalformedDepot), "{text}");
        }
    }
}
