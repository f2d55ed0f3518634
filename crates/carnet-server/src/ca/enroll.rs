//! Coming into the fleet by a token.

use std::net::IpAddr;

use carnet_authority::ca::{Lifetime, VerifiedCsr, parse_csr};
use carnet_authority::enroll::{Enrollment, EnrollmentRequest};
use carnet_store::{Consumption, MemberProfile};
use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::Member;

use super::event::Said;
use super::issue::profile_of;
use super::{Ca, Certified, Refusal};
use crate::audit::Trail;

/// Who asks for a certificate, and with what.
pub(crate) struct Asking<'a> {
    /// The request for a certificate, in PEM.
    pub(crate) csr: &'a str,
    /// Whom it is for, as its sender says.
    pub(crate) service_name: Option<&'a str>,
    /// Where it comes from.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) trail: &'a Trail,
}

/// What a token is good for.
enum Admission {
    /// What its enrollment says, once.
    Enrolled(Box<Enrollment>),
    /// A certificate in any name, on this machine.
    Local,
}

impl Ca<'_> {
    /// Gives the certificate that `token` is good for: judged first, used up last.
    pub(crate) async fn enroll(
        self,
        token: &str,
        asking: Asking<'_>,
    ) -> Result<Certified, Refusal> {
        let mut said = Said { peer: asking.peer, ..Said::default() };
        let enrolled = self.try_enroll(token, &asking, &mut said).await;
        let code = enrolled.as_ref().map_or_else(Refusal::code, |_| "ok");
        metrics::counter!("carnet_enrollments_total", "result" => code).increment(1);
        self.settled(enrolled, &said, asking.trail)
    }

    async fn try_enroll(
        self,
        token: &str,
        asking: &Asking<'_>,
        said: &mut Said,
    ) -> Result<Certified, Refusal> {
        let token = EnrollmentToken::decode(token)?;
        let admission = self.admission(&token, asking.peer, said).await?;
        let csr = parse_csr(asking.csr)?;
        said.spki_sha256 = Some(*csr.spki_sha256());
        match admission {
            Admission::Enrolled(enrollment) => {
                let csr = in_the_name(csr, asking.service_name);
                self.consume(*enrollment, token, &csr, asking, said).await
            }
            Admission::Local => self.enroll_local(csr, asking, said).await,
        }
    }

    /// What a token is good for, before the request that came with it is looked at.
    async fn admission(
        self,
        token: &EnrollmentToken,
        peer: Option<IpAddr>,
        said: &mut Said,
    ) -> Result<Admission, Refusal> {
        let (authority, now) = (self.authority(), self.app.clock().now());
        if self.is_local(token, authority.bundle())? {
            said.enrollment = Some("enroll:local".to_owned());
            let is_near = peer.is_some_and(|peer| peer.is_loopback());
            return if is_near { Ok(Admission::Local) } else { Err(Refusal::NotLocal) };
        }
        let enrollment = self.app.store().enrollment_of_secret(token.digest()).await?;
        let enrollment = enrollment.ok_or(Refusal::NoEnrollment)?;
        said.enrollment = Some(enrollment.id.to_string());
        said.member = Some(Member { kind: enrollment.kind, name: enrollment.name.clone() });
        enrollment.check(token, authority.bundle(), now)?;
        Ok(Admission::Enrolled(Box::new(enrollment)))
    }

    async fn consume(
        self,
        enrollment: Enrollment,
        token: EnrollmentToken,
        csr: &VerifiedCsr,
        asking: &Asking<'_>,
        said: &mut Said,
    ) -> Result<Certified, Refusal> {
        let (authority, id) = (self.authority(), enrollment.id);
        let member = Member { kind: enrollment.kind, name: enrollment.name.clone() };
        let profile = MemberProfile::from(&enrollment);
        let certificate = self.signed(csr, &member, &profile, &id.to_string(), asking.trail)?;
        said.signed(&certificate.issued);
        let by = asking.peer.map_or_else(|| "local".to_owned(), |peer| peer.to_string());
        let store = self.app.store().audited(said.done(asking.trail, "ca.issue", None));
        let consumption = Consumption { id, token, authority: authority.clone(), certificate, by };
        let issuance = store.consume_enrollment(consumption, self.app.clock().now()).await?;
        Ok(Certified::new(issuance.row(), &authority))
    }

    async fn enroll_local(
        self,
        csr: VerifiedCsr,
        asking: &Asking<'_>,
        said: &mut Said,
    ) -> Result<Certified, Refusal> {
        let name = asking.service_name.or_else(|| csr.common_name());
        let name = name.and_then(|name| name.parse().ok()).ok_or(Refusal::NameMismatch)?;
        let member = Member::worker(name);
        said.member = Some(member.clone());
        let life = Lifetime::new(self.app.config().ca.leaf_ttl).unwrap_or_default();
        let usual = EnrollmentRequest::worker(member.name.clone());
        let usual = EnrollmentRequest { cert_ttl: life, ..usual };
        let (authority, profile) = (self.authority(), profile_of(&usual));
        let csr = in_the_name(csr, asking.service_name);
        let certificate = self.signed(&csr, &member, &profile, "enroll:local", asking.trail)?;
        said.signed(&certificate.issued);
        let store = self.app.store().audited(said.done(asking.trail, "ca.issue", None));
        let row = store.enroll_member(certificate, profile).await?;
        Ok(Certified::new(row, &authority))
    }
}

fn in_the_name(csr: VerifiedCsr, service_name: Option<&str>) -> VerifiedCsr {
    match service_name {
        Some(name) => csr.for_service(name),
        None => csr,
    }
}
