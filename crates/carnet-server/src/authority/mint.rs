//! The keys to mint with.

use std::sync::Arc;

use carnet_authority::keyring::Purpose;
use carnet_config::WorkerTokenVersion;
use carnet_ticket::capability::{Role, TicketIssuer, TicketLimits};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::jwt;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Claims, Format, HmacKey, LIFETIME_MAX, MintError, mint_v1, mint_v2,
};
use secrecy::ExposeSecret;

use super::Authority;

/// What signs a worker token.
pub(crate) enum Signer {
    /// Format 1.
    V1(Box<HmacKey>),
    /// Format 2.
    V2(Arc<SigningKey>),
}

impl Signer {
    /// A token that says `claims`, if an authority may mint it.
    pub(crate) fn mint(&self, claims: &Claims, profile: Profile) -> Result<String, MintError> {
        match self {
            Self::V1(key) => {
                claims.check(Format::V1, profile, LIFETIME_MAX)?;
                mint_v1(key, claims)
            }
            // Which checks by itself.
            Self::V2(key) => mint_v2(key, claims),
        }
    }
}

impl Authority {
    /// The issuer of a role's tickets, and what they may say; `None` when the role has no secret here.
    pub(crate) fn issuer(&self, role: Role) -> Option<(TicketIssuer, TicketLimits)> {
        let tickets = self.tickets.load();
        let tickets = tickets.as_ref().as_ref()?;
        let secret = &tickets.keys.get(&role)?.active.secret;
        Some((TicketIssuer::new(secret.expose_secret()), tickets.limits))
    }

    /// What signs JSON Web Tokens.
    pub(crate) fn jwt_signer(&self) -> Option<jwt::SigningKey> {
        self.keyring().active(Purpose::Jwt)?.jwt_key()
    }

    /// What signs worker tokens of `format`; without one, of what the configuration says.
    pub(crate) fn worker_signer(
        &self,
        format: Option<Format>,
        version: WorkerTokenVersion,
        is_strict: bool,
    ) -> Option<Signer> {
        let keyring = self.keyring();
        let v1 = || {
            let text = keyring.active(Purpose::WorkerHmac)?.shared()?;
            HmacKey::from_text(text.expose_secret()).ok().map(Box::new).map(Signer::V1)
        };
        let v2 = || {
            let key = keyring.active(Purpose::WorkerEd25519)?.signing_key()?;
            Some(Signer::V2(Arc::clone(key)))
        };
        match (format, version) {
            (Some(Format::V1), _) | (None, WorkerTokenVersion::V1) => v1(),
            (Some(Format::V2), _) | (None, WorkerTokenVersion::V2) => v2(),
            (None, WorkerTokenVersion::ByKey) => v2().filter(|_| is_strict).or_else(v1),
        }
    }
}
