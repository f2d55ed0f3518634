//! The revocation list, as `openssl` reads it.

use std::time::Duration;

use carnet_authority::ca::{
    CRL_LIFE, CaError, CertificateAuthority, Curve, RevokedBecause, RevokedCertificate,
};
use carnet_ticket::time::Timestamp;

use super::support::{NOW, OpenSsl, authority, grant, plain_csr, settings};

#[test]
fn a_revoked_certificate_is_listed_with_its_reason_and_openssl_refuses_it() {
    let openssl = OpenSsl::new();
    for curve in [Curve::P256, Curve::P384] {
        let authority = authority(curve);
        let issued: Vec<_> = RevokedBecause::ALL
            .map(|_| authority.sign(&plain_csr(), &grant(), NOW).unwrap())
            .into();
        let good = authority.sign(&plain_csr(), &grant(), NOW).unwrap();
        openssl.put("ca.pem", authority.bundle().pem()).put("good.pem", good.pem());
        let revoked: Vec<_> = issued
            .iter()
            .zip(RevokedBecause::ALL)
            .map(|(issued, reason)| RevokedCertificate {
                serial: issued.serial,
                revoked_at: NOW,
                reason,
                not_after: issued.expires_at,
            })
            .collect();
        let crl = authority.crl(&revoked, 0x1234, NOW).unwrap();
        openssl.put("crl.der", &crl);
        let said = openssl.ok("crl -inform DER -in crl.der -CAfile ca.pem -out crl.pem");
        assert!(said.contains("verify OK"), "{said}");
        let said = openssl.ok("crl -in crl.pem -noout -text");
        assert!(said.contains("Version 2 (0x1)"), "{said}");
        assert!(said.contains("X509v3 CRL Number: \n                4660"), "{said}");
        assert!(said.contains("X509v3 Authority Key Identifier"), "{said}");
        for reason in
            ["Key Compromise", "Superseded", "Cessation Of Operation", "Privilege Withdrawn"]
        {
            assert_eq!(said.matches(reason).count(), 1, "{reason}: {said}");
        }
        assert!(!said.contains("Unspecified"), "no reason is said by none");

        let at = NOW.unix_s() + 60;
        let verify = |file: &str| {
            let checks = "-x509_strict -crl_check -CRLfile crl.pem -CAfile ca.pem";
            openssl.run(&format!("verify -attime {at} {checks} {file}"))
        };
        assert!(verify("good.pem").0, "{}", verify("good.pem").1);
        for issued in &issued {
            openssl.put("bad.pem", issued.pem());
            let (is_good, said) = verify("bad.pem");
            assert!(!is_good && said.contains("certificate revoked"), "{said}");
            assert!(
                openssl
                    .ok("crl -in crl.pem -text")
                    .contains(&issued.serial.to_string().to_uppercase())
            );
        }
    }
}

#[test]
fn a_list_counts_for_an_hour_and_entries_stay_until_their_end() {
    let (openssl, authority) = (OpenSsl::new(), authority(Curve::P256));
    let issued = authority.sign(&plain_csr(), &grant(), NOW).unwrap();
    let revoked = [RevokedCertificate {
        serial: issued.serial,
        revoked_at: NOW,
        reason: RevokedBecause::Superseded,
        not_after: issued.expires_at,
    }];
    let listed = |now: Timestamp, number| {
        openssl.put("crl.der", authority.crl(&revoked, number, now).unwrap());
        openssl.ok("crl -inform DER -in crl.der -noout -text")
    };
    assert!(listed(NOW, 1).contains("Serial Number"));
    assert!(listed(issued.expires_at, u64::MAX).contains("Serial Number"));
    let empty = listed(issued.expires_at.after(Duration::from_secs(1)), 0);
    assert!(empty.contains("No Revoked Certificates"), "{empty}");
    openssl.put("crl.der", authority.crl(&[], 2, NOW).unwrap());
    let dates = openssl.ok("crl -inform DER -in crl.der -noout -lastupdate -nextupdate");
    assert_eq!(dates, "lastUpdate=Nov 23 05:20:00 2026 GMT\nnextUpdate=Nov 23 06:20:00 2026 GMT\n");
    assert_eq!(CRL_LIFE, Duration::from_hours(1));
    let none = CertificateAuthority::new(settings(), [], 0).unwrap();
    assert_eq!(none.crl(&[], 1, NOW), Err(CaError::NoActive));
    assert!(authority.crl(&[], 1, Timestamp(-1_000)).is_err(), "a time that X.509 cannot say");
    assert!(authority.crl(&[], 1, Timestamp::MAX).is_err());
}
