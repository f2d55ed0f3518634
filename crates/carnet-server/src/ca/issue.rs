//! Issuing a certificate: by an administrator's word, and what every certificate is recorded with.

use carnet_authority::ca::{IssuedCertificate, VerifiedCsr, parse_csr};
use carnet_authority::enroll::EnrollmentRequest;
use carnet_authority::ledger::LedgerEntry;
use carnet_store::{MemberProfile, NewCertificate};
use carnet_ticket::id::KeyId;
use carnet_ticket::identity::{Leaf, Member};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::Class;

use super::event::Said;
use super::fault::random;
use super::{Ca, CaFault, Certified, Refusal};
use crate::audit::Trail;

/// Who is to be certified, and as what.
pub(crate) struct Issuing {
    pub(crate) member: Member,
    pub(crate) profile: MemberProfile,
    pub(crate) csr: String,
}

impl Ca<'_> {
    /// Issues a certificate because an administrator says so.
    pub(crate) async fn issue(self, issuing: Issuing, trail: &Trail) -> Result<Certified, Refusal> {
        let mut said = Said { member: Some(issuing.member.clone()), ..Said::default() };
        let issued = self.try_issue(issuing, &mut said, trail).await;
        self.settled(issued, &said, trail)
    }

    async fn try_issue(
        self,
        issuing: Issuing,
        said: &mut Said,
        trail: &Trail,
    ) -> Result<Certified, Refusal> {
        let Issuing { member, profile, csr } = issuing;
        let csr = parse_csr(&csr)?;
        said.spki_sha256 = Some(*csr.spki_sha256());
        let (authority, by) = (self.authority(), trail.actor.id.to_string());
        let certificate = self.signed(&csr, &member, &profile, &by, trail)?;
        said.signed(&certificate.issued);
        let store = self.app.store().audited(said.done(trail, "ca.issue", None));
        let row = store.enroll_member(certificate, profile).await?;
        Ok(Certified::new(row, &authority))
    }

    /// A certificate for `member`, signed and not recorded.
    pub(super) fn signed(
        self,
        csr: &VerifiedCsr,
        member: &Member,
        profile: &MemberProfile,
        by: &str,
        trail: &Trail,
    ) -> Result<NewCertificate, Refusal> {
        let authority = self.authority();
        let grant = profile.grant(authority.settings().trust_domain().clone(), member);
        let issued = authority.sign(csr, &grant, self.app.clock().now())?;
        Ok(new_certificate(member.clone(), issued, by, trail)?)
    }

    /// Counts what came of asking for a certificate, and writes down why there is none.
    pub(super) fn settled(
        self,
        result: Result<Certified, Refusal>,
        said: &Said,
        trail: &Trail,
    ) -> Result<Certified, Refusal> {
        let code = result.as_ref().map_or_else(Refusal::code, |_| "ok");
        metrics::counter!("carnet_certificates_issued_total", "result" => code).increment(1);
        if let Err(refusal) = &result {
            let member = said.member.as_ref().map(ToString::to_string);
            match refusal {
                Refusal::Fault(fault) => {
                    tracing::error!(member, source = ?fault, "no certificate was issued: {fault}");
                }
                _ => tracing::info!(member, reason = code, "no certificate was issued"),
            }
            self.app.recorder().denied(said.refused(trail, code));
        }
        result
    }
}

/// What the certificates of a member say of whom this is asked.
pub(crate) fn profile_of(request: &EnrollmentRequest) -> MemberProfile {
    MemberProfile {
        dns: request.all_dns(),
        ip: request.all_ip(),
        capabilities: request.all_capabilities(),
        labels: request.labels.clone(),
        cert_ttl: request.cert_ttl,
    }
}

/// A certificate and its entry in the ledger, to be recorded. `by` is who asked for it.
pub(super) fn new_certificate(
    member: Member,
    issued: IssuedCertificate,
    by: &str,
    trail: &Trail,
) -> Result<NewCertificate, CaFault> {
    let leaf = Leaf::read(&issued.certificate, issued.spiffe_id.trust_domain())
        .map_err(|_| CaFault::Unreadable)?;
    let [a, b, c, d, e, f, g, h, ..] = issued.ca_sha256;
    let ledger = LedgerEntry {
        id: Ulid::new(issued.issued_at, random()?),
        class: Class::Certificate,
        content_id: leaf.content_id,
        token_id: Some(issued.serial.to_string()),
        subject: member.to_string(),
        audience: None,
        scopes: Vec::new(),
        // The CA's, by the fingerprint of its certificate.
        key_id: KeyId([a, b, c, d, e, f, g, h]),
        parent_id: None,
        tenant_id: None,
        issued_by: by.to_owned(),
        issued_at: issued.issued_at,
        not_before: Some(leaf.not_before),
        expires_at: Expiration::At(issued.expires_at),
        request_id: trail.request_id.clone(),
    };
    Ok(NewCertificate { member, issued, ledger: Some(ledger) })
}
