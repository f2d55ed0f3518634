//! Private keys in PEM texts.

use x509_parser::prelude::Pem;

/// The longest text that is read as a key.
const LEN_MAX: usize = 65_536;

/// The DER of the first private key, whatever stands before it. An encrypted one is none.
pub(crate) fn private_key(pem: &[u8]) -> Option<Vec<u8>> {
    if pem.len() > LEN_MAX {
        return None;
    }
    let is_key = |block: &Pem| {
        block.label.ends_with("PRIVATE KEY") && block.label != "ENCRYPTED PRIVATE KEY"
    };
    let blocks = Pem::iter_from_buffer(pem).map_while(Result::ok);
    blocks.into_iter().find(is_key).map(|block| block.contents)
}
