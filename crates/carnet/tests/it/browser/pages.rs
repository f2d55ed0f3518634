//! Every page, wide and narrow, light and dark: nothing is refused by the policy, and nothing scrolls sideways.

use serde_json::json;

use super::person::Browser;

const PAGES: [(&str, &str); 9] = [
    ("dashboard", "/ui"),
    ("workers", "/ui/workers"),
    ("tasks", "/ui/tasks"),
    ("tickets", "/ui/tickets"),
    ("mint-worker-token", "/ui/tickets/new"),
    ("mint-jwt", "/ui/tickets/new?class=jwt"),
    ("mint-capability", "/ui/tickets/new?class=capability"),
    ("audit", "/ui/audit"),
    ("denied", "/ui/audit?outcome=denied"),
];

/// Promise: P-59
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_breaks_no_policy() {
    let browser = Browser::signed_in().await;
    for number in 1..=3 {
        let name = format!("a-worker-with-a-name-that-goes-on-and-on-and-on-{number}");
        let subject = format!("--subject={name}");
        let mint = ["ticket", "mint", "capability", "--role", "worker-gpu", &subject];
        assert_eq!(browser.server.run(&mint).code, 0);
    }
    let tickets = browser.server.run(&["ticket", "list", "--format", "json"]).json();
    let ticket = tickets["tickets"][0]["id"].as_str().unwrap_or_else(|| panic!("{tickets}"));
    // A task that waits for a worker.
    let body =
        serde_json::json!({ "capability": "pictures.thumbnails", "params": { "width": 200 } });
    let submit = || browser.server.call(reqwest::Method::POST, "/api/v1/tasks", Some(&body));
    let task = tokio::task::block_in_place(submit);
    let task = format!("/ui/tasks/{}", task["task"]["id"].as_str().unwrap());
    let (one, revoke) = (format!("/ui/tickets/{ticket}"), format!("/ui/tickets/{ticket}/revoke"));
    let pages =
        PAGES.into_iter().chain([("ticket", one.as_str()), ("preview", &revoke), ("task", &task)]);
    for (name, path) in pages {
        for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 360)] {
            browser.emulate(scheme, width, if width < 500 { 1500 } else { 900 }).await;
            browser.goto(path).await;
            browser.wait_for("#live[data-state='on']").await;
            let wide = browser.driver.script("return document.documentElement.scrollWidth").await;
            browser.picture(&format!("{name}-{scheme}-{width}")).await;
            assert_eq!(wide, json!(width), "{path} scrolls sideways");
            let unnamed = browser.driver.script(UNNAMED).await;
            assert_eq!(unnamed, json!([]), "{path} has what no screen reader can name");
        }
        browser.said_only(&[]).await;
    }
}

/// What can be used and has no name.
const UNNAMED: &str = r#"
    const named = (one) => (one.labels && one.labels.length) || one.textContent.trim() ||
        one.getAttribute("aria-label") || one.type === "hidden";
    return [...document.querySelectorAll("input, select, textarea, button, a")]
        .filter((one) => !named(one)).map((one) => one.outerHTML);
"#;
