//! Certificates: requests read and signed, and recorded before they leave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::ca::{CaSettings, CertificateAuthority, Lifetime, parse_csr};
use carnet_authority::ledger::LedgerEntry;
use carnet_store::{MemberProfile, NewCertificate, Store, StoreOptions};
use carnet_ticket::id::KeyId;
use carnet_ticket::identity::{CapabilityGlob, Leaf, Member, TrustDomain};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;

use crate::http::fsyncs_per_second;
use crate::report::{Report, per_second};

const LENGTH: Duration = Duration::from_secs(3);
const CALLERS: usize = 64;
const NOW: Timestamp = Timestamp(1_795_411_200_000);

/// Measures what a new member costs, without the network.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if report.wants("certificates") {
        let authority = Arc::new(authority()?);
        bare(report, &authority)?;
        durable(report, &authority).await?;
    }
    Ok(())
}

/// Reading a request and signing a certificate, and nothing else.
fn bare(report: &mut Report, authority: &CertificateAuthority) -> anyhow::Result<()> {
    let (request, member) = (request()?, member(0)?);
    let grant = profile().grant(trust_domain()?, &member);
    parse_csr(&request)?;
    let parsed = per_second(|| drop(parse_csr(&request)));
    report.add("certificates: request read and verified, P-256", parsed, "/s per core", "");
    let csr = parse_csr(&request)?;
    authority.sign(&csr, &grant, NOW)?;
    let signed = per_second(|| drop(authority.sign(&csr, &grant, NOW)));
    report.add("certificates: certificate signed, P-256", signed, "/s per core", "");
    Ok(())
}

/// Both, recorded with the ledger and the audit: what the service does for one that comes in.
async fn durable(report: &mut Report, authority: &Arc<CertificateAuthority>) -> anyhow::Result<()> {
    let fsync = fsyncs_per_second()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("db");
    let store = Store::open(&StoreOptions { path, busy_timeout: LENGTH, readers: 2 })?;
    let started = Instant::now();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(enroll(store.clone(), Arc::clone(authority), caller, started)))
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    let rate = f64::from(count) / started.elapsed().as_secs_f64();
    let name = "certificates: request signed, durable, audited, 64 callers";
    report.add(name, rate, "/s", format!("{:.1} x fsync; goal >= 5,000 on 2 cores", rate / fsync));
    store.close().await;
    Ok(())
}

async fn enroll(
    store: Store,
    authority: Arc<CertificateAuthority>,
    caller: usize,
    started: Instant,
) -> anyhow::Result<u32> {
    let (request, profile, trust_domain) = (request()?, profile(), trust_domain()?);
    let mut count = 0;
    while started.elapsed() < LENGTH {
        let member = member(caller * 1_000_000 + count as usize)?;
        let csr = parse_csr(&request)?;
        let grant = profile.grant(trust_domain.clone(), &member);
        let issued = authority.sign(&csr, &grant, NOW)?;
        let leaf = Leaf::read(&issued.certificate, &trust_domain)?;
        let mut random = [0; 10];
        random.copy_from_slice(&issued.serial.as_bytes()[..10]);
        let ledger = LedgerEntry {
            id: Ulid::new(NOW, random),
            class: Class::Certificate,
            content_id: leaf.content_id,
            token_id: Some(leaf.serial.clone()),
            subject: leaf.subject(),
            audience: None,
            scopes: Vec::new(),
            key_id: KeyId([1; 8]),
            parent_id: None,
            tenant_id: None,
            issued_by: "key:admin".to_owned(),
            issued_at: issued.issued_at,
            not_before: Some(leaf.not_before),
            expires_at: Expiration::At(issued.expires_at),
            request_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        };
        let event = event(&leaf.subject());
        let certificate = NewCertificate { member, issued, ledger: Some(ledger) };
        store.audited(event).enroll_member(certificate, profile.clone()).await?;
        count += 1;
    }
    Ok(count)
}

fn authority() -> anyhow::Result<CertificateAuthority> {
    let settings = CaSettings::new(trust_domain()?, "Carnet")?;
    let mut authority = CertificateAuthority::new(settings, [], 0)?;
    authority.prepare(NOW)?;
    Ok(authority)
}

fn trust_domain() -> anyhow::Result<TrustDomain> {
    Ok("carnet.local".parse()?)
}

fn member(number: usize) -> anyhow::Result<Member> {
    Ok(Member::worker(format!("worker-{number}").parse()?))
}

fn profile() -> MemberProfile {
    MemberProfile {
        dns: vec![carnet_ticket::identity::DnsName::localhost()],
        ip: vec![std::net::Ipv4Addr::LOCALHOST.into()],
        capabilities: vec![CapabilityGlob::any()],
        labels: std::collections::BTreeMap::new(),
        cert_ttl: Lifetime::DEFAULT,
    }
}

fn request() -> anyhow::Result<String> {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params.serialize_request(&rcgen::KeyPair::generate()?)?.pem()?)
}

fn event(member: &str) -> Event {
    let actor =
        Actor { id: "key:admin".into(), class: "api-key".into(), role: None, fingerprint: None };
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    Event::new(NOW, Kind::Ticket, actor, "ca.issue", member, Outcome::Allowed, id)
}
