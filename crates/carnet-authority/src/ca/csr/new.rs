//! A request of one's own.

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use super::{VerifiedCsr, parse_csr};
use crate::ca::CaError;

impl VerifiedCsr {
    /// A new P-256 key, as PKCS #8, and the request for it.
    pub fn for_new_key() -> Result<(Zeroizing<Vec<u8>>, Self), CaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key)?.pem()?;
        let request = parse_csr(&request).map_err(CaError::Request)?;
        Ok((Zeroizing::new(key.serialize_der()), request))
    }
}
