//! [`Presented`]: something that wants to become a grant, and where.

use std::fmt;

/// The kind of a credential: how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// BLAKE3-MACed role ticket.
    Capability,
    /// Worker token, HMAC-SHA256 or Ed25519.
    WorkerToken,
    /// JSON Web Token.
    Jwt,
    /// Task ticket of the content store; its row holds its authority.
    Realm,
    /// Intel TDX attestation.
    Tdx,
    /// API key of a service.
    ApiKey,
    /// Agent token of the content store.
    AgentToken,
    /// Request signed with a P-256 client key.
    SignedRequest,
    /// Session of the admin UI.
    Session,
    /// Client certificate of the connection.
    Certificate,
    /// Static secret of a worker or a console.
    StaticToken,
    /// The peer of the local socket, by the uid that the kernel reports.
    Local,
    /// Nobody, where the configuration asks for no credential.
    Anonymous,
}

impl Class {
    /// Every class, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::Capability,
        Self::WorkerToken,
        Self::Jwt,
        Self::Realm,
        Self::Tdx,
        Self::ApiKey,
        Self::AgentToken,
        Self::SignedRequest,
        Self::Session,
        Self::Certificate,
        Self::StaticToken,
        Self::Local,
        Self::Anonymous,
    ];

    /// The stable name in metrics, logs and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::WorkerToken => "worker-token",
            Self::Jwt => "jwt",
            Self::Realm => "realm",
            Self::Tdx => "tdx",
            Self::ApiKey => "api-key",
            Self::AgentToken => "agent-token",
            Self::SignedRequest => "signed-request",
            Self::Session => "session",
            Self::Certificate => "certificate",
            Self::StaticToken => "static-token",
            Self::Local => "local",
            Self::Anonymous => "anonymous",
        }
    }

    /// The class that a text names by its prefix; `None` when it names none.
    pub fn of_text(text: &str) -> Option<Self> {
        const PREFIXES: [(&str, Class); 6] = [
            ("cohesix-ticket-", Class::Capability),
            ("stacyvm-worker-v1.", Class::WorkerToken),
            ("carnet-worker-v2.", Class::WorkerToken),
            ("ticket:", Class::Realm),
            ("casfa_", Class::AgentToken),
            ("carnet_ak_", Class::ApiKey),
        ];
        let by_prefix =
            PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, class)| *class);
        let is_jws =
            || text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() == 2;
        by_prefix.or_else(|| is_jws().then_some(Self::Jwt))
    }

    /// Whether a credential of this class is nothing without a row in the store.
    pub const fn is_stateful(self) -> bool {
        matches!(self, Self::Realm | Self::AgentToken | Self::SignedRequest | Self::Session)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where work happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// HTTP control plane and admin UI.
    Api,
    /// Content store.
    Realm,
    /// 9P and the console.
    Namespace,
    /// Between workers and control plane.
    Rpc,
    /// Discovery, streams and groups.
    Mesh,
}

impl Surface {
    /// Every surface, in the order of the enum.
    pub const ALL: [Self; 5] = [Self::Api, Self::Realm, Self::Namespace, Self::Rpc, Self::Mesh];

    /// The stable name in metrics, logs and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Realm => "realm",
            Self::Namespace => "namespace",
            Self::Rpc => "rpc",
            Self::Mesh => "mesh",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How strictly a format is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Everything that is safe to demand of new fleets. The default.
    #[default]
    Strict,
    /// Exactly what the byte formats accept, so that old fleets can migrate.
    Compat,
}

/// What a surface received, before anything is believed about it.
///
/// `Debug` shows the class alone: the data is a secret.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The class, where the header, cookie or handshake it came in tells it; `None`: by prefix.
    pub class: Option<Class>,
    /// The credential's own text or bytes; none for the socket's peer and for nobody.
    pub data: Option<&'a [u8]>,
    /// Who presents it, and as what.
    pub bearer: Bearer<'a>,
}

/// Who presents a credential, and as what: what the surface knows beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bearer<'a> {
    /// Who the bearer says it is.
    pub subject: Option<&'a str>,
    /// The role asked for.
    pub role: Option<&'a str>,
    /// The audience that this surface demands.
    pub audience: Option<&'a str>,
}

impl Bearer<'_> {
    /// Nothing is known.
    pub const fn nobody() -> Self {
        Self { subject: None, role: None, audience: None }
    }
}

impl<'a> Presented<'a> {
    /// A credential whose class its prefix tells.
    pub const fn text(text: &'a str) -> Self {
        Self { class: None, data: Some(text.as_bytes()), bearer: Bearer::nobody() }
    }

    /// A credential of a class that the surface knows.
    pub const fn of(class: Class, text: &'a str) -> Self {
        Self { class: Some(class), data: Some(text.as_bytes()), bearer: Bearer::nobody() }
    }

    /// The leaf certificate, in DER, of a connection whose handshake verified its chain.
    pub const fn certificate(der: &'a [u8]) -> Self {
        Self { class: Some(Class::Certificate), data: Some(der), bearer: Bearer::nobody() }
    }

    /// The peer of the local socket, whose uid is the server's own.
    pub const fn local() -> Self {
        Self { class: Some(Class::Local), data: None, bearer: Bearer::nobody() }
    }

    /// Nobody.
    pub const fn anonymous() -> Self {
        Self { class: Some(Class::Anonymous), data: None, bearer: Bearer::nobody() }
    }

    /// The class, told or by prefix.
    pub fn class(&self) -> Option<Class> {
        self.class.or_else(|| Class::of_text(self.as_text()?))
    }

    /// The data as text; `None` when there is none or it is not UTF-8.
    pub fn as_text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.data?).ok()
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("class", &self.class()).finish_non_exhaustive()
    }
}
