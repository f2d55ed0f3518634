//! Chromium, driven over WebDriver.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use carnet_gate::Clock;
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, Key};

use crate::support::Server;

/// How long it may take until a page shows what it is to show.
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser, and the server that it is signed in to.
pub struct Browser {
    pub driver: WebDriver,
    pub server: Server,
    url: String,
    chromedriver: Child,
}

impl Browser {
    /// Starts a server and a browser.
    pub async fn start() -> Self {
        let server = Server::start();
        let (chromedriver, url) = start_driver();
        let driver = WebDriver::new(&url, capabilities()).await.unwrap();
        let browser = Self { driver, server, url, chromedriver };
        browser.emulate("light", 1280, 800).await;
        browser
    }

    /// The same, signed in by the link that the server printed.
    pub async fn signed_in() -> Self {
        let browser = Self::start().await;
        browser.driver.goto(browser.printed_link()).await.unwrap();
        browser.click("main button").await;
        browser.wait_for("#live[data-state='on']").await;
        browser
    }

    /// The link that the server printed when it was started.
    pub fn printed_link(&self) -> String {
        let said = self.server.said().iter();
        let mut links = said.filter_map(|line| line.strip_prefix("sign in, once: "));
        links.next().unwrap().to_owned()
    }

    pub async fn goto(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.server.url)).await.unwrap();
    }

    /// The path that is shown.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// What this finds, once it is there.
    pub async fn wait_for(&self, css: &str) -> WebElement {
        let found = self.driver.query(By::Css(css)).wait(PATIENCE, Duration::from_millis(50));
        match found.first().await {
            Ok(element) => element,
            Err(error) => panic!("no {css}: {error}\n{}", self.driver.source().await.unwrap()),
        }
    }

    /// The text of what this finds.
    pub async fn text(&self, css: &str) -> String {
        self.wait_for(css).await.text().await.unwrap()
    }

    /// Waits until the text of what this finds is another one, or is so already.
    pub async fn wait_until(&self, css: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Clock::System.now().after(PATIENCE);
        loop {
            // What is shown anew may be gone between finding and reading it.
            let text = match self.driver.find(By::Css(css)).await {
                Ok(element) => element.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if is_so(&text) {
                return;
            }
            assert!(Clock::System.now() < deadline, "{css} is still {text:?}");
            Clock::System.sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn click(&self, css: &str) {
        self.wait_for(css).await.click().await.unwrap();
    }

    pub async fn fill(&self, css: &str, text: &str) {
        self.wait_for(css).await.send_keys(text).await.unwrap();
    }

    /// Presses a key, wherever the focus is.
    pub async fn press(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// What a script in the page gives.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Shows pages as a window of this size does, light or dark.
    pub async fn emulate(&self, scheme: &str, width: u32, height: u32) {
        let tools = self.driver.cdp();
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        tools.send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        tools.send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
    }

    /// Keeps a picture of what is shown.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ui");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.driver.screenshot_as_png().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Everything that the console said since the last time: errors of scripts, what the policy refused, and what did
    /// not load.
    async fn console(&self) -> Vec<String> {
        let session = self.driver.session_id().to_string();
        let url = format!("{}/session/{session}/se/log", self.url);
        let request = reqwest::Client::new().post(url).json(&json!({ "type": "browser" }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let lines = answer["value"].as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The console said nothing since the last time but this.
    #[track_caller]
    pub fn said_only(&self, expected: &[&str]) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let said = self.console().await;
            let is_expected = |line: &String| expected.iter().any(|text| line.contains(text));
            assert!(said.iter().all(is_expected), "{at}: {said:?}");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With its driver the browser ends as well.
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

fn start_driver() -> (Child, String) {
    let spawned = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut driver = spawned.expect(
        "chromedriver is missing: `cargo xtask test` installs it, or: apt-get install chromium chromium-driver",
    );
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.filter_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse::<u16>().ok()
    });
    let port = { port }.next().expect("chromedriver did not start");
    (driver, format!("http://127.0.0.1:{port}"))
}

fn capabilities() -> Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    // Root has no sandbox, containers have little shared memory, and nothing is asked of the network.
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--hide-scrollbars",
    ] {
        capabilities.add_arg(argument).unwrap();
    }
    capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" })).unwrap();
    capabilities.into()
}
