//! `ca-and-registry.json`: signing requests and renewals.

use std::collections::BTreeMap;
use std::time::Duration;

use carnet_authority::ca::{Curve, IdentityGrant, Lifetime, Schedule, parse_csr};
use carnet_authority::enroll::{
    CloneAction, Generation, GenerationRecord, Origin, RenewError, Renewal, Standing,
    decide_renewal,
};
use carnet_ticket::identity::Kind;
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use crate::ca::support::{NOW, authority, csr_of};
use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] =
    &[("csr", csr), ("renewal_schedule", renewal_schedule), ("renewal_decision", renewal_decision)];

/// Promise: K-20
#[test]
fn vectors_ca_and_registry() {
    runner::run("ca-and-registry.json", OPS);
}

fn csr(input: &mut Input) -> Outcome {
    let (text, service) = (input.text("csr"), input.text("service_name"));
    let grant = grant(&input.take("grant"));
    let csr = parse_csr(&text).map_err(|fault| error(&variant(&fault)))?.for_service(&service);
    let authority = authority(Curve::P256);
    let issued = authority.sign(&csr, &grant, NOW).map_err(|fault| error(&variant(&fault)))?;
    let (_, leaf) = X509Certificate::from_der(&issued.certificate).unwrap();
    let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
    let usage = leaf.key_usage().unwrap().unwrap().value.to_string();
    let extended = leaf.extended_key_usage().unwrap().unwrap().value;
    let extended = [("serverAuth", extended.server_auth), ("clientAuth", extended.client_auth)];
    Ok(json!({
        "subject": leaf.subject().to_string(),
        "san": names.iter().map(san).collect::<Vec<_>>(),
        "spki_sha256": hex::encode(csr.spki_sha256()),
        "key_usage": if usage == "Digital Signature" { json!(["digitalSignature"]) } else { json!(usage) },
        "ext_key_usage": extended.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name).collect::<Vec<_>>(),
        "ca": leaf.is_ca(),
    }))
}

fn grant(value: &Value) -> IdentityGrant {
    let text = |name: &str| value[name].as_str().unwrap();
    let list =
        |name: &str| value[name].as_array().unwrap().iter().map(|item| item.as_str().unwrap());
    let (trust_domain, name) =
        (text("trust_domain").parse().unwrap(), text("name").parse().unwrap());
    let dns = list("dns").map(|host| host.parse().unwrap());
    let ip = list("ip").map(|ip| ip.parse().unwrap());
    IdentityGrant::new(trust_domain, Kind::Worker, name, dns, ip, Lifetime::DEFAULT)
}

fn san(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DNSName(host) => format!("DNS:{host}"),
        GeneralName::IPAddress(octets) => match <[u8; 4]>::try_from(*octets) {
            Ok(ip) => format!("IP:{}", std::net::IpAddr::from(ip)),
            Err(_) => {
                format!("IP:{}", std::net::IpAddr::from(<[u8; 16]>::try_from(*octets).unwrap()))
            }
        },
        other => panic!("{other}"),
    }
}

fn renewal_schedule(input: &mut Input) -> Outcome {
    let seconds = |input: &mut Input, name: &str| Duration::from_secs(input.number(name));
    let issued_at = Timestamp::from_unix_s(input.number("issued_at").try_into().unwrap());
    let (ttl, jitter) = (seconds(input, "ttl"), seconds(input, "jitter"));
    let due = Lifetime::new(ttl).and_then(|life| Schedule::new(issued_at, life, jitter));
    let due = due.map_err(|fault| error(&variant(&fault)))?;
    Ok(json!({
        "renew_after": due.renew_after.unix_s(),
        "renew_at": due.renew_at.unix_s(),
        "degraded_at": due.degraded_at.unix_s(),
        "unhealthy_at": due.unhealthy_at.unix_s(),
    }))
}

fn renewal_decision(input: &mut Input) -> Outcome {
    let (presented, own, history) =
        (input.number("presented"), input.text("csr_key"), input.take("history"));
    let action = input.maybe("clone_action").map_or(CloneAction::default(), |name| {
        CloneAction::from_name(name.as_str().unwrap()).unwrap()
    });
    // Each name of a key is a real key, since a decision takes a real request.
    let mut requests = BTreeMap::new();
    let mut request = |name: &str| {
        let of_new = || csr_of(&rcgen::KeyPair::generate().unwrap());
        *requests.entry(name.to_owned()).or_insert_with(of_new).spki_sha256()
    };
    let record = |value: &Value| GenerationRecord {
        generation: Generation(value["generation"].as_u64().unwrap()),
        spki_sha256: request(value["key"].as_str().unwrap()),
        is_used: value["used"].as_bool().unwrap(),
        origin: match value["origin"].as_str().unwrap() {
            "enrollment" => Origin::Enrollment,
            "renewal" => Origin::Renewal,
            other => panic!("origin {other}"),
        },
        standing: match value["status"].as_str().unwrap() {
            "live" => Standing::Live,
            "revoked" => Standing::Revoked,
            other => panic!("status {other}"),
        },
    };
    let history: Vec<_> = history.as_array().unwrap().iter().map(record).collect();
    request(&own);
    let numbers = |generations: Vec<Generation>| -> Vec<u64> {
        generations.into_iter().map(|generation| generation.0).collect()
    };
    match decide_renewal(&requests[&own], Generation(presented), &history) {
        Ok(Renewal::Again(generation)) => {
            Ok(json!({ "action": "replay", "generation": generation.0, "revoke": [] }))
        }
        Ok(Renewal::Issue { generation, revoke }) => Ok(json!({
            "action": "issue",
            "generation": generation.0,
            "revoke": numbers(revoke.into_iter().collect()),
        })),
        Err(RenewError::CloneDetected) => Err(json!({
            "error": "CloneDetected",
            "revoke": numbers(action.revokes(&history)),
            "quarantine": action == CloneAction::Quarantine,
        })),
        Err(fault) => Err(error(&variant(&fault))),
    }
}
