//! Running the binary.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use carnet_gate::Clock;
use carnet_realm::client::{Client, Credential, Endpoint};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

/// The binary under test, in a folder, with an environment of nothing.
pub fn carnet(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carnet"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    /// The single line on stdout of a command that succeeded.
    #[track_caller]
    pub fn line(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out.trim_end()
    }

    /// What stderr says of a command that ended like this.
    #[track_caller]
    pub fn failed(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{} {}", self.out, self.err);
        &self.err
    }
}

pub fn run(command: &mut Command) -> Ran {
    ran(&command.output().unwrap())
}

/// Runs with something on stdin.
pub fn run_with(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    ran(&child.wait_with_output().unwrap())
}

fn ran(output: &Output) -> Ran {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// Looks again and again until it is so; gives up after a minute.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        wait(Clock::System.sleep(std::time::Duration::from_millis(100)));
    }
    panic!("it never came to be: {what}");
}

/// Waits for a future.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// How a server is started on free ports.
const SERVE: [&str; 5] =
    ["serve", "--set", "server.port=0", "--set", "fleet.listen_addr=127.0.0.1:0"];

/// A server in a process of its own, killed when it is dropped.
pub struct Server {
    pub folder: TempDir,
    pub url: String,
    child: Child,
    said: Vec<String>,
}

impl Server {
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// Starts in a folder that may have been started in before.
    pub fn start_in(folder: TempDir) -> Self {
        Self::start_in_with(folder, &[])
    }

    /// Starts with these flags beside.
    pub fn start_with(flags: &[&str]) -> Self {
        Self::start_in_with(tempfile::tempdir().unwrap(), flags)
    }

    pub fn start_in_with(folder: TempDir, flags: &[&str]) -> Self {
        Self::start_in_under(folder, flags, &[])
    }

    /// Starts with these flags and variables beside.
    pub fn start_in_under(folder: TempDir, flags: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = carnet(folder.path());
        command.args(SERVE).args(flags).envs(env.iter().copied());
        Self::start_by(folder, &mut command)
    }

    /// Starts where no file may grow larger than this.
    pub fn start_on_a_full_disk(folder: TempDir, kib: usize) -> Self {
        // In units of 512 bytes. Whoever writes more is told, and not killed.
        let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
        let mut command = Command::new("/bin/sh");
        command.current_dir(folder.path()).env_clear().stdin(Stdio::null());
        command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_carnet")]).args(SERVE);
        Self::start_by(folder, &mut command)
    }

    fn start_by(folder: TempDir, command: &mut Command) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            said.push(line.clone());
            if let Some(url) = line.strip_prefix("listening on ") {
                return Self { folder, url: url.to_owned(), child, said };
            }
        }
        child.wait().unwrap();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        panic!("the server did not start: {said:?} {log}");
    }

    /// What it printed before it listened.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// Where members of its fleet come to, as `host:port`.
    pub fn fleet(&self) -> String {
        let line = self.said.iter().find_map(|line| line.strip_prefix("workers come to https://"));
        line.unwrap().to_owned()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// A command in the server's folder: it finds the local socket.
    pub fn carnet(&self, args: &[&str]) -> Command {
        let mut command = carnet(self.folder.path());
        command.args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.carnet(args))
    }

    /// What a route answers the local operator, who is known by the socket.
    pub fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let socket = self.folder.path().join("carnet-data/api.sock");
        let client = Client::new(&Endpoint::Socket(socket), Credential::None).unwrap();
        wait(client.call(method, path, body)).unwrap()
    }

    /// Tells it to read its configuration anew.
    pub fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    /// What every process of the machine can read of how it was started.
    pub fn argv(&self) -> String {
        let argv = std::fs::read(format!("/proc/{}/cmdline", self.child.id())).unwrap();
        String::from_utf8_lossy(&argv).into_owned()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Kills it without a word, and gives its folder back.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.take_folder()
    }

    /// Ends it as an operator would; its exit code, and its folder.
    pub fn terminate(mut self) -> (i32, TempDir) {
        self.signal(rustix::process::Signal::TERM);
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), self.take_folder())
    }

    fn take_folder(&mut self) -> TempDir {
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
