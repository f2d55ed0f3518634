//! `carnet audit …`: exports, and whether they hold.

use std::path::Path;

use carnet_authority::audit::{Event, Head, SignedCheckpoint};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, Server, carnet, run, until};

/// A checkpoint of every row, and no rows of those who look.
const SEALING: [&str; 6] = [
    "--set",
    "audit.checkpoint_file=checkpoints",
    "--set",
    "audit.checkpoint_rows=1",
    "--set",
    "audit.reads=false",
];

#[track_caller]
fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.failed(code).contains(why), "{why}: {}", ran.err);
}

/// Rows of several kinds.
fn act(server: &Server) {
    for role in ["queen", "worker-gpu", "worker-bus", "worker-lora"] {
        let mint = ["ticket", "mint", "capability", "--subject", "s", "--role", role];
        server.run(&mint).line();
    }
    server.run(&["revoke", "subject/s"]).line();
}

/// The last row that a checkpoint covers; 0 when there is none.
fn sealed(folder: &Path) -> u64 {
    let text = std::fs::read_to_string(folder.join("checkpoints")).unwrap_or_default();
    let last = text.lines().last().and_then(|line| SignedCheckpoint::parse(line).ok());
    last.map_or(0, |checkpoint| checkpoint.claimed().seq)
}

fn export(server: &Server, args: &[&str]) -> String {
    let ran = server.run(&[&["audit", "export", "--format", "jsonl"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

/// A folder with an export, and what it takes to verify it without the server: its checkpoints and keys.
fn exported() -> (TempDir, Vec<String>) {
    let server = Server::start_with(&SEALING);
    act(&server);
    until("a checkpoint of every row", || sealed(server.folder.path()) >= 10);
    let lines: Vec<_> = export(&server, &[]).lines().map(str::to_owned).collect();
    assert_eq!(
        lines.len(),
        10,
        "a CA, a certificate, two keys and a link of its own, four tickets, one revocation"
    );
    let jwks = server.call(reqwest::Method::GET, "/.well-known/jwks.json", None);
    std::fs::write(server.folder.path().join("keys.json"), jwks.to_string()).unwrap();
    (server.terminate().1, lines)
}

const CHECKPOINTS: [&str; 4] = ["--checkpoint", "checkpoints", "--jwks-file", "keys.json"];

fn verify(folder: &Path, lines: &[String], args: &[&str]) -> Ran {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    std::fs::write(folder.join("rows.jsonl"), text).unwrap();
    let usual = ["audit", "verify", "--file", "rows.jsonl", "--format", "json"];
    run(carnet(folder).args(usual).args(args))
}

#[track_caller]
fn broken(ran: &Ran, seq: u64, fault: &str) {
    refused(ran, 1, &format!("the chain is broken at row {seq}: {fault}"));
    let report = ran.json();
    assert_eq!(report["status"], "broken");
    assert_eq!(report["first_fault"], json!({ "seq": seq, "fault": fault }));
}

#[test]
fn exports_go_to_stdout_or_a_new_file_and_never_over_another() {
    let server = Server::start();
    act(&server);
    let to = |format: &str, file: &str| {
        server.run(&["audit", "export", "--format", format, "--output", file])
    };
    let read = |file: &str| std::fs::read_to_string(server.folder.path().join(file)).unwrap();
    for (format, file) in [("jsonl", "rows.jsonl"), ("csv", "rows.csv")] {
        let ran = to(format, file);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
        let first = read(file);
        assert!(first.lines().filter(|line| line.contains("ticket.mint")).count() >= 4);
        act(&server);
        refused(&to(format, file), 1, "is there already, and is not replaced");
        assert_eq!(read(file), first);
    }
    let names = "id,created_at,actor,method,path,status,duration_ms,request_id,remote_addr,user_agent,tenant_id,action,outcome,reason\r\n";
    assert!(read("rows.csv").starts_with(names) && read("rows.csv").contains(",local-admin,"));
    let kept = ["carnet-data", "log", "rows.csv", "rows.jsonl"];
    let mut left: Vec<_> = std::fs::read_dir(server.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, kept, "nothing half-written");

    assert!(export(&server, &[]).starts_with(&read("rows.jsonl")));
    assert_eq!(export(&server, &["--tenant", "blue"]), "");
    assert_eq!(export(&server, &["--until", "2020-01-01T00:00:00Z"]), "");
}

#[test]
fn the_server_and_its_export_verify() {
    let server = Server::start_with(&SEALING);
    act(&server);
    until("a checkpoint of every row", || sealed(server.folder.path()) >= 10);
    let whole = server.run(&["audit", "verify", "--format", "json"]);
    let rows = whole.json()["rows"].clone();
    let ok = |rows: &Value, checkpoints: &Value| {
        json!({
            "status": "ok", "rows": rows, "from_seq": 1, "to_seq": rows, "checkpoints": checkpoints,
            "unchained": 0, "first_fault": null,
        })
    };
    assert_eq!((whole.code, whole.json()), (0, ok(&rows, &json!(0))), "{}", whole.err);
    assert!(rows.as_u64().unwrap() >= 9, "{rows}");
    let signed = ["audit", "verify", "--checkpoint", "checkpoints"];
    let sealed = server.run(&signed);
    assert!(sealed.line().contains("status") && sealed.out.contains("ok"), "{}", sealed.out);
    let count = server.run(&[&signed[..], &["--format", "json"]].concat()).json();
    assert!(count["checkpoints"].as_u64().unwrap() >= 1, "{count}");

    let text = export(&server, &[]);
    let rows = json!(text.lines().count());
    std::fs::write(server.folder.path().join("rows.jsonl"), text).unwrap();
    let args = ["audit", "verify", "--file", "rows.jsonl", "--format", "json"];
    let file =
        run(carnet(server.folder.path()).args(args).args(["--server", "http://127.0.0.1:1"]));
    assert_eq!((file.code, file.json()), (0, ok(&rows, &json!(0))), "no server is asked");
    let keyed = server.run(&[&args[..], &signed[2..]].concat());
    let held = &keyed.json()["checkpoints"];
    assert!(held.as_u64().unwrap() >= 1, "with the server's keys: {held}");

    // Of some time: from the fifth row on.
    let fifth = export(&server, &[]).lines().nth(4).unwrap().to_owned();
    let fifth: Value = serde_json::from_str(&fifth).unwrap();
    let since = carnet_ticket::time::Timestamp(fifth["at"].as_i64().unwrap()).to_string();
    let late = export(&server, &["--since", &since]);
    std::fs::write(server.folder.path().join("rows.jsonl"), late).unwrap();
    let stretch = server.run(&[&args[..], &["--extent", "stretch"]].concat());
    assert!(stretch.code == 0 && stretch.json()["from_seq"].as_u64().unwrap() > 1);
    let whole = server.run(&args);
    broken(&whole, 1, "gap");
    assert!(whole.err.contains("--extent stretch"), "{}", whole.err);
}

#[test]
fn whatever_was_done_to_the_rows_is_found_and_the_first_of_them_named() {
    let (folder, lines) = exported();
    let verify = |lines: &[String], args: &[&str]| verify(folder.path(), lines, args);
    let untouched = verify(&lines, &CHECKPOINTS);
    assert_eq!((untouched.code, &untouched.json()["status"]), (0, &json!("ok")));
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines
    };
    let changed = with(&|lines| lines[5] = lines[5].replacen("ticket.mint", "ticket.mind", 1));
    broken(&verify(&changed, &[]), 6, "hash_mismatch");
    for (index, line) in lines.iter().enumerate() {
        // A bit of every row, here and there.
        let mut bytes = line.clone().into_bytes();
        let place = index * 131 % bytes.len();
        bytes[place] ^= 1;
        let flipped = with(&|lines| lines[index] = String::from_utf8(bytes.clone()).unwrap());
        let ran = verify(&flipped, &[]);
        assert_eq!(ran.code, 1, "byte {place} of row {}: {}", index + 1, ran.out);
        assert_eq!(ran.json()["first_fault"]["seq"], index + 1, "{}", ran.out);
    }
    broken(&verify(&with(&|lines| drop(lines.remove(2))), &[]), 3, "gap");
    broken(&verify(&with(&|lines| lines.insert(3, lines[1].clone())), &[]), 4, "reordered");
    let forged = lines[2].replacen("\"seq\":3", "\"seq\":4", 1);
    broken(&verify(&with(&|lines| lines.insert(3, forged.clone())), &[]), 4, "hash_mismatch");
    broken(&verify(&with(&|lines| lines.swap(2, 3)), &[]), 3, "reordered");
    broken(&verify(&with(&|lines| drop(lines.drain(..2))), &[]), 1, "gap");
    let torn = with(&|lines| lines[9].truncate(100));
    broken(&verify(&torn, &[]), 10, "hash_mismatch");

    // Rows that end early are whole in themselves: it takes a checkpoint.
    let cut = with(&|lines| lines.truncate(4));
    assert_eq!(verify(&cut, &[]).code, 0);
    broken(&verify(&cut, &CHECKPOINTS), 5, "truncated");
    broken(&verify(&[], &CHECKPOINTS), 1, "truncated");
    // As are rows that somebody hashed anew.
    let anew = with(&|lines| *lines = hashed_anew(lines, 3));
    assert_eq!(verify(&anew, &[]).code, 0);
    let found = verify(&anew, &CHECKPOINTS);
    assert_eq!(found.json()["first_fault"]["fault"], "checkpoint_mismatch");
    assert!(found.json()["first_fault"]["seq"].as_u64().unwrap() >= 3);
}

/// A chain in which row `seq` says something else, and every hash fits.
fn hashed_anew(lines: &[String], seq: u64) -> Vec<String> {
    let mut head = Head::START;
    let mut event = |line: &String| {
        let canonical = format!("{}}}", &line[..line.rfind(",\"prev_hash\"").unwrap()]);
        let (at, mut event) = Event::from_canonical(&canonical).unwrap();
        if at == seq {
            event.target = "nothing".into();
        }
        let chained = head.append(&event);
        head = chained.head();
        chained.to_line().trim_end().to_owned()
    };
    lines.iter().map(&mut event).collect()
}

#[test]
fn a_checkpoint_counts_by_its_signature() {
    let (folder, lines) = exported();
    let verify = |args: &[&str]| verify(folder.path(), &lines, args);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let text = std::fs::read_to_string(folder.path().join("checkpoints")).unwrap();
    let last = text.lines().last().unwrap();
    write("forged", &format!("{}AAAA", &last[..last.len() - 4]));
    broken(&verify(&["--checkpoint", "forged", "--jwks-file", "keys.json"]), 10, "bad_signature");
    write("nonsense", "nonsense\n");
    let nonsense = verify(&["--checkpoint", "nonsense", "--jwks-file", "keys.json"]);
    broken(&nonsense, 0, "bad_signature");

    let stranger = exported().0;
    std::fs::copy(stranger.path().join("keys.json"), folder.path().join("others.json")).unwrap();
    let others = verify(&["--checkpoint", "checkpoints", "--jwks-file", "others.json"]);
    assert_eq!(others.json()["first_fault"]["fault"], "bad_signature");

    write("none.json", r#"{"keys":[]}"#);
    for (args, why) in [
        (&["--checkpoint", "checkpoints", "--jwks-file", "none.json"][..], "no key of checkpoints"),
        (&["--checkpoint", "checkpoints", "--jwks-file", "nonsense"], "not a set of public keys"),
        (&["--checkpoint", "absent", "--jwks-file", "keys.json"], "absent"),
        (&["--checkpoint", "checkpoints"], "cannot be reached"),
    ] {
        refused(&verify(&[args, &["--server", "http://127.0.0.1:1"]].concat()), 3, why);
    }
    refused(&verify(&["--jwks-file", "keys.json"]), 2, "--checkpoint");
    let nowhere = run(carnet(folder.path()).args(["audit", "verify", "--file", "absent"]));
    refused(&nowhere, 3, "absent");
    let nobody = ["audit", "verify", "--server", "http://127.0.0.1:1"];
    refused(&run(carnet(folder.path()).args(nobody)), 3, "cannot be reached");
}

#[test]
fn a_row_that_was_changed_in_the_database_is_found_by_asking_the_server() {
    let server = Server::start();
    act(&server);
    let denied = server.carnet(&["audit", "verify"]).env("CARNET_TOKEN", "wrong").output().unwrap();
    assert_eq!(denied.status.code(), Some(3), "a refusal says nothing about the chain");
    let (_, folder) = server.terminate();
    change_row(&folder.path().join("carnet-data/carnet.db"), 6);
    let server = Server::start_in(folder);
    broken(&server.run(&["audit", "verify", "--format", "json"]), 6, "hash_mismatch");
}

/// As somebody who can write the database would.
fn change_row(database: &Path, seq: i64) {
    let change = "UPDATE audit SET canonical = replace(canonical, '.mint', '.mind') WHERE seq = ?1";
    let connection = rusqlite::Connection::open(database).unwrap();
    assert_eq!(connection.execute(change, [seq]).unwrap(), 1);
}
