//! Everything by keyboard alone.

use super::driver::{ENTER, TAB};
use super::person::Browser;
use super::story::CUT_OFF;

impl Browser {
    /// Goes on with the tabulator until the focus is on what this finds, where it is to be seen.
    async fn tab_to(&self, css: &str) {
        let is_there = format!("return document.activeElement.matches({css:?})");
        for _ in 0..60 {
            self.driver.press(TAB).await;
            if self.driver.script(&is_there).await == true {
                assert_eq!(self.driver.script(OUTLINED).await, true, "no focus to be seen: {css}");
                return;
            }
        }
        panic!("the tabulator never comes to {css}");
    }

    /// The same, and presses it.
    async fn choose(&self, css: &str) {
        self.tab_to(css).await;
        self.driver.press(ENTER).await;
    }
}

const OUTLINED: &str = "return getComputedStyle(document.activeElement).outlineStyle !== 'none'";

/// What the focus is on is replaced by what the server says now.
const SHOW_ANEW: &str = "document.activeElement.dataset.old = 'yes';
    document.body.dispatchEvent(new Event('carnet:revocations'))";

/// Promise: P-59
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_minted_and_revoked_by_keyboard() {
    let browser = Browser::start().await;
    let driver = &browser.driver;
    driver.goto(&browser.printed_link()).await;
    // The button has the focus already.
    driver.press(ENTER).await;
    browser.wait_for("#live[data-state='on']").await;
    browser.choose(".skip").await;
    assert_eq!(driver.script("return document.activeElement.id").await, "main");

    browser.goto("/ui").await;
    browser.choose("nav a[href='/ui/tickets']").await;
    browser.wait_for("form.filters").await;
    browser.choose("a[href='/ui/tickets/new']").await;
    browser.wait_for("form.fields").await;
    browser.choose("a[href$='class=capability']").await;
    browser.wait_for("[name=role]").await;
    browser.tab_to("[name=subject]").await;
    driver.press("gpu-1").await;
    browser.tab_to("[name=ttl_s]").await;
    driver.press("600").await;
    driver.press(ENTER).await;
    browser.wait_for("#token").await;
    browser.choose("main > p > a.button").await;
    browser.wait_for("a.danger").await;
    browser.wait_for("#live[data-state='on']").await;
    // What is shown anew leaves the focus where it was.
    browser.tab_to("a.danger").await;
    driver.script(SHOW_ANEW).await;
    browser.wait_for("a.danger:focus:not([data-old])").await;
    driver.press(ENTER).await;
    browser.wait_for("#reason").await;
    browser.choose("button.danger").await;
    browser.wait_until("h1 .badge", |text| text == "revoked").await;
    browser.choose(".who button").await;
    browser.wait_for("[name=key]").await;
    browser.said_only(&[CUT_OFF]).await;
}
