//! `carnet realm …` and `carnet revoke`, against a real server.

use crate::support::{Server, carnet, run, run_with};

/// Five million bytes that compress to nothing and repeat nowhere.
fn content() -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..5_000_000).map(|_| next()).collect()
}

#[test]
fn a_file_goes_in_and_comes_out_and_its_key_is_all_that_is_printed() {
    let server = Server::start();
    std::fs::write(server.folder.path().join("in.png"), content()).unwrap();
    let put = server.run(&["realm", "node", "put", "in.png", "--format", "json"]).json();
    assert_eq!((&put["bytes"], &put["nodes"]), (&5_000_000.into(), &2.into()));
    let key = put["key"].as_str().unwrap();
    let text = server.run(&["realm", "node", "put", "in.png"]);
    assert_eq!(
        (text.line(), text.err.as_str()),
        (key, ""),
        "data on stdout, nothing on a quiet stderr"
    );

    let info = server.run(&["realm", "node", "info", key, "--format", "json"]).json();
    assert_eq!(
        (&info["kind"], &info["contentType"], &info["fileSize"]),
        (&"file".into(), &"image/png".into(), &5_000_000.into())
    );
    let got =
        server.run(&["realm", "node", "get", key, "-o", "out.png", "--format", "json"]).json();
    assert_eq!(got["bytes"], 5_000_000);
    assert!(std::fs::read(server.folder.path().join("out.png")).unwrap() == content());
    let again =
        server.run(&["realm", "node", "get", key, "-o", "out.png", "--format", "json"]).json();
    assert_eq!((&again["fetchedBytes"], &again["skippedFiles"]), (&0.into(), &1.into()));
    std::fs::write(server.folder.path().join("out.png"), "another").unwrap();
    assert!(
        server.run(&["realm", "node", "get", key, "-o", "out.png"]).failed(1).contains("--force")
    );
    assert_eq!(server.run(&["realm", "node", "get", key, "-o", "out.png", "--force"]).code, 0);

    let piped = run_with(
        &mut server.carnet(&["realm", "node", "put", "-", "--type", "text/plain"]),
        b"from a pipe",
    );
    assert_eq!(server.run(&["realm", "node", "cat", piped.line()]).out, "from a pipe");
    assert_eq!(server.run(&["realm", "usage", "--format", "json"]).json()["nodeCount"], 3);
}

#[test]
fn a_failed_download_leaves_nothing_and_errors_have_their_codes() {
    let server = Server::start();
    let absent = "node:Q3BPPGM9JV7NEH7XQCPBZENTF0";
    let missing = server.run(&["realm", "node", "get", absent, "-o", "x"]);
    assert!(missing.failed(1).contains("missing"));
    assert!(server.run(&["realm", "node", "info", absent]).failed(1).contains("404"));
    let mut left: Vec<_> = std::fs::read_dir(server.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["carnet-data", "log"]);
    let unread = server.run(&["realm", "node", "put", "absent.txt"]);
    assert!(unread.failed(3).contains("\"absent.txt\": No such file"), "{}", unread.err);
    // The server's local socket is in there.
    assert!(server.run(&["realm", "node", "put", "carnet-data"]).failed(1).contains("api.sock"));
    server.run(&["realm", "node", "info", "node:x"]).failed(2);
    let nobody = tempfile::tempdir().unwrap();
    let unreachable =
        run(carnet(nobody.path()).args(["realm", "info", "--server", "http://127.0.0.1:1"]));
    assert!(unreachable.failed(3).contains("cannot be reached"));
}

/// The whole life of a ticket, by the commands of the tour.
#[test]
fn a_ticket_is_made_used_committed_waited_for_and_revoked() {
    let server = Server::start();
    let folder = server.folder.path();
    std::fs::write(folder.join("question.txt"), "six times seven").unwrap();
    let question = server.run(&["realm", "node", "put", "question.txt"]).line().to_owned();
    let create = [
        "realm", "ticket", "create", "-i", &question, "-w", "-q", "1KiB", "-a", "text/*", "-p",
        "answer", "-t", "1h",
    ];
    let ticket = server.run(&create).line().to_owned();
    assert!(ticket.starts_with("ticket:"));
    let show = server.run(&["realm", "ticket", "show", &ticket]);
    assert!(show.out.contains("issued") && show.out.contains(&question));

    let tool = |args: &[&str]| {
        let mut command = carnet(folder);
        command.args(args).env("CARNET_TICKET", &ticket).env("CARNET_SERVER", &server.url);
        run(&mut command)
    };
    assert_eq!(tool(&["realm", "node", "cat", &question]).out, "six times seven");
    std::fs::write(folder.join("answer.txt"), "forty-two").unwrap();
    let answer = tool(&["realm", "node", "put", "answer.txt"]).line().to_owned();
    assert!(tool(&["realm", "ticket", "list"]).failed(1).contains("403"));

    let waiting = server
        .carnet(&["realm", "ticket", "wait", &ticket])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(tool(&["realm", "ticket", "commit", "self", &answer]).code, 0);
    let waited = waiting.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(waited.stdout).unwrap().trim(), answer);
    assert_eq!(server.run(&["realm", "node", "cat", &answer]).out, "forty-two");
    assert!(tool(&["realm", "ticket", "commit", "self", &answer]).failed(1).contains("409"));

    assert_eq!(server.run(&["realm", "ticket", "revoke", &ticket]).line(), "archived");
    assert!(tool(&["realm", "node", "cat", &question]).failed(1).contains("410"));
    assert_eq!(
        server.run(&["realm", "ticket", "wait", &ticket]).line(),
        answer,
        "the result outlives its ticket"
    );
    let list = server.run(&["realm", "ticket", "list", "--format", "json"]).json();
    assert_eq!(list["tickets"][0]["status"], "archived");
    assert!(
        server.run(&["realm", "ticket", "list", "--status", "nothing"]).failed(1).contains("400")
    );
}

#[test]
fn revoke_ends_what_it_is_given_and_a_preview_changes_nothing() {
    let server = Server::start();
    let ticket = server.run(&["realm", "ticket", "create", "--all"]).line().to_owned();
    let live = || {
        server.run(&["realm", "ticket", "show", &ticket, "--format", "json"]).json()["live"].clone()
    };
    let preview = server.run(&["revoke", &ticket, "--preview"]);
    let lines: Vec<_> = preview.line().lines().collect();
    let shown = lines[0].strip_prefix("would end 1 of realm_ticket ").unwrap();
    assert_eq!(lines[1..], [format!("tickets {shown}")]);
    assert_eq!(live(), true);
    let revoked = server.run(&["revoke", &ticket, "--reason", "a test", "--format", "json"]).json();
    assert_eq!(
        (&revoked["revocation"]["kind"], &revoked["revocation"]["seq"]),
        (&"realm_ticket".into(), &1.into())
    );
    assert_eq!(live(), false);
    let wait = server.run(&["realm", "ticket", "wait", &ticket]);
    assert!(wait.failed(1).contains("without a result"));
    assert!(server.run(&["revoke", "nonsense"]).failed(2).contains("expected ticket:"));
    assert_eq!(run_with(&mut server.carnet(&["revoke", "-"]), b"subject/somebody\n").code, 0);
    assert!(server.run(&["revoke", "key:01HQXK5V8N3Y7M2P4R6T9W0ABC"]).failed(1).contains("404"));
}

/// Promise: R-66
#[test]
fn a_ticket_needs_an_input_or_all_and_secrets_are_no_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |args: &[&str]| run(carnet(folder.path()).args(args)).failed(2).to_owned();
    assert!(fails(&["realm", "ticket", "create"]).contains("--input"));
    fails(&["realm", "ticket", "create", "--all", "-i", "node:000B5PHBGEC2A705WTKKMVRS30"]);
    fails(&["realm", "ticket", "create", "--all", "-q", "1KiB"]);
    fails(&["realm", "ticket", "create", "--all", "-t", "soon"]);
    for secret in
        ["carnet_ak_01HQXK5V8N3Y7M2P4R6T9W0ABC_x", "casfa_x", "eyJ.a.b", "cohesix-ticket-x"]
    {
        for command in ["revoke", "inspect"] {
            let said = fails(&[command, secret]);
            assert!(said.contains("secret in an argument") && !said.contains(secret), "{said}");
        }
    }
    fails(&["realm", "info", "--ticket-file", "a", "--token-file", "b"]);
}

#[test]
fn credentials_come_from_files_and_stdin_too() {
    let server = Server::start();
    let ticket = server.run(&["realm", "ticket", "create", "--all"]).line().to_owned();
    std::fs::write(server.folder.path().join("ticket"), format!("{ticket}\n")).unwrap();
    let show = ["realm", "ticket", "show", "self", "--ticket-file"];
    assert_eq!(server.run(&[&show[..], &["ticket"]].concat()).code, 0);
    assert_eq!(
        run_with(server.carnet(&[&show[..], &["-"]].concat()).env("X", ""), ticket.as_bytes()).code,
        0
    );
    assert!(server.run(&[&show[..], &["absent"]].concat()).failed(3).contains("absent"));
    let key =
        std::fs::read_to_string(server.folder.path().join("carnet-data/secrets/api_key")).unwrap();
    std::fs::write(server.folder.path().join("key"), key).unwrap();
    let usage = server.run(&["realm", "info", "--token-file", "key", "--format", "json"]).json();
    assert_ne!(usage["realm"], server.run(&["realm", "info", "--format", "json"]).json()["realm"]);
}

/// Promise: R-68
#[test]
fn what_nothing_names_is_counted_and_what_is_damaged_is_named() {
    let server = Server::start();
    let folder = server.folder.path();
    std::fs::create_dir(folder.join("in")).unwrap();
    std::fs::write(folder.join("in/file"), content()).unwrap();
    let key = server.run(&["realm", "node", "put", "in"]).line().to_owned();
    for flags in [&["--dry-run"][..], &[]] {
        let report = server.run(&[&["realm", "gc", "--format", "json"], flags].concat()).json();
        let expected = serde_json::json!({
            "scannedNodes": 3, "keptNodes": 3, "removedNodes": 0, "removedBytes": 0, "removedBlobs": 0,
            "dryRun": !flags.is_empty(),
        });
        assert_eq!(report, expected);
    }
    assert!(server.run(&["realm", "gc", "--dry-run"]).line().contains("would be removed  0"));
    assert!(server.run(&["realm", "fsck"]).line().ends_with("damaged  0"));

    // The rest of the file, two levels below what was put: the smaller of the two nodes outside the database.
    let folders = std::fs::read_dir(folder.join("carnet-data/blobs")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    let file = files.min_by_key(|file| file.metadata().unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damaged = server.run(&["realm", "fsck", "--format", "json"]);
    assert!(damaged.failed(1).contains("1 nodes are damaged"));
    let report = damaged.json();
    assert_eq!((&report["badNodes"], report["bad"].as_array().unwrap().len()), (&1.into(), 1));
    assert_ne!(server.run(&["realm", "node", "get", &key, "-o", "out"]).code, 0);

    // Storing it again finds its way to what is damaged.
    server.run(&["realm", "node", "put", "in"]).line();
    assert_eq!(server.run(&["realm", "fsck"]).code, 0);
    assert_eq!(server.run(&["realm", "node", "get", &key, "-o", "out"]).code, 0);
    assert!(std::fs::read(folder.join("out/file")).unwrap() == content());
}
