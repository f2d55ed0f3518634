//! The admin UI in a real browser, on a real server. `cargo xtask test` brings Chromium and its driver.
//!
//! Pictures of what it saw are in `target/tmp/ui`.

mod driver;
mod keyboard;
mod pages;
mod person;
mod story;
