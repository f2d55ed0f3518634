//! As much of the `WebDriver` protocol as the tests speak: JSON over HTTP, to a `chromedriver` of their own.
//!
//! The clients that there are bring twenty crates, or change how the whole workspace writes JSON.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::wait;

/// What the protocol calls the id of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What Chromium is started with: root has no sandbox, containers have little shared memory, and nothing is asked of the
/// network.
const ARGUMENTS: [&str; 6] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
];

/// Keys, as the protocol names them.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";

/// A browser that does what it is told.
pub struct Driver {
    http: reqwest::Client,
    session: String,
    process: Child,
}

/// Something in a page.
pub struct Element(String);

/// Why something was not done: `no such element`, `stale element reference`, …
#[derive(Debug)]
pub struct Refused(pub String);

impl Driver {
    /// Starts one.
    pub async fn start() -> Self {
        let (process, url) = start_process();
        let http = reqwest::Client::new();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": ARGUMENTS },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let answer = http.post(format!("{url}/session")).json(&wanted).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let id = answer["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("Chromium did not start: {answer}"));
        Self { session: format!("{url}/session/{id}"), http, process }
    }

    pub async fn goto(&self, url: &str) {
        self.command(Method::POST, "/url", &json!({ "url": url })).await.unwrap();
    }

    pub async fn url(&self) -> String {
        let url = self.command(Method::GET, "/url", &Value::Null).await.unwrap();
        url.as_str().unwrap().to_owned()
    }

    pub async fn source(&self) -> String {
        let source = self.command(Method::GET, "/source", &Value::Null).await.unwrap();
        source.as_str().unwrap().to_owned()
    }

    pub async fn find(&self, css: &str) -> Result<Element, Refused> {
        let by = json!({ "using": "css selector", "value": css });
        let found = self.command(Method::POST, "/element", &by).await?;
        Ok(Element(found[ELEMENT].as_str().unwrap().to_owned()))
    }

    pub async fn click(&self, element: &Element) -> Result<(), Refused> {
        self.of(Method::POST, element, "click", &json!({})).await.map(drop)
    }

    pub async fn clear(&self, element: &Element) -> Result<(), Refused> {
        self.of(Method::POST, element, "clear", &json!({})).await.map(drop)
    }

    pub async fn fill(&self, element: &Element, text: &str) -> Result<(), Refused> {
        self.of(Method::POST, element, "value", &json!({ "text": text })).await.map(drop)
    }

    pub async fn text(&self, element: &Element) -> Result<String, Refused> {
        let text = self.of(Method::GET, element, "text", &Value::Null).await?;
        Ok(text.as_str().unwrap().to_owned())
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let press =
            |key: char| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        let actions: Vec<_> = keys.chars().flat_map(press).collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] });
        self.command(Method::POST, "/actions", &actions).await.unwrap();
    }

    /// What a script in the page returns.
    pub async fn script(&self, script: &str) -> Value {
        let script = json!({ "script": script, "args": [] });
        self.command(Method::POST, "/execute/sync", &script).await.unwrap()
    }

    /// The window that is looked at.
    pub async fn window(&self) -> Value {
        self.command(Method::GET, "/window", &Value::Null).await.unwrap()
    }

    pub async fn new_window(&self) -> Value {
        let made = self.command(Method::POST, "/window/new", &json!({ "type": "tab" })).await;
        made.unwrap()["handle"].clone()
    }

    pub async fn switch_to(&self, window: &Value) {
        self.command(Method::POST, "/window", &json!({ "handle": window })).await.unwrap();
    }

    /// A command of Chromium's own.
    pub async fn chromium(&self, command: &str, params: Value) {
        let command = json!({ "cmd": command, "params": params });
        self.command(Method::POST, "/goog/cdp/execute", &command).await.unwrap();
    }

    /// Everything that the console said since the last time.
    pub async fn console(&self) -> Vec<String> {
        let said = self.command(Method::POST, "/se/log", &json!({ "type": "browser" })).await;
        let said = said.unwrap();
        let lines = said.as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// What is shown, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let picture = self.command(Method::GET, "/screenshot", &Value::Null).await.unwrap();
        BASE64.decode(picture.as_str().unwrap()).unwrap()
    }

    async fn of(
        &self,
        method: Method,
        Element(id): &Element,
        what: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        self.command(method, &format!("/element/{id}/{what}"), body).await
    }

    async fn command(&self, method: Method, path: &str, body: &Value) -> Result<Value, Refused> {
        let request = self.http.request(method, format!("{}{path}", self.session));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.unwrap();
        let is_done = answer.status().is_success();
        let mut answer: Value = answer.json().await.unwrap();
        if is_done { Ok(answer["value"].take()) } else { Err(Refused(answer["value"].to_string())) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Chromium outlives its driver, unless its session is ended. Nothing can be awaited here.
        let session = self.session.clone();
        let ending = std::thread::spawn(|| wait(reqwest::Client::new().delete(session).send()));
        let _ = ending.join();
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

fn start_process() -> (Child, String) {
    let started = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let missing = "chromedriver is missing: `cargo xtask test` brings it, \
        or, for example: sudo apt-get install chromium chromium-driver";
    let mut process = started.expect(missing);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse::<u16>().ok()
    });
    (process, format!("http://127.0.0.1:{}", port.expect("chromedriver did not start")))
}
