//! A certificate as a credential.

use carnet_authority::ca::Curve;
use carnet_ticket::identity::{Certificates, Leaf, PeerError};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Facts, Presented, Reason, Verify};

use super::support::{NOW, authority, grant, plain_csr, trust_domain};

#[test]
fn it_says_who_its_holder_is_and_counts_within_its_time() {
    let issued = authority(Curve::P256).sign(&plain_csr(), &grant(), NOW).unwrap();
    let verify = |at| {
        let verifier = Certificates { trust_domain: trust_domain() };
        verifier.verify(&Presented::certificate(&issued.certificate), &Facts::none(), at)
    };
    let verified = verify(NOW).unwrap();
    assert_eq!(verified.class, Class::Certificate);
    assert_eq!(verified.subject.as_deref(), Some("worker/hello-world"));
    assert_eq!(verified.certificate, Some(issued.serial.to_string()));
    assert_eq!(verified.issued_at.unwrap().unix_s(), NOW.unix_s(), "not backdated");
    assert_eq!(verified.expires, Expiration::At(issued.expires_at));
    let seconds = |s| Timestamp::from_unix_s(NOW.unix_s() + s);
    assert!(verify(seconds(-60)).is_ok());
    assert_eq!(verify(seconds(-61)).unwrap_err(), Reason::NotYetValid);
    assert!(verify(seconds(86_399)).is_ok());
    assert_eq!(verify(issued.expires_at).unwrap_err(), Reason::Expired);
}

#[test]
fn another_certificate_is_another_credential_and_another_fleet_is_none() {
    let authority = authority(Curve::P256);
    let [one, other] =
        [(); 2].map(|()| authority.sign(&plain_csr(), &grant(), NOW).unwrap().certificate);
    let read = |der: &[u8]| Leaf::read(der, &trust_domain()).unwrap();
    assert_ne!(read(&one).content_id, read(&other).content_id);
    let foreign = Certificates { trust_domain: "other.local".parse().unwrap() };
    let judged = foreign.verify(&Presented::certificate(&one), &Facts::none(), NOW);
    assert_eq!(judged.unwrap_err(), Reason::Certificate(PeerError::WrongTrustDomain));
    let longer = [one.as_slice(), &[0]].concat();
    assert_eq!(Leaf::read(&longer, &trust_domain()), Err(PeerError::Malformed));
    assert_eq!(Leaf::read(&one[..one.len() - 1], &trust_domain()), Err(PeerError::Malformed));
}
