//! Minting: claims to bytes, bytes to a token. Source: worker token spec, sections 1 and 2.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Claims, Format, HmacKey, LIFETIME_MAX, MintError};
use crate::ed25519::SigningKey;
use crate::verify::Profile;

/// A v1 token that says `claims`, whatever they are: what may be minted is [`Claims::check`]'s to say. Only
/// a blank worker id and an expiry that is not positive are refused.
pub fn mint_v1(key: &HmacKey, claims: &Claims) -> Result<String, MintError> {
    if claims.worker_id.trim().is_empty() {
        return Err(MintError::WorkerId);
    }
    if claims.expires_s <= 0 {
        return Err(MintError::Lifetime);
    }
    let mut token = format!("{}.{}", Format::V1.as_str(), base64(payload_v1(claims)));
    let mac = key.mac(&token);
    token.push('.');
    token.extend(mac.map(char::from));
    Ok(token)
}

/// A v2 token that says `claims`. Refuses all that [`Claims::check`] refuses, since no v2 token may say it.
pub fn mint_v2(key: &SigningKey, claims: &Claims) -> Result<String, MintError> {
    claims.check(Format::V2, Profile::Strict, LIFETIME_MAX)?;
    let key_id = key.verifying_key().key_id();
    let signed = format!("{}.{key_id}.{}", Format::V2.as_str(), base64(payload_v2(claims)));
    let signature = base64(key.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn payload_v1(claims: &Claims) -> String {
    let mut json = Json::new();
    json.text("worker_id", claims.worker_id.trim());
    for (name, text) in [("jti", &claims.token_id), ("aud", &claims.audience)] {
        if !text.is_empty() {
            json.text(name, text);
        }
    }
    if !claims.scopes.is_empty() {
        json.texts("scopes", claims.scopes.iter().map(String::as_str));
    }
    json.number("exp", claims.expires_s);
    for (name, number) in [("iat", claims.issued_at_s), ("nbf", claims.not_before_s)] {
        if number != 0 {
            json.number(name, number);
        }
    }
    json.end()
}

fn payload_v2(claims: &Claims) -> String {
    let mut json = Json::new();
    json.text("worker_id", &claims.worker_id);
    json.text("jti", &claims.token_id);
    json.text("aud", &claims.audience);
    let first = |(at, scope): &(usize, &String)| !claims.scopes[..*at].contains(scope);
    let scopes = claims.scopes.iter().enumerate().filter(first);
    json.texts("scopes", scopes.map(|(_, scope)| scope.as_str()));
    json.number("exp", claims.expires_s);
    json.number("iat", claims.issued_at_s);
    if claims.not_before_s != 0 {
        json.number("nbf", claims.not_before_s);
    }
    json.end()
}

/// One compact JSON object, member by member. `serde_json` does not write it: StacyVM escapes more.
struct Json(String);

impl Json {
    fn new() -> Self {
        Self(String::from("{"))
    }

    fn name(&mut self, name: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        self.write(format_args!("{comma}\"{name}\":"));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    fn number(&mut self, name: &str, number: i64) {
        self.name(name);
        self.write(format_args!("{number}"));
    }

    fn texts<'a>(&mut self, name: &str, texts: impl Iterator<Item = &'a str>) {
        self.name(name);
        for (index, text) in texts.enumerate() {
            self.0.push(if index == 0 { '[' } else { ',' });
            self.quoted(text);
        }
        self.0.push_str(if self.0.ends_with(':') { "[]" } else { "]" });
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                '\t' => self.0.push_str("\\t"),
                '\u{8}' => self.0.push_str("\\b"),
                '\u{c}' => self.0.push_str("\\f"),
                '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    self.write(format_args!("\\u{:04x}", u32::from(character)));
                }
                other => self.0.push(other),
            }
        }
        self.0.push('"');
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
