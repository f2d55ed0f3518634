//! A ticket that is minted, narrowed, spent from and revoked: ledger, gate and authority together.

use std::sync::Arc;

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::mint::{AttenuateError, Issue, Narrowing, Policy, attenuate};
use carnet_gate::{Clock, Cost, Gate, Grant};
use carnet_ticket::capability::{
    Capability, Role, TicketIssuer, TicketLimits, TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::Ulid;
use carnet_ticket::verify::{
    Bearer, Class, Ended, Facts, Limits, Meter, Presented, Profile, Reason, RevocationKind, Surface,
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{AUTHORITY, As, START, Server};

const SECRET: &str = "a-role-secret-of-at-least-32-bytes-for-gpus";

async fn server() -> Server {
    let directory = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[root_task]\nschema = \"1.5\"\n[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"{SECRET}\"\n"
    );
    std::fs::write(directory.path().join("root_task.toml"), manifest).unwrap();
    Server::start_in(directory, &AUTHORITY).await
}

/// A gate like that of a namespace, which hears what the server's store knows.
fn gate() -> Gate {
    let (clock, _) = Clock::manual(START);
    let keys = [(Role::WorkerGpu, vec![TicketIssuer::new(SECRET).key()])].into();
    let judge = Capability::new(keys, TicketLimits::default(), Profile::Strict);
    Gate::builder(clock)
        .verifier(Class::Capability, Arc::new(judge))
        .accept(Surface::Namespace, &[Class::Capability])
        .build()
}

struct Holder<'a> {
    server: &'a Server,
    gate: &'a Gate,
}

impl Holder<'_> {
    async fn attach(&self, ticket: &TicketToken) -> Result<Grant, Reason> {
        let ancestors = self.server.app.store().ancestors(&ticket.content_id()).await.unwrap();
        let facts = Facts { ancestors, ..Facts::none() };
        let text = ticket.encode().unwrap();
        let bearer = Bearer { role: Some("worker-gpu"), ..Bearer::nobody() };
        let presented = Presented { bearer, ..Presented::text(&text) };
        let grant = self.gate.admit(&presented, &facts, Surface::Namespace);
        grant.map_err(|denied| denied.reason)
    }

    /// Mints a child of `parent` with what that has left, and records it.
    async fn narrow(
        &self,
        parent: &TicketToken,
        left: &Limits,
        narrowing: Narrowing,
    ) -> Result<TicketToken, AttenuateError> {
        let store = self.server.app.store();
        let above = store.ancestors(&parent.content_id()).await.unwrap().len();
        let number = u8::try_from(above + 1).unwrap();
        let id = Ulid::new(START, [number; 10]);
        let issue =
            Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "r", now: START };
        let issuer = TicketIssuer::new(SECRET);
        let policy = Policy { limits: TicketLimits::default(), profile: Profile::Strict };
        let minted = attenuate(parent, left, above, narrowing, &issuer, &policy, &issue)?;
        let actor = Actor {
            id: "key:admin".into(),
            class: "api-key".into(),
            role: None,
            fingerprint: None,
        };
        let event = Event::new(
            START,
            Kind::Ticket,
            actor,
            "ticket.attenuate",
            "ticket",
            Outcome::Allowed,
            "r",
        );
        store.insert_ledger_entry(minted.entry, event).await.unwrap();
        let key = TicketIssuer::new(SECRET).key();
        Ok(TicketToken::decode(minted.token.expose_secret(), &key).unwrap())
    }
}

fn left(grant: &Grant) -> Limits {
    Limits {
        ops: grant.remaining(Meter::Ops),
        ticks: grant.remaining(Meter::Ticks),
        bandwidth_bytes: grant.remaining(Meter::BandwidthBytes),
        cursor_resumes: grant.remaining(Meter::CursorResumes),
        cursor_advances: grant.remaining(Meter::CursorAdvances),
    }
}

async fn minted(server: &Server) -> TicketToken {
    let body = json!({
        "class": "capability", "role": "worker-gpu", "subject": "gpu-1",
        "budget": { "ops": 40, "ttl_s": 60 }, "quotas": { "bandwidth_bytes": 100 },
        "scopes": [{ "path": "/data", "verb": "read" }],
    });
    let minted = server.post(As::Admin, "/api/v1/admin/tickets", &body).await.expect(201).json();
    let key = TicketIssuer::new(SECRET).key();
    TicketToken::decode(minted["token"].as_str().unwrap(), &key).unwrap()
}

/// Promise: C-43, G-20, P-25
#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_narrower_spends_from_its_parent_and_ends_with_it() {
    let (server, gate) = (server().await, gate());
    let holder = Holder { server: &server, gate: &gate };
    let parent = minted(&server).await;
    let of_parent = holder.attach(&parent).await.unwrap();
    of_parent.charge(Cost::op().bytes(30)).await.unwrap();

    let wider = Narrowing {
        scopes: vec![TicketScope::new("/", TicketVerb::Read, 0)],
        ..Narrowing::default()
    };
    let refused = holder.narrow(&parent, &left(&of_parent), wider).await.unwrap_err();
    assert_eq!(refused, AttenuateError::Scope);
    let more = Narrowing { ops: Some(40), ..Narrowing::default() };
    let refused = holder.narrow(&parent, &left(&of_parent), more).await.unwrap_err();
    assert_eq!(refused, AttenuateError::Budget, "one is spent already");

    let narrower = Narrowing {
        scopes: vec![TicketScope::new("/data/one", TicketVerb::Read, 0)],
        ops: Some(5),
        ..Narrowing::default()
    };
    let child = holder.narrow(&parent, &left(&of_parent), narrower).await.unwrap();
    let of_child = holder.attach(&child).await.unwrap();
    of_child.charge(Cost::op().bytes(50)).await.unwrap();
    assert_eq!(of_parent.remaining(Meter::Ops), Some(38));
    assert_eq!(of_parent.remaining(Meter::BandwidthBytes), Some(20));

    let entry = server.app.store().ledger_entry_of_content(&child.content_id()).await.unwrap();
    assert_eq!(entry.unwrap().parent_id, Some(parent.content_id()));
    let body = json!({ "kind": "content_id", "value": parent.content_id().to_string() });
    server.post(As::Admin, "/api/v1/admin/revocations", &body).await.expect(201);
    server.app.store().bring_up_to_date(&gate).await.unwrap();
    let revoked = RevocationKind::ContentId;
    assert_eq!(of_child.is_ended(), Some(Ended::Revoked(revoked)));
    assert_eq!(of_parent.is_ended(), Some(Ended::Revoked(revoked)));
    assert_eq!(holder.attach(&child).await.unwrap_err(), Reason::Revoked(revoked));
}

/// Promise: G-20
#[tokio::test(flavor = "multi_thread")]
async fn the_seventeenth_generation_is_refused() {
    let (server, gate) = (server().await, gate());
    let holder = Holder { server: &server, gate: &gate };
    let mut ticket = minted(&server).await;
    let mut seen: Vec<UniqueId> = vec![ticket.content_id()];
    for generation in 1..=16 {
        let grant = holder.attach(&ticket).await.unwrap();
        // Another budget each time: two tickets that say the same are one.
        let narrowing = Narrowing { ops: Some(40 - generation), ..Narrowing::default() };
        ticket = holder.narrow(&ticket, &left(&grant), narrowing).await.unwrap();
        assert!(!seen.contains(&ticket.content_id()));
        seen.push(ticket.content_id());
    }
    let grant = holder.attach(&ticket).await.unwrap();
    let refused = holder.narrow(&ticket, &left(&grant), Narrowing::default()).await.unwrap_err();
    assert_eq!(refused, AttenuateError::Depth);
}
