//! `carnet ticket …`, for capability tickets.

use std::path::Path;
use std::process::Command;

use carnet_ticket::capability::{TicketKey, TicketToken};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, carnet, run, run_with};

const SECRET: &str = "the-secret-of-gpu-workers-of-40-letters!";
const OTHER: &str = "another-secret-that-is-not-in-any-use-now";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    std::fs::write(folder.path().join("other"), OTHER).unwrap();
    folder
}

fn ticket(folder: &Path, args: &[&str]) -> Command {
    let mut command = carnet(folder);
    command.arg("ticket").args(args);
    command
}

fn mint(folder: &Path, args: &[&str]) -> Ran {
    let usual = ["mint", "capability", "--secret-file", "secret", "--role", "worker-gpu"];
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

/// Whether a ticket was made with this secret.
fn is_by(text: &str, secret: &str) -> bool {
    TicketToken::decode(text, &TicketKey::from_secret(secret)).is_ok()
}

/// Promise: C-26
#[test]
fn every_claim_can_be_set_is_shown_without_a_key_and_is_judged() {
    let folder = folder();
    let all = [
        "--subject",
        "worker-1",
        "--ticks",
        "7",
        "--ops",
        "none",
        "--ttl",
        "1h",
        "--issued-at",
        "2026-05-09T12:00:00Z",
        "--mount",
        "logs=/mnt/logs",
        "--scope",
        "/proc:read:8",
        "--scope",
        "/a:b:read-write",
        "--bandwidth",
        "1000",
        "--cursor-resumes",
        "2",
        "--cursor-advances",
        "3",
    ];
    let minted = mint(folder.path(), &all);
    let text = minted.line();
    assert!(text.starts_with("cohesix-ticket-") && minted.out.lines().count() == 1);
    assert!(minted.err.contains("no ledger knows") && minted.err.contains("at most 224"));

    // Elsewhere there is no key.
    let elsewhere = tempfile::tempdir().unwrap();
    let said = inspected(elsewhere.path(), text);
    let mut expected = json!({
        "class": "capability", "role": "worker-gpu", "subject": "worker-1",
        "issued_at": "2026-05-09T12:00:00Z", "expires_at": "2026-05-09T13:00:00Z",
        "budget": { "ticks": 7, "ops": null, "ttl_s": 3600 },
        "mount": { "service": "logs", "at": "/mnt/logs" },
        "scopes": [
            { "path": "/proc", "verb": "read", "rate_per_s": 8 },
            { "path": "/a:b", "verb": "read-write", "rate_per_s": 0 },
        ],
        "quotas": { "bandwidth_bytes": 1000, "cursor_resumes": 2, "cursor_advances": 3 },
        "length": text.len(), "signature_verified": false,
    });
    let id = TicketToken::decode(text, &TicketKey::from_secret(SECRET)).unwrap().content_id();
    expected["id"] = json!(id.to_string());
    expected["fingerprint"] = json!(id.fingerprint().to_string());
    assert_eq!(said, expected);
    let people = run(&mut ticket(elsewhere.path(), &["inspect", text]));
    assert!(people.line().contains("budget.ticks") && people.out.contains("worker-1"));

    let verify = |args: &[&str]| {
        let usual = ["verify", text, "--role", "worker-gpu", "--secret-file", "secret"];
        run(&mut ticket(folder.path(), &[&usual, args].concat()))
    };
    let during = ["--at", "2026-05-09T12:30:00Z"];
    let good = verify(&[&during[..], &["--identity", "worker-1", "--format", "json"]].concat());
    expected["signature_verified"] = json!(true);
    assert_eq!(good.json(), expected);
    refused(&verify(&["--at", "2026-05-09T13:00:00Z"]), 1, "error: expired: ticket expired");
    refused(&verify(&["--at", "2026-05-09T11:59:00Z"]), 1, "issued_in_future");
    refused(&verify(&[&during[..], &["--identity", "worker-2"]].concat()), 1, "subject_mismatch");
    let early = ["--at", "2026-05-09T11:59:00Z", "--profile", "compat"];
    assert_eq!(verify(&early).code, 0, "compat does not look at the issue time");
}

#[test]
fn the_verdict_has_a_reason_and_an_exit_code() {
    let folder = folder();
    let text = mint(folder.path(), &["--subject", "w"]).line().to_owned();
    let verify = |args: &[&str]| run(&mut ticket(folder.path(), &[&["verify"], args].concat()));
    let by = |role: &str, file: &str| verify(&[&text, "--role", role, "--secret-file", file]);
    assert_eq!(by("worker-gpu", "secret").code, 0);
    assert_eq!(by("WORKER-GPU", "secret").code, 0);
    refused(&by("worker-bus", "secret"), 1, "role_mismatch");
    refused(&by("worker-gpu", "other"), 1, "ticket MAC validation failed");
    refused(&by("worker-gpu", "absent"), 3, "absent");
    refused(&by("worker", "secret"), 2, "expected one of queen");
    refused(&verify(&[&text, "--secret-file", "secret"]), 2, "--role is needed");
    refused(
        &verify(&["nonsense", "--role", "queen", "--secret-file", "secret"]),
        1,
        "missing prefix",
    );
    refused(&verify(&["", "--role", "queen", "--secret-file", "secret"]), 2, "no ticket");
    refused(&verify(&[&text, "--role", "worker-gpu", "--issuer", "x"]), 2, "--issuer says nothing");
    let piped = ["-", "--role", "worker-gpu", "--secret-file", "secret"];
    let mut command = ticket(folder.path(), &[&["verify"], &piped[..]].concat());
    assert_eq!(
        run_with(
            &mut command,
            format!("{}\n", text.to_uppercase().replace("COHESIX-TICKET-", "cohesix-ticket-"))
                .as_bytes()
        )
        .code,
        0
    );
    for (wrong, why) in [("nonsense", "missing prefix"), ("cohesix-ticket-xx.yy", "malformed")] {
        refused(&run(&mut ticket(folder.path(), &["inspect", wrong])), 1, why);
    }
    let long = run_with(&mut ticket(folder.path(), &["inspect", "-"]), &vec![b'a'; 20_000]);
    refused(&long, 1, "too long");
}

#[test]
fn what_a_mint_refuses_leaves_nothing_on_stdout() {
    let folder = folder();
    for (args, code, why) in [
        (&[][..], 1, "worker roles require a subject identity"),
        (&["--subject", "w", "--ttl", "none"], 1, "ttl required"),
        (&["--subject", "w", "--scope", "proc:read"], 1, "scope path 'proc' exceeds 128 bytes"),
        (&["--subject", "w", "--scope", "/a:read:65"], 1, "scope rate 65 exceeds 64"),
        (&["--subject", "w", "--bandwidth", "131073"], 1, "bandwidth quota 131073 exceeds 131072"),
        (&["--subject", "w", "--mount", "logs=/"], 1, "ticket mount rejected"),
        (&["--subject", "w", "--mount", "logs"], 2, "SERVICE=PATH"),
        (&["--subject", "w", "--scope", "/a"], 2, "PATH:"),
        (&["--subject", "w", "--ttl", "0s"], 2, "at least 1s"),
        (&["--subject", "w", "--ticks=-1"], 2, "--ticks"),
        (&["--subject", "w", "--issued-at", "noon"], 2, "--issued-at"),
        (&["--subject", "w", "--server", "http://x"], 2, "--server"),
    ] {
        refused(&mint(folder.path(), args), code, why);
    }
    let none = ["mint", "capability", "--secret-file", "secret"];
    refused(&run(&mut ticket(folder.path(), &none)), 2, "--role");
    std::fs::write(folder.path().join("limits.toml"), "[ticket_limits]\nmax_ttl_s = 60\n").unwrap();
    let limited = ["--subject", "w", "--config", "limits.toml"];
    refused(&mint(folder.path(), &limited), 1, "ttl 120 exceeds 60");
    assert_eq!(mint(folder.path(), &[&limited[..], &["--ttl", "1m"]].concat()).code, 0);
}

/// Promise: C-20
#[test]
fn a_secret_comes_from_file_variable_or_manifest_in_this_order_and_is_never_shown() {
    let folder = folder();
    let path = folder.path();
    std::fs::create_dir_all(path.join("configs")).unwrap();
    std::fs::create_dir_all(path.join("carnet-data")).unwrap();
    let manifest = |secret: &str| {
        format!("[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"{secret}-{}\"\n", "x".repeat(32))
    };
    let made = |secret: &str| format!("{secret}-{}", "x".repeat(32));
    for (file, secret) in [
        ("flag.toml", "flag"),
        ("carnet.toml", "carnet"),
        ("cohsh.toml", "cohsh"),
        ("configs/root_task.toml", "here"),
        ("carnet-data/root_task.toml", "data"),
    ] {
        let file = if file == "carnet.toml" { "carnet-variable.toml" } else { file };
        std::fs::write(path.join(file), manifest(secret)).unwrap();
    }
    let usual = ["mint", "capability", "--role", "worker-gpu", "--subject", "w"];
    let check = |secret: &str, flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = ticket(path, &[&usual, flags].concat());
        let ran = run(command.envs(variables.iter().copied()));
        assert!(is_by(ran.line(), secret), "{secret} {flags:?} {variables:?}");
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{}", ran.err);
    };
    let secrets = [
        ("CARNET_TICKET_SECRET", OTHER),
        ("COHSH_TICKET_SECRET", "cohsh-secret-that-is-long-enough-for-strict"),
    ];
    let configs =
        [("CARNET_TICKET_CONFIG", "carnet-variable.toml"), ("COHSH_TICKET_CONFIG", "cohsh.toml")];
    let everything = [secrets, configs].concat();
    check(SECRET, &["--secret-file", "secret", "--config", "flag.toml"], &everything);
    check(OTHER, &["--config", "flag.toml"], &everything);
    check(secrets[1].1, &[], &[("CARNET_TICKET_SECRET", "  "), secrets[1], configs[0]]);
    check(&made("flag"), &["--config", "flag.toml"], &configs);
    check(&made("carnet"), &[], &configs);
    check(
        &made("cohsh"),
        &[],
        &[("CARNET_TICKET_CONFIG", ""), configs[1], ("COHSH_TICKET_SECRET", " ")],
    );
    check(&made("here"), &[], &[]);
    std::fs::remove_file(path.join("configs/root_task.toml")).unwrap();
    check(&made("data"), &[], &[]);
    check(&made("data"), &["--offline"], &[]);

    let fails = |flags: &[&str], code, why: &str| {
        let ran = run(&mut ticket(path, &[&usual, flags].concat()));
        refused(&ran, code, why);
    };
    fails(&["--secret-file", "absent"], 3, "absent");
    fails(&["--config", "absent.toml"], 3, "absent.toml");
    std::fs::write(path.join("bus.toml"), manifest("bus").replace("gpu", "bus")).unwrap();
    fails(&["--config", "bus.toml"], 1, "ticket secret for role worker-gpu not found in ");
    fails(&["--secret", SECRET], 2, "--secret");
    std::fs::remove_file(path.join("carnet-data/root_task.toml")).unwrap();
    fails(&["--offline"], 1, "ticket secret for role worker-gpu not found in ");
    fails(&[], 1, "and no server answers");
    fails(&["--server", "http://127.0.0.1:1"], 3, "cannot be reached");
}

#[test]
fn a_short_secret_is_warned_of_in_strict() {
    let folder = folder();
    std::fs::write(folder.path().join("short"), "short").unwrap();
    let args = ["mint", "capability", "--role", "queen", "--secret-file", "short"];
    let strict = run(&mut ticket(folder.path(), &args));
    assert!(strict.code == 0 && strict.err.contains("role secret of queen has 5 bytes"));
    let compat = run(ticket(folder.path(), &args).env("CARNET_PROFILE_CAPABILITY", "compat"));
    assert!(compat.code == 0 && !compat.err.contains("bytes"), "{}", compat.err);
    std::fs::write(folder.path().join("carnet.toml"), "nonsense").unwrap();
    let broken = run(&mut ticket(folder.path(), &args));
    assert!(broken.code == 0 && broken.err.contains("does not load"), "{}", broken.err);
}

#[test]
fn a_child_is_narrower_than_its_parent_or_is_not_made() {
    let folder = folder();
    let parent = mint(folder.path(), &["--subject", "w", "--scope", "/proc:read:8", "--ops", "50"]);
    let parent = parent.line();
    let child = |args: &[&str]| {
        let usual = ["attenuate", parent, "--secret-file", "secret"];
        run(&mut ticket(folder.path(), &[&usual, args].concat()))
    };
    let made = child(&["--scope", "/proc/cpu:read:4", "--ops", "10", "--ttl", "1m"]);
    assert!(is_by(made.line(), SECRET) && made.err.contains("no ledger knows"));
    let said = inspected(folder.path(), made.line());
    assert_eq!((&said["role"], &said["subject"]), (&json!("worker-gpu"), &json!("w")));
    assert_eq!(said["budget"], json!({ "ticks": null, "ops": 10, "ttl_s": 60 }));
    assert_eq!(said["scopes"][0]["path"], "/proc/cpu");
    assert_eq!(said["quotas"]["bandwidth_bytes"], 131_072, "what the manifest gave the parent");
    for (args, why) in [
        (&["--scope", "/:read"][..], "scope"),
        (&["--scope", "/proc:write"], "scope"),
        (&["--scope", "/proc:read:9"], "scope"),
        (&["--ops", "51"], "budget"),
        (&["--ttl", "1h"], "the parent ends earlier"),
        (&["--bandwidth", "131073"], "quota"),
    ] {
        refused(&child(args), 1, why);
    }
    let other = ["attenuate", parent, "--secret-file", "other"];
    refused(&run(&mut ticket(folder.path(), &other)), 1, "ticket_invalid");
    let past = mint(folder.path(), &["--subject", "w", "--issued-at", "2020-01-01T00:00:00Z"]);
    let ended = ["attenuate", past.line(), "--secret-file", "secret"];
    refused(&run(&mut ticket(folder.path(), &ended)), 1, "expired");
}
