//! No secret of a role or a worker is ever shown, and none is taken from an argument.

use std::path::Path;

use carnet_authority::keyring::{Key, KeyState, Keyring};
use carnet_config::keys::{KEYS, Kind};
use carnet_config::manifest::Manifest;
use carnet_ticket::capability::TicketIssuer;
use carnet_ticket::worker_token::{HmacKey, WorkerKeys};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;

use crate::support::{Server, carnet, run, until};

const SECRETS: [&str; 4] = [
    "sesame-in-a-file-of-at-least-32-bytes",
    "sesame-in-a-variable-of-at-least-32-bytes",
    "sesame-in-the-manifest-of-at-least-32-bytes",
    "sesame-of-workers-in-a-file-of-32-bytes",
];

/// A role for each source, and a place for a fault.
fn manifest(fault: &str) -> String {
    format!(
        "[root_task]\nschema = \"1.5\"\n\
         [[tickets]]\nrole = \"queen\"\nsecret_file = \"file\"\nprevious_secret_files = [\"file\"]\n\
         [[tickets]]\nrole = \"worker-gpu\"\nsecret_env = \"GPU_SECRET\"\n\
         [[tickets]]\nrole = \"worker-bus\"\nsecret = \"{}\"\n{fault}",
        SECRETS[2]
    )
}

fn write(folder: &Path, fault: &str) {
    std::fs::create_dir_all(folder.join("configs")).unwrap();
    std::fs::write(folder.join("configs/file"), SECRETS[0]).unwrap();
    std::fs::write(folder.join("worker-key"), SECRETS[3]).unwrap();
    std::fs::write(folder.join("configs/root_task.toml"), manifest(fault)).unwrap();
}

/// Faults with the secret beside them, or in them.
fn faults() -> Vec<String> {
    let secret = SECRETS[2];
    [
        format!("secret = \"{secret}\"\n"),
        format!("previous_secret_files = \"{secret}\"\n"),
        format!("secrets = \"{secret}\"\n"),
        format!("[[tickets]]\nrole = \"worker-lora\"\nsecret = [\"{secret}\"]\n"),
        format!("[[tickets]]\nrole = \"worker-lora\"\nsecret = \"{secret}\" oops\n"),
        format!("[[tickets]]\nrole = \"worker-lora\"\nsecret = \"{secret}\n"),
        format!("[[tickets]]\nrole = \"worker-bus\"\nsecret = \"{secret}\"\n"),
        format!(
            "[[tickets]]\nrole = \"worker-lora\"\nsecret = \"{secret}\"\nsecret_file = \"file\"\n"
        ),
    ]
    .into()
}

const ENV: [(&str, &str); 1] = [("GPU_SECRET", SECRETS[1])];

const FLAGS: [&str; 4] =
    ["--set", "logging.level=trace", "--set", "auth.worker_signing_key_file=worker-key"];

/// Promise: C-20, W-34
#[test]
fn no_secret_is_in_argv_the_log_the_audit_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "");
    let server = Server::start_in_under(folder, &FLAGS, &ENV);
    let mut shown = Vec::new();
    let mut see = |args: &[&str]| {
        let ran = run(server.carnet(args).envs(ENV));
        shown.push(format!("{args:?} {} {}", ran.out, ran.err));
        ran.code
    };
    let mint = |role| ["ticket", "mint", "capability", "--subject", "s", "--role", role];
    for (role, code) in [("queen", 0), ("worker-gpu", 0), ("worker-bus", 0), ("worker-lora", 3)] {
        assert_eq!(see(&mint(role)), code, "{role}");
        let offline = [&mint(role)[..], &["--offline"]].concat();
        assert_eq!(see(&offline), i32::from(code > 0), "{role}");
    }
    see(&[&mint("worker-gpu")[..], &["--ttl", "none"]].concat());
    let body = json!({ "worker_id": "worker-a" });
    server.call(Method::POST, "/api/v1/admin/worker-tokens", Some(&body));
    let worker = ["worker", "token", "w", "--signing-key-file", "worker-key"];
    assert_eq!(see(&worker), 0);
    assert_eq!(see(&[&worker[..], &["--ttl", "1h"]].concat()), 2);

    for (before, fault) in faults().into_iter().enumerate() {
        write(server.folder.path(), &fault);
        see(&[&mint("worker-bus")[..], &["--offline"]].concat());
        see(&["ticket", "verify", "cohesix-ticket-00.00", "--role", "worker-bus"]);
        server.hang_up();
        until(&fault, || server.log().matches("the old one is in force").count() > before);
    }
    // Presented as what it is not.
    let answer = run(server.carnet(&["realm", "info"]).env("CARNET_TOKEN", SECRETS[3]));
    assert_eq!(answer.code, 1);
    shown.push(answer.err);
    let mut see = |args: &[&str]| {
        let ran = run(server.carnet(args).envs(ENV));
        assert_eq!(ran.code, 0, "{args:?} {}", ran.err);
        shown.push(ran.out + &ran.err);
    };
    see(&["ticket", "list", "--format", "json"]);
    see(&["keys", "list", "--format", "json"]);
    see(&["audit", "export", "--format", "jsonl"]);
    see(&["audit", "export", "--format", "csv"]);
    see(&["config", "show", "--config", "carnet-data/carnet.toml", "--set", FLAGS[3]]);
    assert!(server.log().contains("TRACE") || server.log().contains("DEBUG"), "{}", server.log());
    shown.extend([server.log(), server.argv()]);
    let (_, folder) = server.terminate();
    for fault in faults() {
        write(folder.path(), &fault);
        let refused = run(carnet(folder.path()).arg("serve").args(FLAGS).envs(ENV));
        assert!(refused.failed(3).contains("configs/root_task.toml"), "{}", refused.err);
        shown.push(refused.err);
    }
    std::fs::write(folder.path().join("worker-key"), "sesame").unwrap();
    let short = run(carnet(folder.path()).arg("serve").args(FLAGS).envs(ENV));
    shown.push(short.failed(3).to_owned());
    for text in shown {
        assert!(!text.contains("sesame"), "{text}");
    }
}

/// Promise: C-20, W-34
#[test]
fn no_secret_is_taken_from_an_argument_or_repeated() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), SECRETS[0]).unwrap();
    let commands = [
        &["ticket", "mint", "capability", "--role", "queen"][..],
        &["ticket", "verify", "cohesix-ticket-00.00", "--role", "queen"],
        &["ticket", "attenuate", "cohesix-ticket-00.00"],
        &["ticket", "mint", "jwt", "--key-file", "file", "--subject", "s"],
        &["worker", "token", "w"],
        &["worker", "token", "verify", "-"],
        &["verify", "-", "--role", "queen"],
    ];
    for command in commands {
        for flag in ["--secret", "--ticket-secret", "--key", "--signing-key", "--signing-keys"] {
            for argument in [
                vec![flag.to_owned(), SECRETS[0].to_owned()],
                vec![format!("{flag}={}", SECRETS[0])],
            ] {
                let ran = run(carnet(folder.path()).args(command).args(&argument));
                assert_eq!(ran.code, 2, "{command:?} {flag} {}", ran.err);
                assert!(!ran.err.contains("sesame") && ran.out.is_empty(), "{}", ran.err);
            }
        }
    }
}

/// Promise: C-20, W-34
#[test]
fn no_secret_is_set_by_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let secret_keys = KEYS
        .iter()
        .filter(|key| matches!(key.kind, Kind::Secret | Kind::SecretList | Kind::SecretMap));
    let mut count = 0;
    for key in secret_keys {
        for command in [&["serve"][..], &["doctor"], &["config", "show"]] {
            let setting = format!("{}={}", key.name, SECRETS[3]);
            let ran = run(carnet(folder.path()).args(command).args(["--set", &setting]));
            assert!(ran.failed(2).contains(&key.variable()), "{}", ran.err);
            assert!(ran.err.contains(&key.file_name().unwrap()) && !ran.err.contains("sesame"));
        }
        count += 1;
    }
    assert!(count >= 6, "{count}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

/// Promise: C-20, W-34
#[test]
fn no_secret_is_in_debug() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "");
    let env = ENV.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let manifest = Manifest::read(&folder.path().join("configs/root_task.toml"), &env).unwrap();
    let key = HmacKey::from_text(SECRETS[3]).unwrap();
    let issuer = TicketIssuer::new(SECRETS[0]);
    let managed = Key::configured(SecretString::from(SECRETS[3]), KeyState::Active);
    let shown = [
        format!("{manifest:?} {:?}", manifest.tickets.keys),
        format!("{key:?} {:?}", WorkerKeys::new().with_hmac([key.clone()])),
        format!("{issuer:?} {:?}", issuer.key()),
        format!("{managed:?} {:?}", Keyring::new([managed.clone()])),
    ];
    for text in shown {
        assert!(!text.contains("sesame") && !text.is_empty(), "{text}");
    }
}
