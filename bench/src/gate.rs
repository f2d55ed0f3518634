//! The gate by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet_gate::{Clock, Cost, Delta, Entry, Gate, Grant, Lookup, Selector};
use carnet_realm::realms::TicketStatusSource;
use carnet_store::{NewTicket, Store, StoreOptions};
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::{NodeKey, RealmId, RealmTickets, TicketId};
use carnet_ticket::rights::{RealmNeed, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Facts, Limits, Presented, Proof, Row, Surface};
use futures::FutureExt;

use crate::report::{Report, per_second, per_second_async, percentile_ms};

const LIVE_GRANTS: u32 = 10_000;
const REVOCATIONS: u32 = 200;

/// Measures admission, charging and revocation.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if report.wants("gate admit") {
        admit(report).await?;
    }
    if report.wants("gate permits") {
        permits(report);
    }
    if report.wants("gate revoke") {
        revoke(report);
    }
    Ok(())
}

fn gate() -> Gate {
    Gate::builder(Clock::System)
        .verifier(Class::Realm, Arc::new(RealmTickets))
        .accept(Surface::Realm, &[Class::Realm])
        .build()
}

async fn admit(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let options = StoreOptions {
        path: folder.path().join("db"),
        busy_timeout: Duration::from_secs(5),
        readers: 4,
    };
    let store = Store::open(&options)?;
    let gate = gate();
    let now = gate.clock().now();
    let ticket = NewTicket {
        id: TicketId::new(now, [1; 10]),
        realm: RealmId::local_admin(),
        issuer: "user:bench".to_owned(),
        purpose: None,
        input: Some(vec![NodeKey::EMPTY_DICT]),
        writable: true,
        quota: None,
        accept: Vec::new(),
        created_at: now,
        expires_at: now.after(Duration::from_hours(1)),
        parent: None,
        depth: 0,
        delegable: false,
    };
    store.insert_ticket(ticket.clone()).await?;
    let text = ticket.id.to_string();
    let presented = Presented::of(Class::Realm, &text);
    let source = Arc::new(TicketStatusSource::new(store.clone(), gate.clone()));
    let lookup = Lookup::builder(&gate).source(Class::Realm, source).build();

    let read = per_second_async(|| store.ticket(&ticket.id)).await;
    report.add("gate admit: the database read alone", read, "/s", "floor of the first admission");
    let first = per_second_async(|| async {
        gate.row_changed(carnet_ticket::realm::content_id(&ticket.id));
        allowed(&lookup.admit(&presented, Surface::Realm).await);
    })
    .await;
    report.add(
        "gate admit: a ticket read afresh, one action",
        first,
        "/s",
        format!("{:.2} of the read alone", first / read),
    );
    let cached = per_second(|| {
        let admitted = lookup.admit(&presented, Surface::Realm).now_or_never();
        allowed(&admitted.unwrap_or_else(|| unreachable!("what is remembered is ready at once")));
    });
    report.add(
        "gate admit: a remembered ticket, one action",
        cached,
        "/s per core",
        "goal >= 500,000",
    );
    let facts = lookup.load(&presented).await.map_err(|reason| anyhow::anyhow!("{reason}"))?;
    let bare = per_second(|| allowed(&gate.admit(&presented, &facts, Surface::Realm)));
    report.add("gate admit: facts in hand, one action", bare, "/s per core", "");
    store.close().await;
    Ok(())
}

fn allowed(admitted: &Result<Grant, carnet_gate::Denied>) {
    let grant = admitted.as_ref().unwrap_or_else(|denied| unreachable!("{denied}"));
    let rights = grant.realm().unwrap_or_else(|| unreachable!("a realm ticket has realm rights"));
    assert!(rights.permits(RealmNeed::Read).is_ok());
}

fn row(content_id: UniqueId, limits: Limits) -> Facts {
    let row = Row {
        content_id,
        subject: "bench".to_owned(),
        proof: Proof::None,
        issued_at: Timestamp(0),
        expires: Expiration::Never,
        ended: None,
        rights: None,
        limits,
    };
    Facts { epoch: 0, row: Some(row), ancestors: Vec::new(), home: None }
}

/// A gate whose grants are of rows that say everything, on the API.
fn row_gate() -> Gate {
    struct ByRow;
    impl carnet_ticket::verify::Verify for ByRow {
        fn verify(
            &self,
            _: &Presented<'_>,
            facts: &Facts,
            now: Timestamp,
        ) -> Result<carnet_ticket::verify::Verified, carnet_ticket::verify::Reason> {
            let row = facts.row.as_ref().ok_or(carnet_ticket::verify::Reason::Unknown)?;
            let mut verified =
                carnet_ticket::verify::Verified::of_row(Class::Realm, row, facts, now)?;
            verified.rights =
                Some(carnet_ticket::rights::Rights::Routes(RouteScopes::of_role("api")));
            Ok(verified)
        }
    }
    Gate::builder(Clock::System)
        .verifier(Class::Realm, Arc::new(ByRow))
        .accept(Surface::Api, &[Class::Realm])
        .build()
}

fn permits(report: &mut Report) {
    let scopes = RouteScopes::of_role("admin");
    let permits = per_second(|| assert!(std::hint::black_box(&scopes).permits("read:*").is_ok()));
    report.add("gate permits: one scope", 1e9 / permits, "ns", "goal < 200");
    let gate = row_gate();
    let limits = Limits { ops: Some(u64::MAX), bandwidth_bytes: Some(u64::MAX), ..Limits::none() };
    let admitted = gate.admit(
        &Presented::of(Class::Realm, "x"),
        &row(UniqueId::from_u8(1), limits),
        Surface::Api,
    );
    let grant = admitted.unwrap_or_else(|denied| unreachable!("{denied}"));
    let charge = per_second(|| {
        let charged = grant.charge(Cost::op().bytes(10)).now_or_never();
        assert!(charged.is_some_and(|charged| charged.is_ok()));
    });
    report.add("gate permits: charge two meters", 1e9 / charge, "ns", "goal < 200");
}

fn revoke(report: &mut Report) {
    let mut samples = Vec::new();
    for round in 0..REVOCATIONS {
        let gate = row_gate();
        let presented = Presented::of(Class::Realm, "x");
        let content = UniqueId::from_u32(round);
        let grants: Vec<_> = (0..LIVE_GRANTS)
            .filter_map(|_| {
                gate.admit(&presented, &row(content, Limits::none()), Surface::Api).ok()
            })
            .collect();
        let entry =
            Entry { seq: 1, selector: Selector::ContentId(content), at: Timestamp(0), exp: None };
        let started = Instant::now();
        let applied = gate.apply(&Delta::one(entry));
        samples.push(started.elapsed());
        assert_eq!(applied.map(|applied| applied.ended), Ok(LIVE_GRANTS as usize));
        assert!(grants.iter().all(|grant| grant.is_ended().is_some()));
    }
    let p50 = percentile_ms(&mut samples, 0.5);
    report.add(
        "gate revoke: 10,000 live grants end, p99",
        percentile_ms(&mut samples, 0.99),
        "ms",
        format!("goal < 10; p50 {p50:.2}"),
    );
}
