//! Reading tickets. Nothing of a payload is looked at before its MAC holds.

use super::claims::{
    BudgetSpec, MountSpec, Role, TicketClaims, TicketQuotas, TicketScope, TicketVerb,
};
use super::{
    FLAG_OPS, FLAG_QUOTAS, FLAG_SCOPES, FLAG_SUBJECT, FLAG_TICKS, FLAG_TTL, FLAGS_UNKNOWN, MAC_LEN,
    PREFIX, SCOPES_MAX, TEXT_LEN_MAX, TOKEN_LEN_MAX, TicketError, VERSION,
};
use crate::verify::Profile;

/// The two parts of a token's text.
pub(super) struct Parts {
    pub(super) payload: Vec<u8>,
    pub(super) mac: [u8; MAC_LEN],
}

/// Takes a token's text apart: length, prefix, dot, hex, MAC length.
pub(super) fn parts(token: &str) -> Result<Parts, TicketError> {
    if token.len() > TOKEN_LEN_MAX {
        return Err(TicketError::TooLong(token.len()));
    }
    let rest = token.strip_prefix(PREFIX).ok_or(TicketError::MissingPrefix)?;
    let (payload, mac) = rest.split_once('.').ok_or(TicketError::MalformedToken)?;
    let mut bytes = vec![0; payload.len() / 2];
    decode(payload, &mut bytes)?;
    Ok(Parts { payload: bytes, mac: parse_mac(mac)? })
}

fn parse_mac(text: &str) -> Result<[u8; MAC_LEN], TicketError> {
    let mut mac = [0; MAC_LEN];
    if text.len() == 2 * MAC_LEN {
        decode(text, &mut mac)?;
        return Ok(mac);
    }
    // Of another length, or no hex at all: which of them is told apart.
    let mut other = vec![0; text.len() / 2];
    decode(text, &mut other)?;
    Err(TicketError::InvalidMacLength(other.len()))
}

/// Hex of either case. Tickets are presented with every request: this is the part that takes longest.
fn decode(hex: &str, bytes: &mut [u8]) -> Result<(), TicketError> {
    faster_hex::hex_decode(hex.as_bytes(), bytes).map_err(|_| TicketError::MalformedToken)
}

/// Reads a payload, field by field, to its end.
pub(super) fn claims(payload: &[u8], profile: Profile) -> Result<TicketClaims, TicketError> {
    let mut reader = Reader(payload);
    match reader.byte()? {
        VERSION => {}
        other => return Err(TicketError::UnsupportedVersion(other)),
    }
    let role = reader.byte()?;
    let role = Role::of_code(role).ok_or(TicketError::UnsupportedRole(role))?;
    let flags = reader.byte()?;
    if profile == Profile::Strict && flags & FLAGS_UNKNOWN != 0 {
        return Err(TicketError::UnknownFlags(flags & FLAGS_UNKNOWN));
    }
    let has = |flag: u8| flags & flag != 0;
    let ticks = reader.when(has(FLAG_TICKS), Reader::u64)?;
    let ops = reader.when(has(FLAG_OPS), Reader::u64)?;
    let ttl_s = reader.when(has(FLAG_TTL), Reader::u64)?;
    let subject = reader.when(has(FLAG_SUBJECT), Reader::text)?;
    let issued_at_ms = reader.u64()?;
    let mounts = MountSpec { service: reader.text()?, at: reader.text()? };
    let scopes =
        reader.when(has(FLAG_SCOPES), |reader| scopes(reader, profile))?.unwrap_or_default();
    let quotas = reader.when(has(FLAG_QUOTAS), quotas)?.unwrap_or_default();
    if !reader.0.is_empty() {
        return Err(TicketError::TrailingData);
    }
    let budget = BudgetSpec::unbounded().with_ticks(ticks).with_ops(ops).with_ttl(ttl_s);
    Ok(TicketClaims { role, budget, subject, mounts, issued_at_ms, scopes, quotas })
}

fn scopes(reader: &mut Reader<'_>, profile: Profile) -> Result<Vec<TicketScope>, TicketError> {
    let count = reader.byte()?;
    if usize::from(count) > SCOPES_MAX {
        return Err(TicketError::ScopeTooMany);
    }
    if profile == Profile::Strict && count == 0 {
        return Err(TicketError::EmptyScopes);
    }
    let scope = |reader: &mut Reader<'_>| {
        let path = reader.text()?;
        let verb = match reader.byte()? {
            0 => TicketVerb::Read,
            1 => TicketVerb::Write,
            2 => TicketVerb::ReadWrite,
            other => return Err(TicketError::InvalidScopeVerb(other)),
        };
        Ok(TicketScope { path, verb, rate_per_s: reader.u32()? })
    };
    (0..count).map(|_| scope(reader)).collect()
}

fn quotas(reader: &mut Reader<'_>) -> Result<TicketQuotas, TicketError> {
    // 0 is how an absent one is written.
    Ok(TicketQuotas {
        bandwidth_bytes: Some(reader.u64()?).filter(|value| *value > 0),
        cursor_resumes: Some(reader.u32()?).filter(|value| *value > 0),
        cursor_advances: Some(reader.u32()?).filter(|value| *value > 0),
    })
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], TicketError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(TicketError::Truncated)?;
        self.0 = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Result<u8, TicketError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, TicketError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, TicketError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, TicketError> {
        let len = usize::from(self.array().map(u16::from_le_bytes)?);
        if len > TEXT_LEN_MAX {
            return Err(TicketError::MountTooLarge);
        }
        let (text, rest) = self.0.split_at_checked(len).ok_or(TicketError::Truncated)?;
        self.0 = rest;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| TicketError::MalformedToken)
    }

    fn when<T>(
        &mut self,
        is_there: bool,
        read: impl FnOnce(&mut Self) -> Result<T, TicketError>,
    ) -> Result<Option<T>, TicketError> {
        if is_there { read(self).map(Some) } else { Ok(None) }
    }
}
