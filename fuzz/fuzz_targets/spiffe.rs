//! Names of a fleet's members.

#![no_main]

use carnet_ticket::identity::{
    CapabilityGlob, CapabilityId, DnsName, PeerError, SpiffeId, TrustDomain, WorkerName, peer,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let trust_domain: TrustDomain = "carnet.local".parse().expect("a trust domain");
    let id = text.parse::<SpiffeId>();
    if let Ok(id) = &id {
        assert_eq!(id.to_string(), text, "an identity has one text");
        assert!(!matches!(id.name(), "." | "..") && !id.name().contains('/'));
    }
    match peer(&[text], &trust_domain) {
        Ok(peer) => assert_eq!(id, Ok(peer)),
        Err(PeerError::WrongTrustDomain) => {
            assert!(id.is_err() || id.is_ok_and(|id| *id.trust_domain() != trust_domain));
        }
        Err(_) => assert!(id.is_err()),
    }
    if let Ok(name) = text.parse::<WorkerName>() {
        assert!(text.len() <= 63 && !text.contains(".."));
        assert!(name.dns_name().is_none_or(|dns| dns.as_str() == text));
    }
    if text.parse::<DnsName>().is_ok() {
        assert!(text.parse::<std::net::IpAddr>().is_err(), "an address is no host");
    }
    if let (Ok(id), Ok(glob)) = (text.parse::<CapabilityId>(), text.parse::<CapabilityGlob>()) {
        assert!(glob.matches(&id) && CapabilityGlob::any().matches(&id));
    }
});
