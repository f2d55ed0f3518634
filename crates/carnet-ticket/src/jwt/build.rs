//! [`JwtTicketBuilder`]: signing tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::claims::{LAST_S, REGISTERED};
use super::{CLASS, SigningKey, TEXT_LEN_MAX, json};
use crate::claim::ClaimName;
use crate::ticket::Ticket;
use crate::time::{Expiration, Timestamp};

/// Why something cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A private claim of a name that means something.
    #[error("claim {0} has its own setter")]
    Registered(ClaimName),
    /// A time outside the years 1970 to 9999.
    #[error("claim {0} is out of range")]
    OutOfRange(ClaimName),
    /// Private claims nested so deep that nobody would read them.
    #[error("claims nested too deep")]
    TooDeep,
    /// More characters than any token may have.
    #[error("token of {0} characters, at most {TEXT_LEN_MAX} are read")]
    TooLarge(usize),
    /// The key did not sign.
    #[error("signing failed")]
    Signing,
}

/// Says what a token claims, and signs it. What may be signed is somebody else's decision.
#[derive(Debug, Clone)]
pub struct JwtTicketBuilder {
    key: SigningKey,
    kid: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    audiences: Vec<String>,
    expires: Expiration,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    token_id: Option<String>,
    claims: BTreeMap<String, Value>,
}

impl JwtTicketBuilder {
    /// A token that claims nothing yet and never ends.
    pub fn new(key: impl Into<SigningKey>) -> Self {
        Self {
            key: key.into(),
            kid: None,
            issuer: None,
            subject: None,
            audiences: Vec::new(),
            expires: Expiration::Never,
            not_before: None,
            issued_at: None,
            token_id: None,
            claims: BTreeMap::new(),
        }
    }

    /// Who issues it.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Whom it is issued to.
    #[must_use]
    pub fn subject(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// One more that it is meant for. One is written as a text, several as a list.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// When it ends, in whole seconds.
    #[must_use]
    pub fn expires_at(self, expires: Expiration) -> Self {
        Self { expires, ..self }
    }

    /// It ends `life` after `now`.
    #[must_use]
    pub fn expires_in(self, now: Timestamp, life: Duration) -> Self {
        self.expires_at(Expiration::after(now, life))
    }

    /// When it was issued, in whole seconds.
    #[must_use]
    pub fn issued_at(self, moment: Timestamp) -> Self {
        Self { issued_at: Some(moment), ..self }
    }

    /// When it begins to count, in whole seconds.
    #[must_use]
    pub fn not_before(self, moment: Timestamp) -> Self {
        Self { not_before: Some(moment), ..self }
    }

    /// Its own id.
    #[must_use]
    pub fn token_id(self, id: impl Into<String>) -> Self {
        Self { token_id: Some(id.into()), ..self }
    }

    /// A private claim. The last one of a name counts.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The key id that its header names.
    #[must_use]
    pub fn key_id(self, kid: impl Into<String>) -> Self {
        Self { kid: Some(kid.into()), ..self }
    }

    /// The ticket of the peer with this id, who is its subject unless another was named.
    pub fn build(&self, peer: &[u8; 32]) -> Result<Ticket, SignError> {
        let peer = hex::encode(peer);
        let text = self.text(self.subject.as_deref().or(Some(&peer)))?;
        Ok(Ticket::new(CLASS, text.into_bytes().into()))
    }

    /// The token's text, for whoever was named as its subject.
    pub fn sign(&self) -> Result<String, SignError> {
        self.text(self.subject.as_deref())
    }

    fn text(&self, subject: Option<&str>) -> Result<String, SignError> {
        let payload = self.payload(subject)?;
        // What no verifier would read is not signed.
        json::object::<Map<_, _>>(payload.as_bytes()).map_err(|_| SignError::TooDeep)?;
        let mut text = URL_SAFE_NO_PAD.encode(self.header());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = self.key.sign(text.as_bytes())?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        if text.len() > TEXT_LEN_MAX { Err(SignError::TooLarge(text.len())) } else { Ok(text) }
    }

    fn header(&self) -> String {
        let algorithm = self.key.algorithm();
        match &self.kid {
            None => format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#),
            Some(kid) => {
                format!(
                    r#"{{"alg":"{algorithm}","typ":"JWT","kid":{}}}"#,
                    Value::from(kid.as_str())
                )
            }
        }
    }

    /// The registered claims in their order, then the private ones by name.
    fn payload(&self, subject: Option<&str>) -> Result<String, SignError> {
        if let Some(name) = self.claims.keys().find(|name| REGISTERED.contains(&name.as_str())) {
            return Err(SignError::Registered(ClaimName::new(name)));
        }
        let audience = match &*self.audiences {
            [] => None,
            [one] => Some(Value::from(one.as_str())),
            several => Some(Value::from(several)),
        };
        let registered = [
            self.issuer.as_deref().map(Value::from),
            subject.map(Value::from),
            audience,
            time("exp", self.expires.moment())?,
            time("nbf", self.not_before)?,
            time("iat", self.issued_at)?,
            self.token_id.as_deref().map(Value::from),
        ];
        let registered = REGISTERED.into_iter().zip(&registered);
        let registered = registered.filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let private = self.claims.iter().map(|(name, value)| (name.as_str(), value));
        let member = |(name, value): (&str, &Value)| format!("{}:{value}", Value::from(name));
        let members: Vec<_> = registered.chain(private).map(member).collect();
        Ok(format!("{{{}}}", members.join(",")))
    }
}

fn time(name: &str, moment: Option<Timestamp>) -> Result<Option<Value>, SignError> {
    let Some(moment) = moment else { return Ok(None) };
    let seconds = moment.unix_s();
    if !(0..=LAST_S).contains(&seconds) {
        return Err(SignError::OutOfRange(ClaimName::new(name)));
    }
    Ok(Some(seconds.into()))
}
