//! `carnet dev`: a server and a worker, as one.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{carnet, run, until};

/// `carnet dev` in an empty folder, and the id of its worker's process.
struct Dev {
    folder: TempDir,
    child: Child,
    worker: String,
    said: Vec<String>,
}

impl Dev {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let free = ["--set", "server.port=0", "--set", "fleet.listen_addr=127.0.0.1:0"];
        let mut command = carnet(folder.path());
        command.arg("dev").args(free).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            said.push(line);
            if said.last().unwrap().starts_with("try: ") {
                break;
            }
        }
        let worker = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let worker = worker
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok())
            .find_map(|children| children.split_whitespace().next().map(str::to_owned));
        Self { folder, child, worker: worker.expect("there is a worker"), said }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn worker_has_ended(&self) -> bool {
        !Path::new(&format!("/proc/{}/exe", self.worker)).exists()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Promise: K-70
#[test]
fn one_command_then_a_thumbnail() {
    let mut dev = Dev::start();
    let tried = dev.said.last().unwrap().strip_prefix("try: carnet ").unwrap().to_owned();
    let picture = image::RgbImage::from_pixel(400, 200, image::Rgb([10, 20, 30]));
    picture.save(dev.folder.path().join("p.png")).unwrap();
    let args: Vec<_> = tried.split(' ').collect();
    let ran = run(carnet(dev.folder.path()).args(&args));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let small = image::open(dev.folder.path().join("t.png")).unwrap();
    assert_eq!((small.width(), small.height()), (256, 128));
    let greeting =
        ["task", "run", "example.hello_world", "--param", "message=you", "--output", "-"];
    let ran = run(carnet(dev.folder.path()).args(greeting));
    assert_eq!((ran.code, ran.out.trim()), (0, r#"{"greeting":"Hello, you!"}"#), "{}", ran.err);
    let file = ["task", "run", "image.thumbnail", "--input", "log", "--output", "none.png"];
    assert!(run(carnet(dev.folder.path()).args(file)).failed(1).contains("INVALID_IMAGE"));

    dev.signal(Signal::TERM);
    assert_eq!(dev.child.wait().unwrap().code(), Some(0));
    assert!(dev.worker_has_ended());
}

/// Promise: K-70
#[test]
fn the_worker_does_not_outlive_a_server_that_is_killed() {
    let mut dev = Dev::start();
    dev.child.kill().unwrap();
    dev.child.wait().unwrap();
    until("the worker has ended", || dev.worker_has_ended());
}
