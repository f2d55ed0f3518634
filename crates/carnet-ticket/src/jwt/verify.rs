//! Judging tokens, step by step. Source: credential spec, section 5.

use serde_json::{Map, Value};

use super::claims::Claims;
use super::compact::Compact;
use super::{Jwt, JwtError, KeyRing, VerifyingKey, content_id, jws};
use crate::claim::ClaimName;
use crate::id::KeyId;
use crate::time::{Expiration, Timestamp};
use crate::verify::{Bearer, Class, Facts, Limits, Presented, Reason, Verified, Verify};

/// A token that was found good. Only [`Jwt::verify_text`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedJwt {
    claims: Map<String, Value>,
    issued_at: Option<Timestamp>,
    key_id: KeyId,
    expires: Expiration,
}

impl VerifiedJwt {
    /// Everything that it claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Whom it was issued to.
    pub fn subject(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }

    /// Its own id.
    pub fn token_id(&self) -> Option<&str> {
        self.claims.get("jti").and_then(Value::as_str)
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// Until when the judgement holds.
    pub fn expires(&self) -> Expiration {
        self.expires
    }

    /// The key that it holds under.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }
}

impl Jwt {
    /// Whether the token counts at `now`, borne by `bearer`, and what it says.
    pub fn verify_text(
        &self,
        text: &str,
        bearer: &Bearer<'_>,
        now: Timestamp,
    ) -> Result<VerifiedJwt, JwtError> {
        let compact = Compact::parse(text)?;
        let (claims, key_id) = self.judge(&compact, bearer, now)?;
        Ok(VerifiedJwt {
            issued_at: claims.iat.map(Timestamp::from_unix_s),
            expires: self.expires(&claims),
            claims: claims.into_map(),
            key_id,
        })
    }

    /// Whether the token counts at `now`, borne by `bearer`, and until when: the same verdict as that of
    /// [`Self::verify_text`], for those to whom nothing else matters.
    pub fn validate_text(
        &self,
        text: &str,
        bearer: &Bearer<'_>,
        now: Timestamp,
    ) -> Result<Expiration, JwtError> {
        let compact = Compact::parse(text)?;
        let (claims, _) = self.judge(&compact, bearer, now)?;
        Ok(self.expires(&claims))
    }

    fn judge<'c>(
        &self,
        compact: &'c Compact<'_>,
        bearer: &Bearer<'_>,
        now: Timestamp,
    ) -> Result<(Claims<'c>, KeyId), JwtError> {
        let ring = self.ring.as_ref().map(KeyRing::load);
        let ring_keys = ring.iter().flat_map(|held| held.keys.iter());
        let keys: &mut dyn Iterator<Item = &VerifyingKey> = &mut self.keys.iter().chain(ring_keys);
        let key_id = jws::check(compact, self.typ.as_deref(), keys)?;
        let claims = Claims::parse(compact.payload())?;
        self.check_presence(&claims)?;
        self.check_parties(&claims, bearer)?;
        self.check_time(&claims, now.unix_s())?;
        self.check_audience(&claims, bearer)?;
        self.check_required(&claims)?;
        Ok((claims, key_id))
    }

    fn check_presence(&self, claims: &Claims<'_>) -> Result<(), JwtError> {
        if claims.exp.is_none() && !self.non_expiring {
            return Err(JwtError::missing("exp"));
        }
        if !self.strict {
            return Ok(());
        }
        let is_there = [
            ("iat", claims.iat.is_some()),
            ("jti", claims.text("jti").is_some_and(|id| !id.is_empty())),
            ("aud", claims.has_audience()),
        ];
        let missing = is_there.into_iter().find(|(_, is_there)| !is_there);
        missing.map_or(Ok(()), |(name, _)| Err(JwtError::missing(name)))
    }

    fn check_parties(&self, claims: &Claims<'_>, bearer: &Bearer<'_>) -> Result<(), JwtError> {
        let issuer = claims.text("iss");
        let is_known = |allowed: &String| issuer == Some(allowed.as_str());
        if !self.issuers.is_empty() && !self.issuers.iter().any(is_known) {
            return Err(JwtError::Issuer);
        }
        let expected = self.subject.as_deref().or(bearer.subject);
        let is_expected = expected.is_some() && claims.text("sub") == expected;
        if self.any_subject || is_expected { Ok(()) } else { Err(JwtError::Subject) }
    }

    /// In whole seconds: claims have no finer ones, so a fraction of `now` changes no comparison.
    fn check_time(&self, claims: &Claims<'_>, now: i64) -> Result<(), JwtError> {
        let leeway = seconds(self.leeway_s);
        let soon = now.saturating_add(leeway);
        if claims.nbf.is_some_and(|nbf| nbf > soon) {
            return Err(JwtError::NotYetValid);
        }
        if claims.exp.is_some_and(|exp| exp + leeway <= now) {
            return Err(JwtError::Expired);
        }
        let needs_past = self.strict || self.max_age_s.is_some();
        if needs_past && claims.iat.is_some_and(|iat| iat > soon) {
            return Err(JwtError::IssuedInFuture);
        }
        if let Some(longest) = self.max_lifetime_s.map(seconds) {
            let is_longer = |exp: i64| {
                let whole = claims.iat.map(|iat| exp - iat);
                exp.saturating_sub(now) > longest || whole.is_some_and(|whole| whole > longest)
            };
            if claims.exp.is_none_or(is_longer) {
                return Err(JwtError::Lifetime);
            }
        }
        if let Some(oldest) = self.max_age_s.map(seconds) {
            let iat = claims.iat.ok_or_else(|| JwtError::missing("iat"))?;
            if now.saturating_sub(iat) >= oldest.saturating_add(leeway) {
                return Err(JwtError::TooOld);
            }
        }
        Ok(())
    }

    /// One of those configured, and the one that the surface demands.
    fn check_audience(&self, claims: &Claims<'_>, bearer: &Bearer<'_>) -> Result<(), JwtError> {
        let is_allowed = self.audiences.is_empty()
            || self.audiences.iter().any(|audience| claims.is_for(audience));
        let is_here = bearer.audience.is_none_or(|audience| claims.is_for(audience));
        if is_allowed && is_here { Ok(()) } else { Err(JwtError::Audience) }
    }

    fn check_required(&self, claims: &Claims<'_>) -> Result<(), JwtError> {
        let differs = |(name, value): &(&String, &Value)| !claims.has(name, value);
        let different = self.claims.iter().find(differs);
        different.map_or(Ok(()), |(name, _)| Err(JwtError::Claim(ClaimName::new(name))))
    }

    fn expires(&self, claims: &Claims<'_>) -> Expiration {
        let age = self.max_age_s.map(seconds);
        let too_old = claims.iat.zip(age).map(|(iat, age)| iat.saturating_add(age));
        let end = [claims.exp, too_old].into_iter().flatten().min();
        end.map_or(Expiration::Never, |end| {
            Expiration::At(Timestamp::from_unix_s(end.saturating_add(seconds(self.leeway_s))))
        })
    }
}

impl Verify for Jwt {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        let token = self.verify_text(text, &presented.bearer, now).map_err(Reason::Jwt)?;
        Ok(Verified {
            class: Class::Jwt,
            content_id: content_id(text),
            subject: token.subject().map(str::to_owned),
            token_id: token.token_id().map(str::to_owned),
            key_id: Some(token.key_id),
            issued_at: token.issued_at,
            expires: token.expires,
            rights: None,
            limits: Limits::none(),
            certificate: None,
            ancestors: facts.ancestors.clone(),
            claims: token.claims,
        })
    }

    /// That of the ring: keys of its own do not change.
    fn generation(&self) -> u64 {
        self.ring.as_ref().map_or(0, KeyRing::generation)
    }
}

/// Seconds to compare with times; what does not fit is longer than any of them.
fn seconds(duration_s: u64) -> i64 {
    i64::try_from(duration_s).unwrap_or(i64::MAX)
}
