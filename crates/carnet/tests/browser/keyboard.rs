//! Everything by keyboard alone.

use thirtyfour::Key;

use crate::browser::Browser;

/// Goes on with the tabulator until the focus is on what this finds.
async fn tab_to(browser: &Browser, css: &str) {
    let is_there = format!("return document.activeElement.matches({css:?})");
    for _ in 0..60 {
        browser.press(Key::Tab).await;
        if browser.script(&is_there).await == true {
            let visible = browser.script(OUTLINED).await;
            assert_eq!(visible, true, "the focus on {css} is to be seen");
            return;
        }
    }
    panic!("the tabulator never comes to {css}");
}

const OUTLINED: &str = "return getComputedStyle(document.activeElement).outlineStyle !== 'none'";

/// Promise: P-59
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_minted_and_revoked_by_keyboard() {
    let browser = Browser::start().await;
    browser.driver.goto(browser.printed_link()).await.unwrap();
    // The button has the focus already.
    browser.press(Key::Enter).await;
    browser.wait_for("#live[data-state='on']").await;
    tab_to(&browser, ".skip").await;
    browser.press(Key::Enter).await;
    let at = browser.script("return document.activeElement.id").await;
    assert_eq!(at, "main");

    browser.goto("/ui").await;
    tab_to(&browser, "nav a[href='/ui/tickets']").await;
    browser.press(Key::Enter).await;
    browser.wait_for("form.filters").await;
    tab_to(&browser, "a[href='/ui/tickets/new']").await;
    browser.press(Key::Enter).await;
    browser.wait_for("form.fields").await;
    tab_to(&browser, "a[href$='class=capability']").await;
    browser.press(Key::Enter).await;
    browser.wait_for("[name=role]").await;
    tab_to(&browser, "[name=subject]").await;
    browser.driver.action_chain().send_keys("gpu-1").perform().await.unwrap();
    tab_to(&browser, "[name=ttl_s]").await;
    browser.driver.action_chain().send_keys("600").perform().await.unwrap();
    browser.press(Key::Enter).await;
    browser.wait_for("#token").await;
    tab_to(&browser, "main > p > a.button").await;
    browser.press(Key::Enter).await;
    browser.wait_for("a.danger").await;
    // What is shown anew leaves the focus where it was.
    tab_to(&browser, "a.danger").await;
    browser.script("document.body.dispatchEvent(new Event('carnet:revocations'))").await;
    browser.wait_for("a.danger:focus").await;
    browser.press(Key::Enter).await;
    browser.wait_for("#reason").await;
    tab_to(&browser, "button.danger").await;
    browser.press(Key::Enter).await;
    browser.wait_until("h1 .badge", |text| text == "revoked").await;
    tab_to(&browser, ".who button").await;
    browser.press(Key::Enter).await;
    browser.wait_for("[name=key]").await;
    // Signing out cuts what the page listened to.
    browser
        .said_only(&["/api/v1/events - Failed to load resource: net::ERR_CONNECTION_RESET"])
        .await;
}
