//! Keys of the fleet: its listener, its certificate authority, its registry.

use std::time::Duration;

use carnet_authority::ca::Curve;
use carnet_authority::enroll::CloneAction;
use carnet_config::{HostName, Role};

use crate::support::{errors, load_with};

#[test]
fn defaults_are_those_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let config = load_with(folder.path(), None, &[], &[]).unwrap().config;
    let (fleet, ca, registry) = (config.fleet, config.ca, config.registry);
    assert_eq!((fleet.listen_addr.to_string().as_str(), fleet.compat), ("127.0.0.1:9090", false));
    assert_eq!((ca.trust_domain.as_str(), ca.organization.as_str()), ("carnet.local", "Carnet"));
    assert_eq!((ca.key_type, ca.clone_action), (Curve::P256, CloneAction::Quarantine));
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    assert_eq!([ca.lifetime, ca.leaf_ttl, ca.max_leaf_ttl], [hours(8760), hours(24), hours(2160)]);
    assert!(ca.auto_rotate && ca.local_enroll);
    assert!(ca.crl_url.is_none() && ca.key_passphrase_file.is_none());
    let of_registry = (registry.lost_after.as_secs(), registry.heartbeat_interval.as_secs());
    assert_eq!(of_registry, (120, 30));
    assert!(config.server.names.is_empty());
}

#[test]
fn values_that_no_fleet_could_live_with_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[fleet]\nlisten_addr = \"localhost\"\n\
        [ca]\ntrust_domain = \"Carnet\"\norganization = \"\"\nkey_type = \"p521\"\nlifetime = \"4m\"\n\
        leaf_ttl = \"2161h\"\nclone_action = \"shrug\"\ncrl_url = \"ftp://a\"\n\
        [registry]\nheartbeat_interval = \"0\"\n[server]\nnames = [\"*.example\"]\n";
    assert_eq!(
        errors(folder.path(), file),
        "carnet.toml:14:1: server.names: not a value; expected names of hosts, and addresses\n\
         carnet.toml:2:1: fleet.listen_addr: not a value; expected an address with its port, like \"127.0.0.1:9090\"\n\
         carnet.toml:4:1: ca.trust_domain: not a value; expected 1 to 255 of a-z 0-9 . _ -\n\
         carnet.toml:5:1: ca.organization: not a value; expected 1 to 64 characters, none of them a control character\n\
         carnet.toml:6:1: ca.key_type: not a value; expected one of \"p256\", \"p384\"\n\
         carnet.toml:7:1: ca.lifetime: not a value; expected 5m to 175200h\n\
         carnet.toml:8:1: ca.leaf_ttl: not a value; expected 5m to 2160h\n\
         carnet.toml:9:1: ca.clone_action: not a value; expected one of \"quarantine\", \"alert\"\n\
         carnet.toml:10:1: ca.crl_url: not a value; expected a URL like \"https://carnet.example\"\n\
         carnet.toml:12:1: registry.heartbeat_interval: not a value; expected 1s to 24h"
    );
    let file = "[fleet]\ncompat = true\n[ca]\nmax_leaf_ttl = \"1h\"\n[registry]\nlost_after = \"30s\"\n\
        [server]\nnames = [\"carnet.example\", \"192.0.2.1\"]\n";
    let config = load_with(folder.path(), Some(file), &[], &[]).unwrap().config;
    let faults = config.start_faults(Role::ControlPlane);
    let told: Vec<_> = faults.iter().map(|fault| fault.message).collect();
    let wanted = ["ca.leaf_ttl", "registry.lost_after"];
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1..].iter().zip(wanted).all(|(told, key)| told.starts_with(key)), "{told:?}");
    let names = ["carnet.example".parse().map(HostName::Dns).unwrap()];
    let address = HostName::Ip("192.0.2.1".parse().unwrap());
    assert_eq!(config.server.names, [names.as_slice(), &[address]].concat());
}
