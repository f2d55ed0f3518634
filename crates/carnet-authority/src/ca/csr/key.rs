//! The key in a signing request: whether the request is signed by it, and whether it will do.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    ED25519, ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use carnet_ticket::ed25519;
use rcgen::PublicKeyData as _;
use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA,
    OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384,
    OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::CsrError;

const OID_SECP256K1: Oid<'static> = oid!(1.3.132.0.10);

/// What aws-lc can verify with at all.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// What is taken.
const RSA_BITS_TAKEN: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The least public exponent that is taken: smaller ones have been broken through bad padding.
const RSA_EXPONENT_MIN: u32 = 65_537;

/// A key that a signature can be checked with, whether or not it will do.
enum Key {
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    Rsa { bits: usize, exponent: u32 },
}

/// The key that signed `request` itself, if it will do. A key that cannot be computed with is `CsrKey`: a signature
/// under it is neither good nor bad.
pub(super) fn verified(
    request: &X509CertificationRequest<'_>,
) -> Result<rcgen::SubjectPublicKeyInfo, CsrError> {
    let spki = &request.certification_request_info.subject_pki;
    let key = Key::of(spki).ok_or(CsrError::CsrKey)?;
    let algorithm = key.algorithm(&request.signature_algorithm)?;
    let parsed = ParsedPublicKey::new(algorithm, spki.raw).map_err(|_| CsrError::CsrKey)?;
    let signature = &request.signature_value;
    let holds = signature.unused_bits == 0
        && parsed.verify_sig(request.certification_request_info.raw, &signature.data).is_ok();
    if !holds {
        return Err(CsrError::CsrSignature);
    }
    let taken = rcgen::SubjectPublicKeyInfo::from_der(spki.raw).ok();
    // Written again it has to be the same: what is certified is what was signed.
    let taken = taken.filter(|taken| taken.subject_public_key_info() == spki.raw);
    taken.filter(|_| key.is_taken()).ok_or(CsrError::CsrKey)
}

impl Key {
    fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let kind = &spki.algorithm.algorithm;
        let bits = &*spki.subject_public_key.data;
        if *kind == OID_PKCS1_RSAENCRYPTION {
            return Self::of_rsa(spki.raw, bits);
        }
        if *kind == OID_SIG_ED25519 {
            ed25519::VerifyingKey::from_bytes(bits.try_into().ok()?).ok()?;
            return Some(Self::Ed25519);
        }
        // Only points that are not compressed: not everybody who will see the certificate reads others.
        let is_point = *kind == OID_KEY_TYPE_EC_PUBLIC_KEY && bits.first() == Some(&4);
        let curve = spki.algorithm.parameters.as_ref().filter(|_| is_point)?.as_oid().ok()?;
        [
            (OID_EC_P256, Self::P256),
            (OID_NIST_EC_P384, Self::P384),
            (OID_NIST_EC_P521, Self::P521),
            (OID_SECP256K1, Self::Secp256k1),
        ]
        .into_iter()
        .find_map(|(name, key)| (name == curve).then_some(key))
    }

    fn of_rsa(spki: &[u8], bits: &[u8]) -> Option<Self> {
        let Ok(([], key)) = RSAPublicKey::from_der(bits) else { return None };
        let (n, e) = (unsigned(key.modulus)?, unsigned(key.exponent)?);
        // Written again they have to be the same: then there is nothing beside them.
        let again = RsaPublicKeyComponents { n, e }.as_der().ok()?;
        let shifted = |value: u32, byte: &u8| Some(value.checked_mul(256)? + u32::from(*byte));
        let exponent = e.iter().try_fold(0, shifted)?;
        let bits = 8 * n.len() - n.first()?.leading_zeros() as usize;
        let is_known =
            again.as_ref() == spki && RSA_BITS.contains(&bits) && !exponent.is_multiple_of(2);
        is_known.then_some(Self::Rsa { bits, exponent })
    }

    /// How a signature of this algorithm is checked. With SHA-256, 384 or 512, or Ed25519; RSA by PKCS#1 v1.5.
    fn algorithm(
        &self,
        signed: &AlgorithmIdentifier<'_>,
    ) -> Result<&'static dyn VerificationAlgorithm, CsrError> {
        let is_rsa = matches!(self, Self::Rsa { .. });
        let are_parameters_good =
            signed.parameters.as_ref().is_none_or(|any| is_rsa && any.as_null().is_ok());
        if !are_parameters_good {
            return Err(CsrError::CsrSignature);
        }
        let oids = if is_rsa {
            [OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA]
        } else {
            [OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512]
        };
        let at = oids.iter().position(|oid| *oid == signed.algorithm);
        let of_digest: [Option<&'static dyn VerificationAlgorithm>; 3] = match self {
            Self::Ed25519 if signed.algorithm == OID_SIG_ED25519 => return Ok(&ED25519),
            Self::Ed25519 => return Err(CsrError::CsrSignature),
            Self::P256 => [
                Some(&ECDSA_P256_SHA256_ASN1),
                Some(&ECDSA_P256_SHA384_ASN1),
                Some(&ECDSA_P256_SHA512_ASN1),
            ],
            Self::P384 => [
                Some(&ECDSA_P384_SHA256_ASN1),
                Some(&ECDSA_P384_SHA384_ASN1),
                Some(&ECDSA_P384_SHA512_ASN1),
            ],
            Self::P521 => [
                Some(&ECDSA_P521_SHA256_ASN1),
                Some(&ECDSA_P521_SHA384_ASN1),
                Some(&ECDSA_P521_SHA512_ASN1),
            ],
            Self::Secp256k1 => [Some(&ECDSA_P256K1_SHA256_ASN1), None, None],
            Self::Rsa { bits, .. } => [
                Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
                (*bits >= 2048).then_some(&RSA_PKCS1_2048_8192_SHA384),
                Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
            ],
        };
        of_digest[at.ok_or(CsrError::CsrSignature)?].ok_or(CsrError::CsrKey)
    }

    fn is_taken(&self) -> bool {
        match self {
            Self::P256 | Self::P384 | Self::Ed25519 => true,
            Self::P521 | Self::Secp256k1 => false,
            Self::Rsa { bits, exponent } => {
                RSA_BITS_TAKEN.contains(bits) && *exponent >= RSA_EXPONENT_MIN
            }
        }
    }
}

/// A positive number of DER without the zero that keeps it positive.
fn unsigned(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0, rest @ ..] => Some(rest),
        [0..=0x7f, ..] => Some(number),
        _ => None,
    }
    .filter(|number| !number.is_empty())
}
