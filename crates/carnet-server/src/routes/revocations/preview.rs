//! What a revocation would end: exactly what its selector names and nothing else has ended yet.

use carnet_gate::Selector;
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
pub(super) async fn ends(app: &App, selector: &Selector) -> Result<Value, Problem> {
    let mut grants = Listed::default();
    app.gate().each_named(selector, |credential| {
        grants.add(|| {
            format!("{}~{}", credential.class.as_str(), credential.content_id.fingerprint())
        });
    });
    let tickets = tickets(app, selector).await?;
    Ok(json!({ "tickets": tickets.json(), "grants": grants.json() }))
}

/// Of the ledger and of the content store.
async fn tickets(app: &App, selector: &Selector) -> Result<Listed, Problem> {
    let mut listed = Listed::default();
    let (now, mut after) = (app.clock().now(), None);
    loop {
        let page = app.store().ledger_named_by(selector, after, now, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for entry in &page {
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
