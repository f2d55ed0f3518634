//! What an operator does: signs in by the link, mints a ticket, looks what revoking it would end, and revokes it, while
//! another page watches.

use crate::browser::Browser;

/// Promise: P-59
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_from_minting_to_its_end() {
    let browser = Browser::start().await;
    browser.goto("/ui/tickets").await;
    assert_eq!(browser.text("h1").await, "Sign in");
    // The page was refused, and the browser says so.
    browser.said_only(&["401"]).await;
    browser.picture("sign-in").await;
    browser.driver.goto(browser.printed_link()).await.unwrap();
    browser.picture("link").await;
    browser.click("main button").await;
    assert_eq!(browser.path().await, "/ui");
    browser.wait_for("#live[data-state='on']").await;
    assert!(browser.text(".who").await.contains("local-admin"));

    // The dashboard stays open in a window of its own.
    let watching = browser.driver.window().await.unwrap();
    let working = browser.driver.new_tab().await.unwrap();
    browser.driver.switch_to_window(working.clone()).await.unwrap();
    browser.emulate("light", 1280, 900).await;
    browser.goto("/ui/tickets").await;
    browser.click("a[href='/ui/tickets/new']").await;
    browser.click(".tabs a[href$='capability']").await;
    browser.fill("[name=subject]", "gpu-1").await;
    browser.fill("[name=ttl_s]", "600").await;
    browser.fill("[name=ops]", "many").await;
    browser.click("form.fields button").await;
    assert!(browser.text("[role=alert]").await.starts_with("ops:"));
    let ops = browser.wait_for("[name=ops]").await;
    ops.clear().await.unwrap();
    ops.send_keys("100").await.unwrap();
    browser.picture("mint").await;
    browser.click("form.fields button").await;
    let token = browser.wait_for("#token").await.prop("value").await.unwrap().unwrap();
    assert!(token.starts_with("cohesix-ticket-"), "{token}");
    browser.click("[data-copy]").await;
    browser.wait_until("#copied", |text| text == "Copied.").await;
    browser.picture("minted").await;
    browser.said_only(&["400"]).await;

    browser.click("main > p > a.button").await;
    assert!(!browser.driver.source().await.unwrap().contains(&token), "it is shown once");
    browser.click(".danger").await;
    assert!(browser.text("section.card").await.contains("Tickets: 1"));
    browser.fill("#reason", "lost").await;
    browser.picture("revoke").await;
    browser.click("button.danger").await;
    assert_eq!(browser.text("h1 .badge").await, "revoked");

    browser.driver.switch_to_window(watching).await.unwrap();
    browser.wait_until("#revocation-seq", |text| text == "1").await;
    browser.picture("dashboard").await;

    // Signed out elsewhere, an open page asks to sign in again.
    browser.driver.switch_to_window(working).await.unwrap();
    browser.click(".who button").await;
    assert_eq!(browser.path().await, "/auth/login");
    browser.goto("/ui").await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser
        .said_only(&["401", "/api/v1/events - Failed to load resource: net::ERR_CONNECTION_RESET"])
        .await;
}
