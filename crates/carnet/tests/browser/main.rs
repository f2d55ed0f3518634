//! The admin UI in a real browser, on a real server. `cargo xtask test` brings Chromium and its driver.
//!
//! Pictures of what it saw are in `target/tmp/ui`.

#[path = "../it/support.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod support;

mod browser;
mod driver;
mod keyboard;
mod pages;
mod story;
