//! Members of a fleet: an authority, requests, and what comes of them.

use std::sync::Arc;

use carnet_authority::audit::{Actor, Event, Kind, Outcome};
use carnet_authority::ca::{CaSettings, CertificateAuthority, VerifiedCsr, parse_csr};
use carnet_authority::enroll::{EnrollmentRequest, MintedEnrollment, mint};
use carnet_authority::ledger::LedgerEntry;
use carnet_authority::mint::Issue;
use carnet_store::{Consumption, MemberProfile, NewCertificate, RenewedCertificate, Store};
use carnet_ticket::id::KeyId;
use carnet_ticket::identity::{Leaf, Member, TrustDomain};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;

use super::NOW;

pub fn trust_domain() -> TrustDomain {
    "carnet.local".parse().unwrap()
}

pub fn worker() -> Member {
    "worker/gpu-1".parse().unwrap()
}

/// An authority with one CA.
pub fn authority() -> Arc<CertificateAuthority> {
    let settings = CaSettings::new(trust_domain(), "Carnet").unwrap();
    let mut authority = CertificateAuthority::new(settings, [], 0).unwrap();
    authority.prepare(NOW).unwrap();
    Arc::new(authority)
}

/// A request for a new key.
pub fn csr() -> Arc<VerifiedCsr> {
    csr_of(&rcgen::KeyPair::generate().unwrap())
}

pub fn csr_of(key: &rcgen::KeyPair) -> Arc<VerifiedCsr> {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    Arc::new(parse_csr(&params.serialize_request(key).unwrap().pem().unwrap()).unwrap())
}

/// The enrollment of this number, for [`worker`].
pub async fn enrolled(store: &Store, ca: &CertificateAuthority, number: u8) -> MintedEnrollment {
    let request = EnrollmentRequest::worker(worker().name);
    let id = Ulid::new(NOW, [number; 10]);
    let issue = Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "r", now: NOW };
    let ca = &ca.bundle().certificates[0].certificate;
    let minted = mint(request, ca, &[number; 32], &issue).unwrap();
    store.insert_enrollment(minted.enrollment.clone()).await.unwrap();
    minted
}

/// What anybody may whose enrollment says nothing else.
pub fn profile() -> MemberProfile {
    let ca = authority();
    let request = EnrollmentRequest::worker(worker().name);
    let id = Ulid::new(NOW, [0; 10]);
    let issue = Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "r", now: NOW };
    let ca = &ca.bundle().certificates[0].certificate;
    MemberProfile::from(&mint(request, ca, &[0; 32], &issue).unwrap().enrollment)
}

/// A certificate for [`worker`], signed and not recorded.
pub fn signed(ca: &CertificateAuthority, csr: &VerifiedCsr, now: Timestamp) -> NewCertificate {
    let member = worker();
    let issued = ca.sign(csr, &profile().grant(trust_domain(), &member), now).unwrap();
    let leaf = Leaf::read(&issued.certificate, &trust_domain()).unwrap();
    let mut random = [0; 10];
    random.copy_from_slice(&issued.serial.as_bytes()[..10]);
    let ledger = LedgerEntry {
        id: Ulid::new(now, random),
        class: Class::Certificate,
        content_id: leaf.content_id,
        token_id: Some(issued.serial.to_string()),
        subject: leaf.subject(),
        audience: None,
        scopes: Vec::new(),
        key_id: KeyId([1; 8]),
        parent_id: None,
        tenant_id: None,
        issued_by: "enroll:x".to_owned(),
        issued_at: issued.issued_at,
        not_before: Some(leaf.not_before),
        expires_at: Expiration::At(issued.expires_at),
        request_id: "r".to_owned(),
    };
    NewCertificate { member, issued, ledger: Some(ledger) }
}

pub fn consumption(
    ca: &Arc<CertificateAuthority>,
    minted: &MintedEnrollment,
    csr: &VerifiedCsr,
    now: Timestamp,
) -> Consumption {
    Consumption {
        id: minted.enrollment.id,
        token: minted.token.clone(),
        authority: Arc::clone(ca),
        certificate: signed(ca, csr, now),
        by: "127.0.0.1".to_owned(),
    }
}

pub fn renewed(
    ca: &CertificateAuthority,
    presented: &carnet_store::CertificateRow,
    csr: &Arc<VerifiedCsr>,
    now: Timestamp,
) -> RenewedCertificate {
    let certificate = signed(ca, csr, now);
    RenewedCertificate { presented: presented.serial, csr: Arc::clone(csr), certificate }
}

pub fn event(action: &str) -> Event {
    let actor = Actor { id: "server".into(), class: "none".into(), role: None, fingerprint: None };
    Event::new(NOW, Kind::Ticket, actor, action, "worker/gpu-1", Outcome::Allowed, "r")
}
