//! [`Ulid`], and [`TicketId`], which is one.

use std::fmt;
use std::str::FromStr;

use super::base32::{self, Spare};
use crate::time::Timestamp;

/// A ULID: 48 bits of Unix milliseconds and 80 random bits. Text: 26 characters of upper-case Crockford
/// base32, the first of them 0 to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ulid(u128);

/// A text is not a ULID in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ULID in upper case")]
pub struct MalformedUlid;

impl Ulid {
    /// One made at `now` with these random bytes.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let ms = u128::from(now.0.unsigned_abs()) & ((1 << 48) - 1);
        let random = random.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        Self(ms << 80 | random)
    }
}

impl FromStr for Ulid {
    type Err = MalformedUlid;

    fn from_str(text: &str) -> Result<Self, MalformedUlid> {
        base32::decode(text, Spare::Leading, false).map(Self).map_err(|_| MalformedUlid)
    }
}

impl fmt::Display for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        base32::show(f, self.0, Spare::Leading)
    }
}

/// An id that is no secret: text `<prefix><ULID>`.
macro_rules! prefixed_ulid {
    (
        $(#[$doc:meta])* $Id:ident = $prefix:literal,
        $(#[$fault_doc:meta])* $Malformed:ident = $fault:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Id($crate::realm::Ulid);

        $(#[$fault_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($fault)]
        pub struct $Malformed;

        impl $Id {
            /// One made at `now` with these random bytes.
            pub fn new(now: $crate::time::Timestamp, random: [u8; 10]) -> Self {
                Self($crate::realm::Ulid::new(now, random))
            }
        }

        impl From<$crate::realm::Ulid> for $Id {
            fn from(ulid: $crate::realm::Ulid) -> Self {
                Self(ulid)
            }
        }

        impl std::str::FromStr for $Id {
            type Err = $Malformed;

            fn from_str(text: &str) -> Result<Self, $Malformed> {
                let ulid = text.strip_prefix($prefix).ok_or($Malformed)?;
                ulid.parse().map(Self).map_err(|_| $Malformed)
            }
        }

        impl std::fmt::Display for $Id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

pub(crate) use prefixed_ulid;

/// The id of a task ticket, which is the ticket: text `ticket:<ULID>`. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId(Ulid);

/// A text is not a task ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a task ticket is ticket:<ULID>")]
pub struct MalformedTicket;

impl TicketId {
    /// One made at `now` with these random bytes: 80 bits, never monotonic, since the id is a secret.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(Ulid::new(now, random))
    }

    /// Reads what follows `Authorization: Ticket`: the id, or its bare ULID.
    pub fn from_credential(text: &str) -> Result<Self, MalformedTicket> {
        let ulid = text.strip_prefix("ticket:").unwrap_or(text);
        ulid.parse().map(Self).map_err(|_| MalformedTicket)
    }
}

impl FromStr for TicketId {
    type Err = MalformedTicket;

    fn from_str(text: &str) -> Result<Self, MalformedTicket> {
        let ulid = text.strip_prefix("ticket:").ok_or(MalformedTicket)?;
        ulid.parse().map(Self).map_err(|_| MalformedTicket)
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ticket:{}", self.0)
    }
}

impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketId(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ulid_is_its_time_and_then_its_random_bytes() {
        let ulid = Ulid::new(Timestamp(1_469_922_850_259), [0xff; 10]);
        assert_eq!(ulid.to_string(), "01ARZ3NDEKZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn a_ticket_is_shown_by_nothing_but_display() {
        let id = TicketId::new(Timestamp(0), [7; 10]);
        assert_eq!(format!("{id:?}"), "TicketId(..)");
        assert_eq!(format!("{:#?}", Some(id)), "Some(\n    TicketId(..),\n)");
    }

    #[test]
    fn only_a_credential_may_leave_the_prefix_out() {
        let bare = "01HQXK5V8N3Y7M2P4R6T9W0ABC";
        let id: TicketId = format!("ticket:{bare}").parse().unwrap();
        assert_eq!(TicketId::from_credential(bare), Ok(id));
        assert_eq!(bare.parse::<TicketId>(), Err(MalformedTicket));
        assert_eq!(TicketId::from_credential("8HQXK5V8N3Y7M2P4R6T9W0ABCD"), Err(MalformedTicket));
        assert_eq!(TicketId::from_credential("ticket:ticket:"), Err(MalformedTicket));
    }

    proptest! {
        #[test]
        fn texts_round_trip_and_sort_by_time(a in 0_i64..1 << 48, b in 0_i64..1 << 48, random: [u8; 10]) {
            let (first, second) = (Ulid::new(Timestamp(a), random), Ulid::new(Timestamp(b), random));
            prop_assert_eq!(first.to_string().parse(), Ok(first));
            prop_assert_eq!(first.to_string().cmp(&second.to_string()), a.cmp(&b));
        }

        #[test]
        fn noise_is_refused_without_a_panic(noise: String) {
            prop_assert!(noise.len() == base32::LEN || noise.parse::<Ulid>().is_err());
            let _ = TicketId::from_credential(&noise);
        }
    }
}
