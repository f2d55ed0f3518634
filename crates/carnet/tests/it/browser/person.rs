//! [`Browser`]: what a person does with it, on a server of its own.

use std::panic::Location;
use std::path::PathBuf;
use std::time::Duration;

use carnet_gate::Clock;
use serde_json::json;

use super::driver::{Driver, Element};
use crate::support::Server;

/// How long it may take until a page shows what it is to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser, and the server that it looks at.
pub struct Browser {
    pub driver: Driver,
    pub server: Server,
}

impl Browser {
    /// Starts a server and a browser.
    pub async fn start() -> Self {
        let browser = Self { server: Server::start(), driver: Driver::start().await };
        browser.emulate("light", 1280, 900).await;
        browser
    }

    /// The same, signed in by the link that the server printed.
    pub async fn signed_in() -> Self {
        let browser = Self::start().await;
        browser.driver.goto(&browser.printed_link()).await;
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
        self.driver.goto(&format!("{}{path}", self.server.url)).await;
    }

    /// The path that is shown.
    pub async fn path(&self) -> String {
        self.driver.url().await.strip_prefix(&self.server.url).unwrap().to_owned()
    }

    /// What this finds, once it is there.
    pub async fn wait_for(&self, css: &str) -> Element {
        let deadline = Clock::System.now().after(PATIENCE);
        loop {
            match self.driver.find(css).await {
                Ok(element) => return element,
                Err(error) if Clock::System.now() > deadline => {
                    panic!("no {css}: {}\n{}", error.0, self.driver.source().await)
                }
                Err(_) => Clock::System.sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Waits until the text of what this finds is so.
    pub async fn wait_until(&self, css: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Clock::System.now().after(PATIENCE);
        loop {
            let text = self.text(css).await;
            if is_so(&text) {
                return;
            }
            assert!(Clock::System.now() < deadline, "{css} is still {text:?}");
            Clock::System.sleep(Duration::from_millis(50)).await;
        }
    }

    /// The text of what this finds, once it is there. What is shown anew may be gone between finding and reading it.
    pub async fn text(&self, css: &str) -> String {
        loop {
            if let Ok(text) = self.driver.text(&self.wait_for(css).await).await {
                return text;
            }
        }
    }

    pub async fn click(&self, css: &str) {
        while self.driver.click(&self.wait_for(css).await).await.is_err() {
            Clock::System.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fills in a field anew.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.wait_for(css).await;
        self.driver.clear(&field).await.unwrap();
        self.driver.fill(&field, text).await.unwrap();
    }

    /// Shows pages as a window of this size does, light or dark.
    pub async fn emulate(&self, scheme: &str, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.chromium("Emulation.setDeviceMetricsOverride", size).await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.chromium("Emulation.setEmulatedMedia", media).await;
    }

    /// Keeps a picture of what is shown.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ui");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.driver.picture().await).unwrap();
    }

    /// Since the last time the console said nothing but these: no error of a script, nothing that the policy refused, and
    /// nothing that did not load.
    #[track_caller]
    pub fn said_only(&self, expected: &[&str]) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let said = self.driver.console().await;
            let is_expected = |line: &String| expected.iter().any(|text| line.contains(text));
            assert!(said.iter().all(is_expected), "{at}: {said:?}");
        }
    }
}
