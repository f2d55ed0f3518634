//! What members of a fleet are called.

use carnet_ticket::identity::{
    CapabilityGlob, CapabilityId, DnsName, InvalidCapabilityId, InvalidName, Kind, PeerError,
    SpiffeError, SpiffeId, TrustDomain, WorkerId, WorkerName, peer, peer_of_leaf,
};
use proptest::prelude::*;

fn holds<T: std::str::FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

#[test]
fn names_are_short_lower_and_begin_and_end_with_a_letter_or_digit() {
    let longest = "a".repeat(63);
    for name in ["a", "7", "a-b", "a.b", "a__b", "a.-b", &longest] {
        assert!(holds::<WorkerName>(name), "{name}");
    }
    for name in ["", "A", ".a", "a.", "-a", "a_", "a..b", "a b", "a\n", "ä", &format!("{longest}a")]
    {
        assert_eq!(name.parse::<WorkerName>(), Err(InvalidName), "{name}");
    }
    assert!(holds::<TrustDomain>(&"-".repeat(255)) && !holds::<TrustDomain>(&"a".repeat(256)));
    assert!(!holds::<TrustDomain>("Carnet.local") && !holds::<TrustDomain>(""));
    assert!(holds::<WorkerId>("worker:A.b_-1") && !holds::<WorkerId>("a/b"));
    assert_eq!(WorkerId::generate([0xab, 0, 1, 2]).as_str(), "worker-ab000102");
}

#[test]
fn a_host_is_no_wildcard_and_no_address() {
    for host in ["localhost", "a.b-c.d", "7b", "1.2.3.x", &["a"; 63].concat()] {
        assert!(holds::<DnsName>(host), "{host}");
    }
    for host in
        ["", "*", "*.a", "A.b", "a_b", "a.", ".a", "-a.b", "a-.b", "7", "10.0.0.1", "::1", "a b"]
    {
        assert!(!holds::<DnsName>(host), "{host}");
    }
    assert!(!holds::<DnsName>(&"a.".repeat(127).repeat(2)) && !holds::<DnsName>(&"a".repeat(64)));
    let name =
        |name: &str| name.parse::<WorkerName>().unwrap().dns_name().map(|dns| dns.to_string());
    assert_eq!(name("a.b").as_deref(), Some("a.b"));
    assert_eq!(name("x_y"), None);
}

#[test]
fn a_capability_is_words_with_dots_between() {
    for id in ["a", "example.hello_world", "A-1.b", &"a".repeat(128)] {
        assert!(holds::<CapabilityId>(id), "{id}");
    }
    for id in ["", ".", "a.", ".a", "a..b", "a*", "a b", "a/b", &"a".repeat(129)] {
        assert_eq!(id.parse::<CapabilityId>(), Err(InvalidCapabilityId), "{id}");
    }
    let matches = |glob: &str, id: &str| {
        glob.parse::<CapabilityGlob>().unwrap().matches(&id.parse().unwrap())
    };
    assert!(
        matches("*", "a.b") && matches("image.*", "image.a.b") && matches("image.*", "image.a")
    );
    assert!(matches("*.a", "x.a") && matches("x.a", "x.a"));
    assert!(
        !matches("image.*", "image") && !matches("image.*", "ximage.a") && !matches("x.a", "x.ab")
    );
    assert!(CapabilityGlob::any().matches(&"a.b".parse().unwrap()));
    assert!(!holds::<CapabilityGlob>("a?") && !holds::<CapabilityGlob>(""));
}

#[test]
fn faults_of_an_identity_are_found_in_order() {
    let trust_domain = "carnet.local".parse().unwrap();
    let peer = |uris: &[&str]| peer(uris, &trust_domain);
    assert_eq!(peer(&[]), Err(PeerError::NoIdentity));
    assert_eq!(peer(&["x", "y"]), Err(PeerError::ManyIdentities));
    assert_eq!(peer(&["spiffe://other.local/robot/a/b"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["spiffe://Carnet.local/worker/a"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["spiffe://carnet.local:1/worker/a"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["spiffe://carnet.local/worker"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["spiffe://carnet.local/worker/a#b"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["SPIFFE://carnet.local/worker/a"]), Err(PeerError::Malformed));
    assert_eq!(peer(&["spiffe://other.local/robot/a"]), Err(PeerError::WrongTrustDomain));
    assert_eq!(peer(&["spiffe://carnet.local/robot/a"]), Err(PeerError::UnknownKind));
    assert_eq!(peer(&["spiffe://carnet.local/Worker/a"]), Err(PeerError::UnknownKind));
    let id = peer(&["spiffe://carnet.local/operator/Ada"]).unwrap();
    assert_eq!((id.kind(), id.name()), (Kind::Operator, "Ada"));
    assert_eq!(peer_of_leaf(b"no certificate", &trust_domain), Err(PeerError::Malformed));
    assert_eq!("spiffe://x/robot/a".parse::<SpiffeId>(), Err(SpiffeError::UnknownKind));
    let longest = format!("spiffe://x/worker/{}", "a".repeat(2048 - 18));
    assert!(longest.len() == 2048 && holds::<SpiffeId>(&longest));
    assert_eq!(format!("{longest}a").parse::<SpiffeId>(), Err(SpiffeError::Malformed));
}

proptest! {
    #[test]
    fn an_id_reads_back(
        domain in "[a-z0-9._-]{1,255}",
        kind in prop::sample::select(&Kind::ALL[..]),
        name in "[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?",
    ) {
        let id = SpiffeId::new(domain.parse().unwrap(), kind, &name.parse().unwrap());
        prop_assert_eq!(id.to_string().parse(), Ok(id.clone()));
        prop_assert_eq!(peer(&[&id.to_string()], &domain.parse().unwrap()), Ok(id));
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise in "(spiffe://)?[a-z/.%:@*_-]{0,80}") {
        if let Ok(id) = noise.parse::<SpiffeId>() {
            prop_assert_eq!(id.to_string(), noise.as_str());
        }
        let hosts = noise.parse::<DnsName>().is_ok();
        prop_assert!(!hosts || !noise.contains('*'));
        let _ = (noise.parse::<WorkerName>(), noise.parse::<CapabilityGlob>());
    }
}
