//! What an operator does: signs in by the link, mints a ticket, looks what revoking it would end, and revokes it, while
//! another page watches.

use serde_json::json;

use super::person::Browser;

/// What the console says of a page that listened when its session ended.
pub const CUT_OFF: &str = "/api/v1/events - Failed to load resource: net::ERR_CONNECTION_RESET";

/// Promise: P-59
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_from_minting_to_its_end() {
    let browser = Browser::start().await;
    let driver = &browser.driver;
    browser.goto("/ui/tickets").await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser.said_only(&["401"]).await;
    browser.picture("sign-in").await;
    driver.goto(&browser.printed_link()).await;
    browser.picture("link").await;
    browser.click("main button").await;
    browser.wait_for("#live[data-state='on']").await;
    assert_eq!(browser.path().await, "/ui");
    assert!(browser.text(".who").await.contains("local-admin"));

    // The dashboard stays open in a window of its own.
    let (watching, working) = (driver.window().await, driver.new_window().await);
    driver.switch_to(&working).await;
    browser.emulate("light", 1280, 1300).await;
    browser.goto("/ui/tickets").await;
    browser.click("a[href='/ui/tickets/new']").await;
    browser.click(".tabs a[href$='capability']").await;
    browser.fill("[name=subject]", "gpu-1").await;
    browser.fill("[name=ttl_s]", "600").await;
    browser.fill("[name=ops]", "many").await;
    browser.click("form.fields button").await;
    assert!(browser.text("[role=alert]").await.starts_with("ops:"));
    browser.picture("mint-fault").await;
    browser.fill("[name=ops]", "100").await;
    browser.click("form.fields button").await;
    browser.wait_for("#token").await;
    let token = driver.script("return document.getElementById('token').value").await;
    let token = token.as_str().unwrap();
    assert!(token.starts_with("cohesix-ticket-"), "{token}");
    browser.click("[data-copy]").await;
    browser.wait_until("#copied", |text| text == "Copied.").await;
    browser.picture("minted").await;
    browser.said_only(&["400"]).await;

    browser.click("main > p > a.button").await;
    browser.wait_for("a.danger").await;
    assert!(!driver.source().await.contains(token), "it is shown once");
    browser.click("a.danger").await;
    assert!(browser.text("section.card").await.contains("Tickets: 1"));
    browser.fill("#reason", "lost").await;
    browser.picture("revoke").await;
    browser.click("button.danger").await;
    browser.wait_until("h1 .badge", |text| text == "revoked").await;

    driver.switch_to(&watching).await;
    browser.wait_until("#revocation-seq", |text| text == "1").await;
    assert_eq!(
        driver.script("return performance.getEntriesByType('navigation').length").await,
        json!(1)
    );
    browser.picture("dashboard").await;
    browser.said_only(&[]).await;

    // Signed out elsewhere, an open page asks to sign in again by itself.
    driver.switch_to(&working).await;
    browser.click(".who button").await;
    browser.wait_for("[name=key]").await;
    assert_eq!(browser.path().await, "/auth/login");
    driver.switch_to(&watching).await;
    browser.wait_until("h1", |text| text == "Sign in").await;
    browser.said_only(&["401", CUT_OFF]).await;
}
