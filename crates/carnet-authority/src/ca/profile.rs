//! The fields of certificates. Source: worker runtime spec, section 4 (RFC 5280).

use carnet_ticket::identity::BACKDATED_S;
use carnet_ticket::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, SanType, SerialNumber,
};
use x509_parser::time::ASN1Time;

use super::key::{CaKey, key_identifier};
use super::{CaSettings, IdentityGrant, Serial};

/// Issues the certificate of a CA to itself.
pub(super) fn ca(
    settings: &CaSettings,
    key: &CaKey,
    serial: Serial,
    now: Timestamp,
) -> Result<Vec<u8>, rcgen::Error> {
    let identifier = key_identifier(key);
    let mut params = common(serial, &identifier, now, now.after(settings.lifetime()))?;
    let name = format!("Carnet CA {}", hex::encode(&identifier[..4]));
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, settings.organization());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let uri = format!("spiffe://{}", settings.trust_domain());
    params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
    Ok(params.self_signed(key)?.der().to_vec())
}

/// Issues a certificate for `key`, from `issued_at` to `expires_at`.
pub(super) fn leaf(
    settings: &CaSettings,
    issuer: &Issuer<'_, CaKey>,
    grant: &IdentityGrant,
    key: &rcgen::SubjectPublicKeyInfo,
    serial: Serial,
    (issued_at, expires_at): (Timestamp, Timestamp),
) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = common(serial, &key_identifier(key), issued_at, expires_at)?;
    params.distinguished_name.push(DnType::CommonName, grant.name().as_str());
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names.push(SanType::URI(grant.spiffe_id().to_string().try_into()?));
    for dns in grant.dns() {
        params.subject_alt_names.push(SanType::DnsName(dns.as_str().try_into()?));
    }
    params.subject_alt_names.extend(grant.ip().iter().copied().map(SanType::IpAddress));
    let uris = settings.crl_url().map(|url| CrlDistributionPoint { uris: vec![url.to_owned()] });
    params.crl_distribution_points = uris.into_iter().collect();
    Ok(params.signed_by(key, issuer)?.der().to_vec())
}

fn common(
    serial: Serial,
    identifier: &[u8],
    issued_at: Timestamp,
    expires_at: Timestamp,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    params.key_identifier_method = KeyIdMethod::PreSpecified(identifier.to_vec());
    params.use_authority_key_identifier_extension = true;
    params.not_before = moment(issued_at.unix_s().saturating_sub(BACKDATED_S))?.to_datetime();
    params.not_after = moment(expires_at.unix_s())?.to_datetime();
    Ok(params)
}

/// A moment that X.509 can say, in whole seconds since 1970.
pub(super) fn moment(unix_s: i64) -> Result<ASN1Time, rcgen::Error> {
    let moment = ASN1Time::from_timestamp(unix_s).ok().filter(|_| unix_s >= 0);
    moment.ok_or(rcgen::Error::Time)
}
