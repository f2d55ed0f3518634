//! `carnet serve`: first run, refusals to start, and its end.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Server, carnet, run};

/// Promise: P-69
#[test]
fn a_first_run_makes_a_private_folder_and_the_command_line_finds_its_socket() {
    let server = Server::start();
    let data = server.folder.path().join("carnet-data");
    let mode =
        |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(""), mode("carnet.toml"), mode("secrets"), mode("secrets/api_key")),
        (0o700, 0o600, 0o700, 0o600)
    );
    assert_eq!((mode("carnet.db"), mode("api.sock")), (0o600, 0o600));
    let key = std::fs::read_to_string(data.join("secrets/api_key")).unwrap();
    assert_eq!(server.said()[0], format!("API key: {}", key.trim()));
    assert_eq!(key.trim().len(), 64);

    assert_eq!(server.run(&["realm", "usage", "--format", "json"]).json()["nodeCount"], 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut by_flag = carnet(elsewhere.path());
    by_flag.args(["realm", "info", "--data-dir"]).arg(&data);
    let mut by_variable = carnet(elsewhere.path());
    by_variable.args(["realm", "info"]).env("CARNET_DATA_DIR", &data);
    assert_eq!((run(&mut by_flag).code, run(&mut by_variable).code), (0, 0));

    // A second start makes nothing new and prints no key.
    let (code, folder) = server.terminate();
    assert_eq!(code, 0);
    assert!(!data.join("api.sock").exists());
    let again = Server::start_in(folder);
    assert_eq!(again.said().len(), 2, "where workers come to, and where it listens");
    assert_eq!(std::fs::read_to_string(data.join("secrets/api_key")).unwrap(), key);
}

/// The printed key works over TCP, where nobody is known by their uid.
#[test]
fn the_printed_key_opens_the_api_and_without_one_nothing_is_open() {
    let server = Server::start();
    let key = server.said()[0].strip_prefix("API key: ").unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let usage = |token: Option<&str>| {
        let mut command = carnet(elsewhere.path());
        command
            .args(["realm", "usage"])
            .env("CARNET_SERVER", &server.url)
            .envs(token.map(|token| ("CARNET_TOKEN", token)));
        run(&mut command)
    };
    assert_eq!(usage(Some(&key)).code, 0);
    assert!(usage(None).failed(1).contains("401"));
    assert!(usage(Some("wrong")).failed(1).contains("401"));
}

/// Promise: R-62
#[test]
fn what_a_server_refuses_to_start_with_is_said_in_a_line_with_the_command_that_fixes_it() {
    let folder = tempfile::tempdir().unwrap();
    let refuse_with = |key: &str, settings: &[&str]| {
        let mut command = carnet(folder.path());
        command.arg("serve").env("CARNET_AUTH_ADMIN_API_KEY", key);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let ran = run(&mut command);
        assert!(ran.failed(3).contains("\n  fix: "), "{}", ran.err);
        ran.err
    };
    let refuse = |settings: &[&str]| refuse_with("", settings);
    assert!(refuse(&["server.host=0.0.0.0"]).contains("not a loopback address"));
    assert!(
        refuse(&["server.host=192.0.2.1", "auth.enabled=false"]).contains("auth.enabled is false")
    );
    std::fs::write(folder.path().join("carnet.toml"), "[server]\nport = 0\n").unwrap();
    assert!(refuse(&[]).contains("nothing signs in an administrator"));
    let dev = |secret: &str| {
        let path = folder.path().join("dev");
        std::fs::write(&path, secret).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        "auth.dev_jwt_secret_file=dev"
    };
    let long = "a-secret-of-16-b";
    let outside = ["server.host=0.0.0.0", "server.tls_cert_file=x", "server.tls_key_file=x"];
    let outside = [&outside[..], &[dev(long)]].concat();
    assert!(refuse(&outside).contains("auth.dev_jwt_secret is set and server.host is not"));
    assert!(refuse(&[dev(&long[1..])]).contains("fewer than 16 bytes"));
    assert!(refuse(&["server.tls_cert_file=x.pem"]).contains("go together"));
    assert!(refuse_with("k", &["realm.node_limit=1000"]).contains("multiple of 16"));
    std::fs::write(folder.path().join("carnet.toml"), "[server]\nprot = 1\n").unwrap();
    assert!(
        refuse(&[])
            .contains("carnet.toml:2:1: server.prot: unknown key; did you mean server.port?")
    );
}

#[test]
fn a_second_server_a_taken_port_and_a_damaged_database_are_told_apart() {
    let server = Server::start();
    let port = server.url.rsplit(':').next().unwrap();
    let second = server.run(&["serve", "--set", "server.port=0"]);
    assert!(
        second.failed(3).contains("in use by another process")
            && second.err.contains("fix: carnet serve --data-dir")
    );

    let other = tempfile::tempdir().unwrap();
    let taken = run(carnet(other.path()).args(["serve", "--set", &format!("server.port={port}")]));
    assert!(
        taken.failed(3).contains("cannot listen on 127.0.0.1")
            && taken.err.contains("fix: carnet serve --set server.port=0")
    );

    let damaged = tempfile::tempdir().unwrap();
    std::fs::create_dir(damaged.path().join("carnet-data")).unwrap();
    std::fs::write(damaged.path().join("carnet-data/carnet.db"), vec![0x5a; 10_000]).unwrap();
    let refused = run(carnet(damaged.path()).arg("serve"));
    assert!(
        refused.failed(3).contains("damaged, or is not a database")
            && refused.err.contains("fix: mv ")
    );

    let file = tempfile::tempdir().unwrap();
    std::fs::write(file.path().join("carnet-data"), "").unwrap();
    assert!(run(carnet(file.path()).arg("serve")).failed(3).contains("fix: "));
}

/// A blob storage that takes no more: a clear refusal, and what was stored before is still served.
#[test]
fn a_blob_storage_that_fails_refuses_clearly_and_loses_nothing() {
    let server = Server::start();
    let kept = server.folder.path().join("kept.txt");
    std::fs::write(&kept, "kept").unwrap();
    let key = server.run(&["realm", "node", "put", "kept.txt"]).line().to_owned();
    let blobs = server.folder.path().join("carnet-data/blobs");
    std::fs::remove_dir_all(&blobs).unwrap();
    std::fs::write(&blobs, "").unwrap();
    std::fs::write(server.folder.path().join("big"), vec![1; 300_000]).unwrap();
    let refused = server.run(&["realm", "node", "put", "big"]);
    assert!(refused.failed(3).contains("503"), "{}", refused.err);
    assert_eq!(server.run(&["realm", "node", "cat", &key]).out, "kept");
    std::fs::remove_file(&blobs).unwrap();
    assert_eq!(server.run(&["realm", "node", "put", "big"]).code, 0);
}

#[test]
fn the_doctor_finds_what_is_wrong_and_passes_what_is_not() {
    let server = Server::start();
    let well = server.run(&["doctor", "--format", "json"]);
    assert_eq!(well.code, 0, "{}", well.out);
    let findings = well.json()["findings"].as_array().unwrap().clone();
    let of =
        |id: &str| findings.iter().find(|finding| finding["id"] == id).unwrap()["severity"].clone();
    assert_eq!(
        (of("config"), of("data_dir"), of("server")),
        ("pass".into(), "pass".into(), "pass".into())
    );

    let ill = tempfile::tempdir().unwrap();
    std::fs::create_dir(ill.path().join("carnet-data")).unwrap();
    std::fs::write(ill.path().join("carnet-data/carnet.db"), vec![0x5a; 10_000]).unwrap();
    let mut doctor = carnet(ill.path());
    doctor.args(["doctor", "--set", "server.port=0"]).env("CARNET_AUTH_ADMIN_API_KEY", "k");
    let ran = run(&mut doctor);
    assert!(ran.failed(1).contains("repaired"));
    assert!(
        ran.out.contains("[FAIL] database:")
            && ran.out.contains("[WARN] data_dir:")
            && ran.out.contains("fix: chmod 700")
    );
}

/// Promise: R-33
#[test]
fn no_ticket_and_no_key_is_in_the_log_the_metrics_or_an_error() {
    let server = Server::start_with(&["--set", "logging.level=trace"]);
    let key = server.said()[0].strip_prefix("API key: ").unwrap().to_owned();
    std::fs::write(server.folder.path().join("file"), "content").unwrap();
    let node = server.run(&["realm", "node", "put", "file"]).line().to_owned();
    let ticket = server.run(&["realm", "ticket", "create", "-i", &node, "-w"]).line().to_owned();
    let as_tool = |args: &[&str]| {
        let mut command = server.carnet(args);
        run(command.env("CARNET_SERVER", &server.url).env("CARNET_TICKET", &ticket))
    };
    let mut errors = String::new();
    for args in [
        &["realm", "node", "cat", &node][..],
        &["realm", "ticket", "show", &ticket],
        &["realm", "ticket", "show", "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC"],
        &["realm", "ticket", "commit", "self", &node],
        &["realm", "ticket", "commit", "self", &node],
        &["realm", "ticket", "list"],
    ] {
        errors += &as_tool(args).err;
    }
    assert_eq!(server.run(&["realm", "ticket", "revoke", &ticket]).code, 0);
    errors += &as_tool(&["realm", "node", "cat", &node]).err;
    errors += &server.run(&["realm", "ticket", "revoke", &ticket]).err;
    let metrics = metrics(&server, &key);
    assert!(metrics.contains("carnet_gate_admissions_total"), "{metrics}");
    let log = server.log();
    assert!(log.contains("denied") && log.contains("reason=\"gone\""), "{log}");
    for (name, text) in [("the log", &log), ("an error", &errors), ("a metric", &metrics)] {
        let (ulid, admin) = (&ticket[7..], &key);
        assert!(!text.contains(ulid) && !text.contains(admin.as_str()), "{name}: {text}");
    }
}

/// Promise: P-50
#[test]
fn one_request_id_names_a_request_in_answer_log_and_audit_and_a_denial_says_no_more() {
    let server = Server::start();
    let key = "carnet_ak_01ARZ3NDEKTSV4RRFFQ69G5FAV_0123456789012345678901234567890123456789012";
    let bodies = [
        ("GET /api/v1/me", format!("X-API-Key: {key}")),
        ("POST /api/v1/admin/reload", "X-API-Key: no-such-key".to_owned()),
        ("GET /api/v1/me", "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.".to_owned()),
    ];
    for (number, (what, credential)) in bodies.iter().enumerate() {
        let id = format!("my-request-{number}");
        let answer = exchange(&server, what, &format!("{credential}\r\nX-Request-ID: {id}"));
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(answer.to_lowercase().contains(&format!("x-request-id: {id}")), "{answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap().replace(&id, "ID");
        assert_eq!(
            body,
            r#"{"error":"unauthorized","message":"a valid credential is needed","request_id":"ID"}"#
        );
        assert!(server.log().contains(&format!("request_id=\"{id}\"")), "{}", server.log());
        let filter = ["audit", "export", "--format", "jsonl"];
        assert!(server.run(&filter).out.contains(&format!("\"request_id\":\"{id}\"")));
    }
    let own = exchange(&server, "GET /live", "X-Request-ID: not a plain id!");
    let own = own.to_lowercase();
    let id = own.split("x-request-id: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(id.len(), 26, "a new one where the caller's is no plain one: {id}");
}

fn metrics(server: &Server, key: &str) -> String {
    exchange(server, "GET /metrics", &format!("X-API-Key: {key}"))
}

/// The whole answer to a request with these header lines.
fn exchange(server: &Server, what: &str, headers: &str) -> String {
    use std::io::{Read, Write};
    let mut stream =
        std::net::TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let request = format!("{what} HTTP/1.1\r\nHost: x\r\n{headers}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
