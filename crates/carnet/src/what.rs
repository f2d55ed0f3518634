//! [`What`]: what a text names, told by its prefix and nothing else. Source: control plane spec, section 4.

use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::{AgentToken, ClientId, NodeKey, TicketId, TokenId};
use carnet_ticket::verify::Class;

use crate::failure::Failure;

/// The forms that are known, for those who wrote another.
pub const FORMS: &str = "ticket:<ULID>, cohesix-ticket-…, a worker token, a JWT, casfa_…, token:…, client:…, \
                         carnet_ak_…, key:<ULID>, carnet-enroll-v1.…, enroll:…, 64 hex digits, worker/NAME, \
                         subject/ID, key/ID, cert/SERIAL, or the id of a token in the ledger";

/// Something that is given a name by a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// A worker token.
    WorkerToken(&'a str),
    /// A JSON Web Token.
    Jwt(&'a str),
    /// A capability ticket.
    Capability(&'a str),
    /// A task ticket.
    Realm(TicketId),
    /// An agent token, or the id of one.
    AgentToken(TokenId),
    /// A P-256 client.
    Client(ClientId),
    /// An API key, or the id of one.
    ApiKey(ApiKeyId),
    /// An enrollment: its token, or its id.
    Enrollment(&'a str),
    /// A credential of any class, by its content.
    Content(UniqueId),
    /// A worker, by the name that certificates give it.
    Worker(&'a str),
    /// Everything issued to a subject.
    Subject(&'a str),
    /// A key.
    Key(KeyId),
    /// A certificate, by its serial.
    Certificate(&'a str),
    /// A node of the content store.
    Node(NodeKey),
    /// Nothing that its form tells.
    Other(&'a str),
}

impl<'a> What<'a> {
    /// What `text` names. A known prefix with something wrong after it is refused, not taken for something else;
    /// tokens are taken apart by whoever looks at them.
    pub fn of(text: &'a str) -> Result<Self, Failure> {
        match Class::of_text(text) {
            Some(Class::WorkerToken) => return Ok(Self::WorkerToken(text)),
            Some(Class::Jwt) => return Ok(Self::Jwt(text)),
            Some(Class::Capability) => return Ok(Self::Capability(text)),
            _ => {}
        }
        if let Ok(id) = UniqueId::from_hex(text) {
            return Ok(Self::Content(id));
        }
        let after = |prefix: &str| text.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        let named = if text.starts_with("ticket:") {
            text.parse().ok().map(Self::Realm)
        } else if text.starts_with("casfa_") {
            AgentToken::parse(text).ok().map(|token| Self::AgentToken(token.id()))
        } else if text.starts_with("token:") {
            text.parse().ok().map(Self::AgentToken)
        } else if text.starts_with("client:") {
            text.parse().ok().map(Self::Client)
        } else if text.starts_with("carnet_ak_") {
            ApiKeyId::of_text(text).map(Self::ApiKey)
        } else if text.starts_with("key:") {
            ApiKeyId::parse(text).ok().map(Self::ApiKey)
        } else if text.starts_with("node:") {
            text.parse().ok().map(Self::Node)
        } else if text.starts_with("carnet-enroll-v1.") || text.starts_with("enroll:") {
            Some(Self::Enrollment(text))
        } else if text.starts_with("worker/") {
            after("worker/").map(Self::Worker)
        } else if text.starts_with("subject/") {
            after("subject/").map(Self::Subject)
        } else if text.starts_with("key/") {
            after("key/").and_then(|id| KeyId::from_hex(id).ok()).map(Self::Key)
        } else if text.starts_with("cert/") {
            after("cert/").filter(|serial| is_serial(serial)).map(Self::Certificate)
        } else {
            Some(Self::Other(text))
        };
        named.ok_or_else(unknown)
    }
}

/// The refusal of a text that is of no known form. It does not repeat the text, which may be a secret.
pub fn unknown() -> Failure {
    Failure::Usage(format!("not a form that is known: expected {FORMS}"))
}

fn is_serial(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: P-71
    #[test]
    fn every_form_is_told_by_its_prefix() {
        let ulid = "01HQXK5V8N3Y7M2P4R6T9W0ABC";
        let agent = "casfa_SABR24PA3EYWNYP266SSM8YW9PKRDVZR2HY4WWNSG1VRBBZE";
        let secret = format!("carnet_ak_{ulid}_{}", "s".repeat(43));
        let table = [
            ("stacyvm-worker-v1.a.b".to_owned(), "WorkerToken"),
            ("carnet-worker-v2.".to_owned(), "WorkerToken"),
            ("eyJ.a.b".to_owned(), "Jwt"),
            ("cohesix-ticket-".to_owned(), "Capability"),
            (format!("ticket:{ulid}"), "Realm"),
            (agent.to_owned(), "AgentToken"),
            ("token:4NHRD52K01N92XHMDRE2QB58QW".to_owned(), "AgentToken"),
            (ClientId::of("x.y").to_string(), "Client"),
            (secret, "ApiKey"),
            (format!("key:{ulid}"), "ApiKey"),
            ("carnet-enroll-v1.x.y".to_owned(), "Enrollment"),
            ("enroll:x".to_owned(), "Enrollment"),
            ("ab".repeat(32), "Content"),
            ("worker/gpu-1".to_owned(), "Worker"),
            ("subject/a/b".to_owned(), "Subject"),
            ("key/7b51cb7896ace11d".to_owned(), "Key"),
            ("cert/0a1b".to_owned(), "Certificate"),
            ("node:000B5PHBGEC2A705WTKKMVRS30".to_owned(), "Node"),
            ("eyJ.a".to_owned(), "Other"),
            ("0123456789abcdef".to_owned(), "Other"),
        ];
        for (text, kind) in table {
            let what = What::of(&text).map(|what| format!("{what:?}"));
            assert!(what.as_ref().is_ok_and(|what| what.starts_with(kind)), "{text}: {what:?}");
        }
    }

    /// Promise: P-71
    #[test]
    fn a_known_prefix_with_something_wrong_after_it_is_nothing_else() {
        for wrong in [
            "ticket:x",
            "casfa_x",
            "token:x",
            "client:",
            "carnet_ak_x",
            "key:x",
            "node:x",
            "worker/",
            "subject/",
            "key/x",
            "key/7B",
            "cert/",
            "cert/0A",
        ] {
            assert!(What::of(wrong).is_err(), "{wrong}");
        }
    }
}
