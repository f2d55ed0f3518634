//! Who has which keys: this process, and every worker that has registered and not gone, as it said last.

use carnet_authority::keyring::{KeyInfo, KeyState, Keyring, Purpose};
use serde_json::{Value, json};

use crate::registry::Worker;
use crate::state::App;

/// A member, and which keys it has.
pub(super) struct Member {
    name: String,
    key_ids: Vec<String>,
    /// How long ago it said so, in seconds.
    age_s: u64,
    /// Whether it knows the control plane by its certificate; else it comes with a token.
    has_certificate: bool,
    is_server: bool,
}

/// Everybody. A worker that has said nothing yet has no keys.
pub(super) fn members(app: &App) -> Vec<Member> {
    let (now, keyring) = (app.clock().now(), app.authority().keyring());
    let mut members = vec![Member {
        name: "server".to_owned(),
        key_ids: live(&keyring).map(|key| key.id.to_string()).collect(),
        age_s: 0,
        has_certificate: true,
        is_server: true,
    }];
    app.registry().for_each(|worker: &Worker| {
        members.push(Member {
            name: worker.row.id.to_string(),
            key_ids: worker.beat.key_ids.clone(),
            age_s: now.since(worker.heard_at).as_secs(),
            has_certificate: worker.is_certified(),
            is_server: false,
        });
    });
    members
}

/// The keys that somebody may have to know.
pub(super) fn live(keyring: &Keyring) -> impl Iterator<Item = &KeyInfo> {
    let keys = keyring.keys().iter().map(|key| &key.info);
    keys.filter(|key| key.state != KeyState::Retired)
}

impl Member {
    /// Whether it has to know a key and does not: members with a certificate verify what the feed says, those that
    /// come with tokens what is signed for workers.
    pub(super) fn lacks(&self, key: &KeyInfo) -> bool {
        let verifies = match key.purpose {
            Purpose::RevocationFeed => self.has_certificate,
            Purpose::WorkerHmac | Purpose::WorkerEd25519 => !self.has_certificate,
            _ => false,
        };
        let id = key.id.to_string();
        verifies && !self.is_server && !self.key_ids.contains(&id)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shown(&self, keyring: &Keyring) -> Value {
        let missing = live(keyring).filter(|key| self.lacks(key));
        let missing: Vec<_> = missing.map(|key| key.id.to_string()).collect();
        json!({
            "member": self.name,
            "key_ids": self.key_ids,
            "age_s": self.age_s,
            "missing": missing,
        })
    }
}
