//! What a signing request asks for, beside its key. Nothing of it is put into a certificate: it is looked at to
//! refuse who asks for too much.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::oid_registry::{
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_SUBJECT_ALT_NAME,
};

use super::der;

/// What is asked for.
#[derive(Debug, Default)]
pub(in crate::ca) struct Asked {
    /// Every common name, as its bytes.
    pub common_names: Vec<Vec<u8>>,
    /// Hosts, in lower case.
    pub dns: Vec<String>,
    /// Addresses, as their octets.
    pub ip: Vec<Vec<u8>>,
    /// URIs.
    pub uris: Vec<String>,
    /// To be a CA: `CA:TRUE`, `keyCertSign` or `cRLSign`.
    pub authority: bool,
}

impl Asked {
    /// Reads it; `None` when what has to be understood is malformed.
    pub(super) fn of(request: &X509CertificationRequest<'_>) -> Option<Self> {
        let info = &request.certification_request_info;
        let names = info.subject.iter_common_name();
        let common_names = names.map(|name| name.attr_value().data.to_vec()).collect();
        let mut asked = Self { common_names, ..Self::default() };
        for attribute in info.iter_attributes() {
            if let ParsedCriAttribute::ExtensionRequest(request) = attribute.parsed_attribute() {
                // What has more than one value is longer than what was read of it.
                let is_single = der::is_strict(attribute.value);
                is_single.then_some(())?;
                request.extensions.iter().try_for_each(|extension| asked.extension(extension))?;
            }
        }
        Some(asked)
    }

    fn extension(&mut self, extension: &X509Extension<'_>) -> Option<()> {
        let understood =
            [OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_SUBJECT_ALT_NAME];
        if !understood.contains(&extension.oid) {
            return Some(());
        }
        match extension.parsed_extension() {
            _ if !der::is_strict(extension.value) => return None,
            ParsedExtension::BasicConstraints(constraints) => self.authority |= constraints.ca,
            ParsedExtension::KeyUsage(usage) => {
                self.authority |= usage.key_cert_sign() || usage.crl_sign();
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                names.general_names.iter().try_for_each(|name| self.name(name))?;
            }
            _ => return None,
        }
        Some(())
    }

    fn name(&mut self, name: &GeneralName<'_>) -> Option<()> {
        match name {
            GeneralName::DNSName(host) => self.dns.push(host.to_ascii_lowercase()),
            GeneralName::IPAddress(octets) => self.ip.push(octets.to_vec()),
            GeneralName::URI(uri) => self.uris.push((*uri).to_owned()),
            GeneralName::Invalid(..) => return None,
            _ => {}
        }
        Some(())
    }
}
