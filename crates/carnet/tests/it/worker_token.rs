//! `carnet worker token …`.

use std::path::Path;
use std::process::Command;

use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::Timestamp;
use carnet_ticket::worker_token::jwks;
use tempfile::TempDir;

use crate::support::{Ran, carnet, run, run_with};

const ACTIVE: &str = "active-worker-signing-key-of-40-letters!";
const PREVIOUS: &str = "previous-worker-signing-key-of-40-letters";

/// A folder with key files.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("active", ACTIVE), ("previous", PREVIOUS), ("blank", " \n"), ("seed", &"07".repeat(32))]
    {
        std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap();
    }
    folder
}

fn token(folder: &Path, args: &[&str]) -> Command {
    let mut command = carnet(folder);
    command.args(["worker", "token"]).args(args);
    command
}

fn minted(folder: &Path, args: &[&str]) -> String {
    run(&mut token(folder, args)).line().to_owned()
}

fn inspected(folder: &Path, text: &str) -> serde_json::Value {
    run(&mut token(folder, &["inspect", text])).json()
}

/// Nothing on stdout: whoever pipes it on gets nothing.
#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
    assert_eq!(ran.out, "");
}

/// Promise: W-30
#[test]
fn minting_prints_the_token_alone_or_all_that_was_minted_and_nothing_when_refused() {
    let folder = folder();
    let mint = |args: &[&str]| {
        run(&mut token(
            folder.path(),
            &[&["worker-a", "--signing-key-file", "active"], args].concat(),
        ))
    };
    let plain = mint(&[]);
    assert_eq!((plain.line().lines().count(), plain.err.as_str()), (1, ""));
    assert!(plain.line().starts_with("stacyvm-worker-v1.") && plain.out.ends_with('\n'));

    let json = mint(&["--format", "JSON", "--not-before", "10s", "--scope", "worker:exec"]);
    let document = json.json();
    let members: Vec<_> = json
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split_once("\":").map(|(name, _)| name))
        .collect();
    assert_eq!(
        members,
        [
            "token",
            "token_id",
            "worker_id",
            "audience",
            "scopes",
            "key_id",
            "issued_at",
            "not_before",
            "expires_at"
        ]
    );
    assert_eq!(document["worker_id"], "worker-a");
    assert_eq!(document["scopes"], serde_json::json!(["worker:exec"]));
    let moment =
        |name: &str| Timestamp::from_rfc3339(document[name].as_str().unwrap()).unwrap().unix_s();
    assert_eq!(moment("expires_at") - moment("issued_at"), 300);
    assert_eq!(moment("not_before") - moment("issued_at"), 10);
    assert!(document["expires_at"].as_str().unwrap().ends_with('Z'));
    assert!(mint(&["--format", "json"]).json().get("not_before").is_none());

    for wrong in [
        &["--ttl", "0s"][..],
        &["--ttl=-5m"],
        &["--ttl", "15m1s"],
        &["--ttl", "soon"],
        &["--audience", "worker:everything"],
        &["--scope", "worker:*"],
        &["--scope", "admin:*"],
        &["--not-before", "5m"],
        &["--not-before=-1s"],
        &["--format", "yaml"],
        &["--token-id", "a b"],
        &["--version", "3"],
    ] {
        refused(&mint(wrong), 2, "");
    }
}

/// Promise: W-31
#[test]
fn a_chosen_id_and_a_later_start_are_in_the_token() {
    let folder = folder();
    let of = |args: &[&str]| {
        let text = minted(
            folder.path(),
            &[&["worker-a", "--token-id", "job:7", "--not-before", "1m30s"], args].concat(),
        );
        let said = inspected(folder.path(), &text);
        let moment =
            |name: &str| Timestamp::from_rfc3339(said[name].as_str().unwrap()).unwrap().unix_s();
        assert_eq!(said["token_id"], "job:7");
        assert_eq!(moment("not_before") - moment("issued_at"), 90);
        said["format"].clone()
    };
    assert_eq!(of(&["--signing-key-file", "active"]), "stacyvm-worker-v1");
    assert_eq!(of(&["--ed25519-key-file", "seed"]), "carnet-worker-v2");
}

/// Promise: W-32
#[test]
fn inspect_tells_what_a_token_says_without_any_key() {
    let folder = folder();
    let text = minted(
        folder.path(),
        &[
            "worker-a",
            "--signing-key-file",
            "active",
            "--audience",
            "worker:rpc",
            "--scope",
            "worker:logs",
        ],
    );
    // Elsewhere there is neither key nor configuration.
    let elsewhere = tempfile::tempdir().unwrap();
    let said = inspected(elsewhere.path(), &text);
    assert_eq!(said["signature_verified"], false);
    assert_eq!(
        (&said["worker_id"], &said["audience"], &said["scopes"][0]),
        (&"worker-a".into(), &"worker:rpc".into(), &"worker:logs".into())
    );
    assert!(said["token_id"].as_str().is_some_and(|id| id.len() == 32));
    assert!(said["issued_at"].is_string() && said["expires_at"].is_string());
    assert!(said.get("not_before").is_none() && said.get("key_id").is_none());
    let input = format!("  {text} \nand more\n");
    let piped = run_with(&mut token(elsewhere.path(), &["inspect", "-"]), input.as_bytes());
    assert_eq!(piped.json(), said);

    for (wrong, why) in [
        ("nonsense", "format"),
        ("stacyvm-worker-v1.x.y", "payload"),
        ("carnet-worker-v2.a.b.c", "format"),
        (&"x".repeat(5000), "too_long"),
    ] {
        refused(&run(&mut token(elsewhere.path(), &["inspect", wrong])), 1, why);
    }
    let noise = run_with(&mut token(elsewhere.path(), &["inspect", "-"]), &vec![0xff; 20_000]);
    refused(&noise, 1, "too_long");
    refused(&run_with(&mut token(elsewhere.path(), &["inspect", "-"]), b"\n"), 2, "stdin is empty");
}

/// Promise: W-33
#[test]
fn verify_takes_active_rotation_and_file_keys_and_gives_the_reason_of_a_refusal() {
    let folder = folder();
    std::fs::write(
        folder.path().join("carnet.toml"),
        "[auth]\nworker_signing_key_file = \"active\"\nworker_signing_keys_files = [\"previous\"]\n\
         worker_revoked_token_ids = [\"gone\"]\n",
    )
    .unwrap();
    let by = |key: &str, id: &str| {
        minted(folder.path(), &["worker-a", "--signing-key-file", key, "--token-id", id])
    };
    let verify = |text: &str, args: &[&str]| {
        run(&mut token(folder.path(), &[&["verify", text], args].concat()))
    };
    let (active, previous) = (by("active", "t1"), by("previous", "t2"));
    let good = verify(&active, &["--worker-id", "worker-a", "--audience", "worker:control-plane"]);
    let said = good.json();
    assert_eq!((&said["signature_verified"], &said["token_id"]), (&true.into(), &"t1".into()));
    assert!(said["key_id"].as_str().is_some_and(|id| id.len() == 16));
    assert_eq!(verify(&previous, &[]).code, 0, "a rotation key");
    assert_eq!(verify(&active, &["--signing-key-file", "active"]).code, 0);
    let files = ["--signing-key-file", "active", "--verification-key-file", "previous"];
    assert_eq!(verify(&previous, &files).code, 0);
    let text = verify(&active, &["--format", "text"]);
    assert!(text.line().contains("worker-a"));

    let late = ["--at", "2099-01-01T00:00:00Z"];
    let early = ["--at", "2020-01-01T00:00:00Z"];
    for (text, args, why) in [
        (&active, &["--worker-id", "worker-b"][..], "worker_id_mismatch"),
        (&active, &["--worker-id", "Worker-A"], "worker_id_mismatch"),
        (&active, &["--audience", "worker:rpc"], "audience"),
        (&active, &["--revoked-token-id", "t1"], "revoked"),
        (&by("active", "gone"), &[], "revoked"),
        (&by("active", "gone"), &["--signing-key-file", "active"], "revoked"),
        (&active, &late, "expired"),
        (&active, &early, "issued_in_future"),
        (&active, &["--verification-key-file", "previous"], "signature"),
        (&format!("{active}x"), &[], "signature"),
        (&"nonsense".to_owned(), &[], "format"),
    ] {
        refused(&verify(text, args), 1, &format!("error: {why}: "));
    }
    refused(&verify(&active, &["--audience", "worker:everything"]), 2, "--audience");
    refused(&verify(&active, &["--at", "yesterday"]), 2, "--at");
}

#[test]
fn an_ed25519_token_is_verified_by_the_published_set_alone() {
    let folder = folder();
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let set = jwks::write([key.verifying_key()]).to_string();
    std::fs::write(folder.path().join("jwks"), set).unwrap();
    let text = minted(folder.path(), &["worker-a", "--ed25519-key-file", "seed", "--version", "2"]);
    let verify =
        |keys: &[&str]| run(&mut token(folder.path(), &[&["verify", &text], keys].concat()));
    let said = verify(&["--jwks-file", "jwks"]).json();
    assert_eq!(said["key_id"], key.verifying_key().key_id().to_string());
    refused(&verify(&["--signing-key-file", "active"]), 1, "unknown_key");
    refused(&verify(&[]), 3, "no verification key");
    refused(&verify(&["--jwks-file", "active"]), 3, "active");
    let none = ["worker-a", "--version", "2"];
    refused(&run(&mut token(folder.path(), &none)), 2, "--ed25519-key-file");
    let wrong = ["worker-a", "--ed25519-key-file", "active"];
    refused(&run(&mut token(folder.path(), &wrong)), 3, "active");
}

#[test]
fn the_key_comes_from_a_file_then_a_variable_then_the_configuration() {
    let folder = folder();
    let signed_by = |key: &str, flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = token(folder.path(), &[&["worker-a"], flags].concat());
        let ran = run(command.envs(variables.iter().copied()));
        let text = ran.line();
        std::fs::write(folder.path().join("k"), key).unwrap();
        let verified = token(folder.path(), &["verify", text, "--signing-key-file", "k"]).output();
        assert!(verified.unwrap().status.success(), "{key} {flags:?} {variables:?}");
    };
    let (carnet, stacyvm) = ("CARNET_AUTH_WORKER_SIGNING_KEY", "STACYVM_AUTH_WORKER_SIGNING_KEY");
    let other = "the-key-of-the-other-variable-of-48-letters-long";
    signed_by(ACTIVE, &["--signing-key-file", "active"], &[(carnet, PREVIOUS), (stacyvm, other)]);
    signed_by(PREVIOUS, &[], &[(carnet, PREVIOUS), (stacyvm, other)]);
    signed_by(other, &[], &[(carnet, "  "), (stacyvm, other)]);
    std::fs::write(
        folder.path().join("carnet.toml"),
        "[auth]\nworker_signing_key_file = \"active\"\nworker_token_max_ttl = \"1m\"\n",
    )
    .unwrap();
    signed_by(other, &["--ttl", "1m"], &[(carnet, ""), (stacyvm, other)]);
    signed_by(ACTIVE, &["--ttl", "1m"], &[(stacyvm, " ")]);
    refused(&run(&mut token(folder.path(), &["worker-a"])), 2, "lifetime");
}

#[test]
fn a_key_is_never_an_argument_and_never_shown_and_a_file_that_cannot_be_used_is_named() {
    let folder = folder();
    for args in [
        &["worker-a", "--signing-key", ACTIVE][..],
        &["worker-a", "--signing-key"],
        &["verify", "x", "--signing-key", ACTIVE],
    ] {
        let ran = run(&mut token(folder.path(), args));
        refused(&ran, 2, "never an argument");
        assert!(!ran.err.contains(ACTIVE));
    }
    for (file, why) in [("absent", "absent"), ("blank", "blank: the file is empty"), (".", ".")] {
        refused(&run(&mut token(folder.path(), &["worker-a", "--signing-key-file", file])), 3, why);
        let verify = ["verify", "x", "--verification-key-file", file];
        refused(&run(&mut token(folder.path(), &verify)), 3, why);
    }
    std::fs::write(folder.path().join("large"), "x".repeat((64 << 10) + 1)).unwrap();
    let large = ["worker-a", "--signing-key-file", "large"];
    let ran = run(&mut token(folder.path(), &large));
    refused(&ran, 3, "large: the file has more than");
    assert!(ran.err.len() < 200);
    refused(&run(&mut token(folder.path(), &["worker-a"])), 3, "no signing key");
    refused(&run(&mut token(folder.path(), &["verify", "x"])), 3, "no verification key");
    std::fs::write(
        folder.path().join("carnet.toml"),
        "[auth]\nworker_signing_keys_files = [\"x\"]",
    )
    .unwrap();
    let with_file = ["verify", "x", "--signing-key-file", "active"];
    refused(&run(&mut token(folder.path(), &with_file)), 3, "does not load");
}

#[test]
fn a_worker_may_have_the_name_of_a_command() {
    let folder = folder();
    let text = minted(folder.path(), &["--signing-key-file", "active", "--", "inspect"]);
    assert_eq!(inspected(folder.path(), &text)["worker_id"], "inspect");
    refused(&run(&mut token(folder.path(), &[])), 2, "WORKER_ID");
}

/// Promise: P-18
#[test]
fn the_rotation_plan_needs_no_key_and_shows_none() {
    let folder = tempfile::tempdir().unwrap();
    // Neither a broken configuration nor a key is looked at.
    std::fs::write(folder.path().join("carnet.toml"), "nonsense").unwrap();
    let plan = |args: &[&str]| {
        let mut command = token(folder.path(), &[&["rotation-plan"], args].concat());
        run(command.env("CARNET_AUTH_WORKER_SIGNING_KEY", ACTIVE))
    };
    let json = plan(&["--format", "json"]);
    let document = json.json();
    let phases = document["phases"].as_array().unwrap().clone();
    let names: Vec<_> = phases.iter().map(|phase| phase["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["distribute", "promote", "retire"]);
    assert!(phases.iter().all(|phase| {
        phase["steps"].as_array().is_some_and(|steps| !steps.is_empty())
            && phase["check"].is_string()
            && phase["config_snippet"].is_string()
    }));
    assert_eq!(phases[0]["wait"], serde_json::Value::Null);
    assert_eq!(phases[2]["wait"], "5m30s");
    assert_eq!(
        (&document["max_token_ttl"], &document["clock_skew"]),
        (&"5m0s".into(), &"30s".into())
    );
    assert_eq!(document["new_key_ref"], "auth.worker_signing_key");
    assert_eq!(document["previous_key_ref"], "auth.worker_signing_keys[0]");
    assert_eq!(document["config_snippet"], phases[1]["config_snippet"]);
    let all: usize = phases.iter().map(|phase| phase["steps"].as_array().unwrap().len()).sum();
    assert_eq!(document["steps"].as_array().unwrap().len(), all);

    let text = plan(&[]);
    assert_eq!(text.line(), document["text"].as_str().unwrap());
    for part in ["Key references", "distribute", "promote", "retire", "Config sketch", "Validation"]
    {
        assert!(text.out.lines().any(|line| line == part), "{part}");
    }
    for command in ["config lint --production", "keys status --require", "--verification-key-file"]
    {
        assert!(text.out.contains(command) && document["validation"].to_string().contains(command));
    }
    assert!(!text.out.contains(ACTIVE) && !json.out.contains(ACTIVE));

    let other =
        plan(&["--new-key-ref", "vault:new", "--previous-key-ref", "vault:old", "--ttl", "15m"]);
    assert!(other.line().contains("<vault:new>") && other.out.contains("15m30s"));
    for wrong in [
        &["--new-key-ref", ""][..],
        &["--new-key-ref", "a b"],
        &["--previous-key-ref", "auth.worker_signing_key"],
        &["--ttl", "0"],
        &["--ttl", "16m"],
        &["--format", "yaml"],
    ] {
        refused(&plan(wrong), 2, "");
    }
}
