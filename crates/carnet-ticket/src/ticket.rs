//! [`Ticket`]: a credential that carries its own authority, as bytes of a class.

use std::fmt;

use bytes::Bytes;

use crate::id::UniqueId;

/// The most bytes a ticket's data may have.
pub const DATA_LEN_MAX: usize = 16_384;

/// A credential that carries its own authority: bytes, and the class that says how to read them.
///
/// The data is never shown: neither by `Display` nor by `Debug`. Source: credential spec, section 2.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    class: UniqueId,
    data: Bytes,
}

/// A ticket that may not come in. It says nothing about why: log and metric do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTicket;

/// Why the wire form of a ticket was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The data is longer than [`DATA_LEN_MAX`].
    #[error("ticket data has {len} bytes, at most {DATA_LEN_MAX} are read")]
    TooLarge {
        /// The length that the wire form states.
        len: u64,
    },
    /// Truncated, with bytes left over, or with an over-long length.
    #[error("not the wire form of a ticket")]
    Malformed,
}

impl Ticket {
    /// A ticket of `class`. Nothing is checked: that is a validator's work.
    pub const fn new(class: UniqueId, data: Bytes) -> Self {
        Self { class, data }
    }

    /// How to read the data.
    pub const fn class(&self) -> UniqueId {
        self.class
    }

    /// The credential itself: a secret, in most classes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// `BLAKE3(class ‖ data)`: equal class and data, equal id.
    pub fn id(&self) -> UniqueId {
        self.class.derive(&self.data)
    }

    /// The postcard form: 32 bytes of class, varint length, data.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + 3 + self.data.len());
        out.extend_from_slice(self.class.as_bytes());
        let mut rest = self.data.len();
        loop {
            let [low, ..] = (rest & 0x7f).to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                out.push(low);
                break;
            }
            out.push(low | 0x80);
        }
        out.extend_from_slice(&self.data);
        out
    }

    /// Reads the postcard form, all of `bytes`. The length is judged before anything is copied.
    pub fn decode(bytes: &[u8]) -> Result<Self, TicketError> {
        let (class, rest) = bytes.split_first_chunk::<32>().ok_or(TicketError::Malformed)?;
        let (len, data) = varint(rest)?;
        if len > DATA_LEN_MAX as u64 {
            return Err(TicketError::TooLarge { len });
        }
        if data.len() as u64 != len {
            return Err(TicketError::Malformed);
        }
        Ok(Self::new(UniqueId::from_bytes(*class), Bytes::copy_from_slice(data)))
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {} bytes)", self.class, self.data.len())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InvalidTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvalidTicket")
    }
}

impl std::error::Error for InvalidTicket {}

/// A little-endian base-128 number in its shortest form, and what follows it.
fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), TicketError> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let over_long = at > 0 && *byte == 0;
            return if over_long {
                Err(TicketError::Malformed)
            } else {
                Ok((value, &bytes[at + 1..]))
            };
        }
    }
    Err(TicketError::Malformed)
}
