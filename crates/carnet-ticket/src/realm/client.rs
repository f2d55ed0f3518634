//! Agents of the content store: P-256 clients and agent tokens.

use std::fmt;

use super::base32::{self, Spare};

const TOKEN_PREFIX: &str = "casfa_";
const TOKEN_LEN: usize = 48;

/// The id of a P-256 client: `client:` and 26 characters, from its public key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientId([u8; 16]);

/// The id of an agent token: `token:` and 26 characters, from the whole token. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId([u8; 16]);

/// A text is not an agent token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an agent token is casfa_ and 48 characters")]
pub struct BadAgentToken;

/// An agent token, borrowed: `casfa_` and 48 characters, 240 random bits. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AgentToken<'a>(&'a str);

impl ClientId {
    /// The id of the client with this public key text.
    pub fn of(public_key: &str) -> Self {
        Self(hash16(public_key))
    }
}

impl<'a> AgentToken<'a> {
    /// Reads a token.
    pub fn parse(text: &'a str) -> Result<Self, BadAgentToken> {
        let digits = text.strip_prefix(TOKEN_PREFIX).ok_or(BadAgentToken)?;
        let is_token = digits.len() == TOKEN_LEN && digits.bytes().all(base32::is_canonical);
        is_token.then_some(Self(text)).ok_or(BadAgentToken)
    }

    /// Its id, which is all that is stored of it.
    pub fn id(&self) -> TokenId {
        TokenId(hash16(self.0))
    }
}

impl fmt::Debug for AgentToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentToken(..)")
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("client:")?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("token:")?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

fn hash16(text: &str) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    id
}
