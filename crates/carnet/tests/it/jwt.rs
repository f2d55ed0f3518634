//! `carnet ticket …`, for JSON Web Tokens.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, carnet, run, run_with};

const SECRET: &str = "a-shared-secret-of-at-least-32-bytes";
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINfl5SguPNZ8RajC5/g2HTH75/yADy6LHPaQvMfazchz\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEABMxwI9WmbsQhHfUyn/o/jpQi2OPzIf1xyC8PlUZKAKI=\n\
    -----END PUBLIC KEY-----\n";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1",
        "x": "BMxwI9WmbsQhHfUyn_o_jpQi2OPzIf1xyC8PlUZKAKI",
        "d": "1-XlKC481nxFqMLn-DYdMfvn_IAPLosc9pC8x9rNyHM" });
    let mut public = jwk.clone();
    public.as_object_mut().unwrap().remove("d");
    for (name, text) in [
        ("private.pem", PRIVATE),
        ("public.pem", PUBLIC),
        ("shared", SECRET),
        ("short", "short"),
        ("private.jwk", &jwk.to_string()),
        ("keys.json", &json!({ "keys": [public, { "kty": "other" }] }).to_string()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn ticket(folder: &Path, args: &[&str]) -> Command {
    let mut command = carnet(folder);
    command.arg("ticket").args(args);
    command
}

fn mint(folder: &Path, key: &str, args: &[&str]) -> Ran {
    let usual = ["mint", "jwt", "--key-file", key, "--subject", "agent-7"];
    run(&mut ticket(folder, &[&usual, args].concat()))
}

fn inspected(folder: &Path, text: &str) -> Value {
    run(&mut ticket(folder, &["inspect", text, "--format", "json"])).json()
}

#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn everything_that_is_said_is_in_the_token() {
    let folder = folder();
    let minted = mint(
        folder.path(),
        "private.pem",
        &[
            "--kid",
            "k2",
            "--issuer",
            "me",
            "--audience",
            "a",
            "--audience",
            "b",
            "--ttl",
            "10m",
            "--not-before",
            "1m",
            "--token-id",
            "t1",
            "--claim",
            "groups=[\"ops\"]",
            "--claim",
            "n=1",
        ],
    );
    assert!(minted.line().starts_with("eyJ") && minted.out.lines().count() == 1);
    assert!(minted.err.contains("no ledger knows"));
    let said = inspected(folder.path(), minted.line());
    assert_eq!(said["signature_verified"], false);
    assert_eq!(said["header"], json!({ "alg": "EdDSA", "typ": "JWT", "kid": "k2" }));
    let claims = &said["claims"];
    let second = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!((second("exp") - second("iat"), second("nbf") - second("iat")), (600, 60));
    for (name, value) in [
        ("iss", json!("me")),
        ("sub", json!("agent-7")),
        ("aud", json!(["a", "b"])),
        ("jti", json!("t1")),
        ("groups", json!(["ops"])),
        ("n", json!(1)),
    ] {
        assert_eq!(claims[name], value);
    }
    assert!(said["expires_at"].as_str().unwrap().ends_with('Z'));
    let document =
        mint(folder.path(), "private.jwk", &["--format", "json", "--ttl", "none"]).json();
    assert_eq!((&document["class"], &document["expires_at"]), (&json!("jwt"), &Value::Null));
    assert_eq!(document["header"]["kid"], "k1", "the key's own");
    assert!(document["claims"]["jti"].as_str().is_some_and(|id| id.len() == 32));
    assert_eq!(document["token"].as_str().unwrap().split('.').count(), 3);
}

#[test]
fn a_token_verifies_with_its_key_in_every_form_of_file() {
    let folder = folder();
    let by = |key: &str, args: &[&str]| {
        mint(folder.path(), key, &[&["--audience", "app", "--issuer", "me"], args].concat())
            .line()
            .to_owned()
    };
    let verify = |text: &str, args: &[&str]| {
        run(&mut ticket(folder.path(), &[&["verify", text], args].concat()))
    };
    let eddsa = by("private.pem", &["--kid", "k1"]);
    for keys in [
        &["--key-file", "public.pem"][..],
        &["--key-file", "private.pem"],
        &["--key-file", "private.jwk"],
        &["--jwks-file", "keys.json"],
    ] {
        let ran = verify(&eddsa, &[keys, &["--format", "json"]].concat());
        assert_eq!(ran.json()["signature_verified"], true, "{keys:?}");
    }
    let hs256 = by("shared", &[]);
    assert_eq!(inspected(folder.path(), &hs256)["header"]["alg"], "HS256");
    assert_eq!(verify(&hs256, &["--key-file", "shared"]).code, 0);
    let all =
        ["--key-file", "public.pem", "--issuer", "me", "--audience", "x", "--audience", "app"];
    assert_eq!(verify(&eddsa, &[&all[..], &["--subject", "agent-7"]].concat()).code, 0);
    let key = ["--key-file", "public.pem"];
    for (args, why) in [
        (&["--issuer", "you"][..], "issuer"),
        (&["--audience", "other"], "audience"),
        (&["--subject", "agent-8"], "subject"),
        (&["--at", "2099-01-01T00:00:00Z"], "expired"),
        (&["--at", "2020-01-01T00:00:00Z"], "issued_in_future"),
    ] {
        refused(&verify(&eddsa, &[&key, args].concat()), 1, &format!("error: {why}: "));
    }
    refused(&verify(&hs256, &key), 1, "alg_not_allowed");
    let bare = mint(folder.path(), "private.pem", &[]).line().to_owned();
    let (signed, _) = eddsa.rsplit_once('.').unwrap();
    let (_, foreign) = bare.rsplit_once('.').unwrap();
    refused(&verify(&format!("{signed}.{foreign}"), &key), 1, "signature");
    refused(&verify(&bare, &key), 1, "missing_claim: claim aud");
    assert_eq!(verify(&bare, &[&key[..], &["--profile", "compat"]].concat()).code, 0);
    refused(&verify(&eddsa, &[]), 3, "no verification key");
    refused(&verify(&eddsa, &[&key[..], &["--role", "queen"]].concat()), 2, "--role says nothing");
    refused(&verify(&eddsa, &[&key[..], &["--leeway", "6m"]].concat()), 2, "at most 5m");
    let mut piped = ticket(folder.path(), &["verify", "-", "--key-file", "public.pem"]);
    assert_eq!(run_with(&mut piped, format!("{eddsa}\n").as_bytes()).code, 0);
}

#[test]
fn without_keys_in_flags_the_configuration_judges() {
    let folder = folder();
    std::fs::write(
        folder.path().join("carnet.toml"),
        "[tickets.jwt]\nissuers = [\"me\"]\nkeys_pem_files = [\"public.pem\"]\njwks_file = \"keys.json\"\n\
         hmac_key_file = \"shared\"\nmax_lifetime = \"2h\"\n",
    )
    .unwrap();
    let verify = |text: &str, args: &[&str]| {
        run(&mut ticket(folder.path(), &[&["verify", text], args].concat()))
    };
    let by = |key: &str, args: &[&str]| {
        mint(folder.path(), key, &[&["--audience", "app"], args].concat()).line().to_owned()
    };
    assert_eq!(verify(&by("private.pem", &["--issuer", "me"]), &[]).code, 0);
    assert_eq!(verify(&by("shared", &["--issuer", "me"]), &[]).code, 0);
    let foreign = by("private.pem", &["--issuer", "you"]);
    refused(&verify(&foreign, &[]), 1, "issuer");
    assert_eq!(verify(&foreign, &["--issuer", "you"]).code, 0, "a flag says another");
    let long = by("private.pem", &["--issuer", "me", "--ttl", "3h"]);
    refused(&verify(&long, &[]), 1, "lifetime");
    assert_eq!(verify(&long, &["--key-file", "public.pem"]).code, 0, "flags alone count");
}

#[test]
fn what_cannot_be_signed_is_refused_and_no_key_is_shown() {
    let folder = folder();
    for (key, args, code, why) in [
        ("absent", &[][..], 3, "absent"),
        ("public.pem", &[], 3, "public.pem: key invalid"),
        ("short", &[], 3, "short: key too weak"),
        ("private.pem", &["--alg", "ES256"], 3, "algorithm"),
        ("private.pem", &["--alg", "none"], 2, "--alg"),
        ("private.pem", &["--claim", "sub=\"x\""], 1, "has its own setter"),
        ("private.pem", &["--claim", "x=y"], 2, "not JSON"),
        ("private.pem", &["--ttl", "0"], 2, "--ttl"),
        ("private.pem", &["--not-before", "soon"], 2, "--not-before"),
    ] {
        refused(&mint(folder.path(), key, args), code, why);
    }
    let secret = mint(folder.path(), "shared", &["--format", "json"]);
    assert!(!secret.out.contains(SECRET) && !secret.err.contains(SECRET));
    refused(&run(&mut ticket(folder.path(), &["inspect", "eyJ.x.y"])), 1, "malformed");
}
