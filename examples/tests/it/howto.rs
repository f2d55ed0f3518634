//! Every command of `docs/howto/example-workers.md` that calls a worker does what the page says.

use std::path::Path;

use carnet_gate::Clock;
use carnet_worker::WorkerApplication;
use tokio::process::Command;

use crate::support::Fleet;
use crate::workers::{doc_converter, email_parser, hello_world, image_classifier, streaming};

const PAGE: &str = include_str!("../../../docs/howto/example-workers.md");

/// What the page's commands read.
fn put_files(folder: &Path) {
    let mail = "From: a@b.c\nSubject: Invoice\n\nPay.\n";
    let texts = [
        ("README.md", "# Carnet\n".to_owned()),
        ("page.html", "<h1>Carnet</h1>".to_owned()),
        ("message.eml", mail.to_owned()),
        ("inbox.mbox", format!("From a@b.c Mon Nov 23 10:00:00 2026\n{mail}")),
    ];
    texts.into_iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
    image::RgbImage::new(400, 300).save(folder.join("photo.jpg")).unwrap();
}

/// Runs a command of the page with `fleet` at `port`; gives what it prints.
async fn run(command: &str, port: &str, fleet: &Fleet) -> String {
    let settings = PAGE.lines().find(|line| line.starts_with("C=")).unwrap();
    let command = command.replace(&format!("https://localhost:{port}"), &fleet.url(""));
    // The bodies are looked at as they are.
    let command = command.split(" | jq").next().unwrap();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{settings}\n{command}"));
    shell.current_dir(fleet.folder()).env("CERT_DIR", fleet.folder());
    let output = shell.output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Promise: K-63
#[tokio::test]
async fn the_pages_commands_are_true() {
    let workers: [(&str, WorkerApplication, &[&str]); 5] = [
        (
            "8900",
            hello_world::worker(0),
            &[
                "healthy",
                "example.hello_world",
                "Hello, World!",
                "Hello, CBA!!!",
                "\"total_greetings\":2",
            ],
        ),
        ("8500", streaming::worker(0), &["three four"]),
        ("8100", doc_converter::worker(0), &["PGgxPkNhcm5ldDwvaDE+", "IyBDYXJuZXQ=", "plain"]),
        ("8400", image_classifier::worker(0), &["", "dark/indoor"]),
        (
            "8301",
            email_parser::worker(0),
            &[
                "\"subject\":\"Invoice\"",
                "\"matched_keywords\":[\"invoice\"]",
                "\"receipt_count\":1",
            ],
        ),
    ];
    for (port, worker, expected) in workers {
        let fleet = Fleet::start_at(worker, Clock::System).await;
        put_files(fleet.folder());
        let of_port =
            |line: &&str| line.starts_with("curl ") && line.contains(&format!(":{port}/"));
        // What goes on until it is stopped has a test of its own.
        let commands = PAGE.lines().filter(of_port).filter(|line| !line.ends_with("/events"));
        let commands: Vec<_> = commands.collect();
        assert_eq!(commands.len(), expected.len(), "{commands:?}");
        for (command, expected) in commands.into_iter().zip(expected) {
            let printed = run(command, port, &fleet).await;
            assert!(printed.contains(expected), "{command}\n{printed}");
        }
    }
}
