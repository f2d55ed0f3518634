//! What a revocation would end: exactly what its selector names and nothing else has ended yet.

use carnet_authority::enroll::Standing;
use carnet_gate::Selector;
use carnet_store::CertificateRow;
use carnet_ticket::identity::{Certificates, Kind, Member};
use carnet_ticket::verify::{Class, Facts, Presented, Verified, Verify};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::routes::realm::tickets::shown_id;
use crate::routes::tickets;
use crate::state::App;

/// How many ids are listed.
const IDS_MAX: usize = 100;

/// How many entries of the ledger are read at a time.
const PAGE: u32 = 500;

/// Some of one kind.
#[derive(Default)]
struct Listed {
    ids: Vec<String>,
    count: u64,
}

impl Listed {
    fn add(&mut self, id: impl FnOnce() -> String) {
        self.count += 1;
        if self.ids.len() < IDS_MAX {
            self.ids.push(id());
        }
    }

    fn json(self) -> Value {
        json!({ "ids": self.ids, "count": self.count })
    }
}

/// What a revocation of `selector` would end, by kind: the first ids, and how many there are.
pub(crate) async fn ends(app: &App, selector: &Selector) -> Result<Value, Problem> {
    let mut grants = Listed::default();
    app.gate().each_named(selector, |credential| {
        grants.add(|| {
            format!("{}~{}", credential.class.as_str(), credential.content_id.fingerprint())
        });
    });
    let tickets = tickets(app, selector).await?;
    let (certificates, workers) = certificates(app, selector).await?;
    Ok(json!({
        "tickets": tickets.json(),
        "certificates": certificates.json(),
        "grants": grants.json(),
        "workers": workers.json(),
    }))
}

/// Certificates, and the worker that has no other.
async fn certificates(app: &App, selector: &Selector) -> Result<(Listed, Listed), Problem> {
    let (mut certificates, mut workers) = (Listed::default(), Listed::default());
    let Some(member) = member(app, selector).await? else { return Ok((certificates, workers)) };
    let mut has_others = false;
    for row in app.store().certificates_of(&member).await? {
        match credential(app, &row) {
            Some(credential) if selector.names(&credential) => {
                certificates.add(|| row.serial.to_string());
            }
            Some(_) => has_others = true,
            None => {}
        }
    }
    if member.kind == Kind::Worker && certificates.count > 0 && !has_others {
        workers.add(|| member.name.to_string());
    }
    Ok((certificates, workers))
}

/// Whose certificates may be named. A certificate has no id beside its serial, and no key of ours has signed it.
async fn member(app: &App, selector: &Selector) -> Result<Option<Member>, Problem> {
    Ok(match selector {
        Selector::Subject { subject, .. } => subject.parse().ok(),
        Selector::Certificate(serial) => match serial.parse() {
            Ok(serial) => app.store().certificate(serial).await?.map(|row| row.member),
            Err(_) => None,
        },
        Selector::ContentId(content) => {
            let entry = app.store().ledger_entry_of_content(content).await?;
            let entry = entry.filter(|entry| entry.class == Class::Certificate);
            entry.and_then(|entry| entry.subject.parse().ok())
        }
        Selector::TokenId { .. } | Selector::RealmTicket(_) | Selector::Key(_) => None,
    })
}

/// A certificate as the gate takes it, if it counts.
fn credential(app: &App, row: &CertificateRow) -> Option<Verified> {
    let now = app.clock().now();
    let judge = Certificates { trust_domain: app.config().ca.trust_domain.clone() };
    let presented = Presented::certificate(&row.certificate);
    let credential = judge.verify(&presented, &Facts::none(), now).ok()?;
    let is_live = row.standing(false, now) == Standing::Live
        && app.gate().revocations().judge(&credential, now).is_none();
    is_live.then_some(credential)
}

/// Of the ledger and of the content store.
async fn tickets(app: &App, selector: &Selector) -> Result<Listed, Problem> {
    let mut listed = Listed::default();
    let (now, mut after) = (app.clock().now(), None);
    loop {
        let page = app.store().ledger_named_by(selector, after, now, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        // Certificates are listed by themselves.
        for entry in page.iter().filter(|entry| entry.class != Class::Certificate) {
            let credential = tickets::credential(app, entry).await?;
            if selector.names(&credential)
                && app.gate().revocations().judge(&credential, now).is_none()
            {
                listed.add(|| entry.id.to_string());
            }
        }
    }
    for id in app.realms().named_by(selector).await? {
        listed.add(|| shown_id(&id));
    }
    Ok(listed)
}
