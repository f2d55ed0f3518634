//! Agents of the content store: P-256 clients and agent tokens.

use std::fmt;
use std::str::FromStr;

use super::base32::{self, Spare};

const CLIENT_PREFIX: &str = "client:";
const TOKEN_ID_PREFIX: &str = "token:";
const TOKEN_PREFIX: &str = "casfa_";
const TOKEN_LEN: usize = 48;

/// The id of a P-256 client: `client:` and 26 characters, from its public key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientId([u8; 16]);

/// The id of an agent token: `token:` and 26 characters, from the whole token. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId([u8; 16]);

/// A text is not the id of a client or token. Whoever names one gets what it gets for an unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct MalformedId;

/// A text is not an agent token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an agent token is casfa_ and 48 characters")]
pub struct BadAgentToken;

/// An agent token, borrowed: `casfa_` and 48 characters, 240 random bits. `Debug` does not show it. Compare
/// ids, not tokens.
#[derive(Clone, Copy)]
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

    /// The text of the token with these random bytes: shown once, stored never.
    pub fn text(random: &[u8; 30]) -> String {
        let digits = base32::encode_240(random);
        format!("{TOKEN_PREFIX}{digits}")
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

impl FromStr for ClientId {
    type Err = MalformedId;

    /// Reads the canonical text and no other.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        parse(CLIENT_PREFIX, text).map(Self)
    }
}

impl FromStr for TokenId {
    type Err = MalformedId;

    /// Reads the canonical text and no other.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        parse(TOKEN_ID_PREFIX, text).map(Self)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLIENT_PREFIX)?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TOKEN_ID_PREFIX)?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

fn parse(prefix: &str, text: &str) -> Result<[u8; 16], MalformedId> {
    let digits = text.strip_prefix(prefix).ok_or(MalformedId)?;
    let value = base32::decode(digits, Spare::Trailing, false).map_err(|_| MalformedId)?;
    Ok(value.to_be_bytes())
}

fn hash16(text: &str) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "casfa_SABR24PA3EYWNYP266SSM8YW9PKRDVZR2HY4WWNSG1VRBBZE";

    #[test]
    fn ids_read_their_own_text_and_not_each_others() {
        let (client, token) = (ClientId::of("x.y"), AgentToken::parse(TOKEN).unwrap().id());
        assert_eq!(client.to_string().parse(), Ok(client));
        assert_eq!(token.to_string().parse(), Ok(token));
        assert_eq!(token.to_string().parse::<ClientId>(), Err(MalformedId));
        assert_eq!(client.to_string().to_lowercase().parse::<ClientId>(), Err(MalformedId));
        assert_eq!(TOKEN.parse::<TokenId>(), Err(MalformedId));
    }

    #[test]
    fn a_new_token_has_all_its_random_bits() {
        assert_eq!(AgentToken::text(&[0; 30]), format!("casfa_{}", "0".repeat(48)));
        let (first, last) = (AgentToken::text(&[0xff; 30]), {
            let mut random = [0xff; 30];
            random[29] = 0xfe;
            AgentToken::text(&random)
        });
        assert_eq!(
            (first.as_str(), last.as_str()),
            (&*format!("casfa_{}", "Z".repeat(48)), &*format!("casfa_{}Y", "Z".repeat(47)))
        );
        assert!(AgentToken::parse(&first).is_ok());
    }

    #[test]
    fn a_token_is_shown_by_nothing() {
        let token = AgentToken::parse(TOKEN).unwrap();
        assert_eq!(format!("{token:?}"), "AgentToken(..)");
        assert_eq!(token.id().to_string(), "token:4NHRD52K01N92XHMDRE2QB58QW");
    }
}
